//! A function's role allows what its route or worker declares. The embedded run refuses anything
//! else; here every declared action is used, so that none is allowed for nothing.

use crate::samples::routes::request;
use edge::{Access, Action};
use local::adapters::MemorySecret;
use local::generate::story::Story;
use local::{TABLE, Table};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use store::keys::Reserved;
use tests::background::worker;
use tests::crm::{PASSWORD, unique};
use tests::people::text;
use tests::{Crm, eventually};

type Used = Arc<Mutex<BTreeMap<&'static str, BTreeSet<&'static str>>>>;

const SOON: Duration = Duration::from_secs(20);

/// A table that notes which route or worker does what.
fn noting(used: &Used) -> Table {
    noted(Table::memory().expect("memory"), used)
}

fn noted(table: Table, used: &Used) -> Table {
    let notes = used.clone();
    table.with_observer(Arc::new(move |operation| {
        if let Some(role) = operation.role {
            let reserved = Reserved::ALL.into_iter().filter(|reserved| operation.touches(*reserved)).map(Reserved::name);
            notes.lock().expect("lock").entry(role).or_default().extend(operation.actions.iter().copied().chain(reserved));
        }
        Ok(())
    }))
}

/// What each route's and worker's role allows, what is reserved among it.
fn declared() -> BTreeMap<&'static str, BTreeSet<&'static str>> {
    let routes = local::routes().into_iter().flat_map(|(_, routes)| routes).map(|route| {
        let caller = (route.access != Access::Public).then_some(Action::Get);
        let reserved = route.reserved().into_iter().map(Reserved::name);
        (route.name, route.actions.iter().copied().chain(caller).map(Action::name).chain(reserved).collect())
    });
    let workers = workers::WORKERS.iter().map(|worker| {
        let reserved = worker.reserved().into_iter().map(Reserved::name);
        (worker.name, worker.actions.iter().copied().map(Action::name).chain(reserved).collect())
    });
    routes.chain(workers).collect()
}

/// Signing in and out, with failures, a new password and a wrong one.
async fn sessions(crm: &Crm) {
    let rep = crm.person("SALES_REP", None).await;
    let login = async |password: &str| crm.nobody().post("/auth/login", json!({"email": rep.email, "password": password})).await;
    login("wrong").await.expect(401);
    login(PASSWORD).await.expect(200);
    let next = crm.nobody().post("/auth/refresh", json!({"refreshToken": rep.refresh})).await.expect(200);
    let wrong = json!({"currentPassword": "wrong", "newPassword": "another long one"});
    rep.post("/auth/password", wrong).await.expect(422);
    rep.post("/auth/password", json!({"currentPassword": PASSWORD, "newPassword": "another long one"})).await.expect(204);
    let forced = json!({"email": format!("{}@crm.test", unique()), "password": PASSWORD, "mustChangePassword": true});
    crm.admin().await.post("/users", forced.clone()).await.expect(201);
    let fresh = crm.sign_in(forced["email"].as_str().expect("text"), PASSWORD).await;
    fresh.post("/auth/password", json!({"currentPassword": PASSWORD, "newPassword": "another long one"})).await.expect(204);
    crm.admin().await.patch(&format!("/users/{}", fresh.id), json!({"password": "set by somebody"})).await.expect(200);
    let spent = crm.sign_in(&fresh.email, "set by somebody").await.refresh;
    for status in [200, 200, 401] {
        crm.nobody().post("/auth/refresh", json!({"refreshToken": spent})).await.expect(status);
    }
    // So many guesses that it is asked whether the client is known.
    let other = crm.person("SALES_REP", None).await;
    for n in 0..50 {
        let guess = json!({"email": other.email, "password": "wrong"});
        crm.from_address([198, 51, 100, n / 5]).nobody().post("/auth/login", guess).await.expect(401);
    }
    crm.sign_in(&other.email, PASSWORD).await;
    other.post("/auth/password", json!({"currentPassword": "wrong", "newPassword": "another long one"})).await.expect(422);
    let moved = json!({"email": format!("{}@crm.test", unique()), "currentPassword": PASSWORD});
    other.patch(&format!("/users/{}", other.id), moved).await.expect(200);
    rep.get("/auth/me").await.expect(200);
    let sessions = rep.get("/auth/sessions").await.expect(200);
    let another = crm.sign_in(&rep.email, "another long one").await;
    another.delete(&format!("/auth/sessions/{}", text(&another.get("/auth/sessions").await.data()[0]["id"]))).await.expect(204);
    assert_eq!(sessions.data().as_array().map(Vec::len), Some(1));
    crm.nobody().post("/auth/logout", json!({"refreshToken": next.data()["refreshToken"]})).await.expect(204);
}

/// Users and teams, with names that change and people who come and go.
async fn people(crm: &Crm) {
    let admin = crm.admin().await;
    let (here, there) = (crm.team().await, crm.team().await);
    let (rep, boss) = (crm.person("SALES_REP", Some(&here)).await, crm.person("MANAGER", None).await);
    let path = format!("/users/{}", rep.id);
    admin.patch(&path, json!({"username": format!("u{}", unique()), "role": "ADMIN", "teamId": there})).await.expect(200);
    admin.patch(&path, json!({"username": null, "email": format!("{}@crm.test", unique()), "role": "SALES_REP"})).await.expect(200);
    admin.get(&path).await.expect(200);
    admin.get("/users").await.expect(200);
    eventually("the user is found", SOON, || async { admin.ids(&format!("/users?q=test&teamId={there}")).await.contains(&rep.id).then_some(()) })
        .await;
    let team = json!({"name": unique(), "managerId": boss.id});
    let led = text(&admin.post("/teams", team).await.expect(201).data()["id"]);
    admin.patch(&format!("/teams/{led}"), json!({"name": unique(), "memberIds": [rep.id]})).await.expect(200);
    admin.patch(&format!("/teams/{led}"), json!({"memberIds": []})).await.expect(200);
    admin.delete(&format!("/teams/{led}")).await.expect(204);
    admin.get("/teams").await.expect(200);
    let grants = json!({"permissions": ["customers:read_own"]});
    admin.put("/roles/SALES_REP/permissions", grants).await.expect(200);
    admin.put("/roles/SALES_REP/permissions", json!({"permissions": []})).await.expect(200);
    for path in ["/roles", "/permissions", "/settings", "/health/ready"] {
        admin.get(path).await.expect(200);
    }
    admin.get("/feed").await.expect(200);
    admin.customer(json!({"ownerId": rep.id})).await;
    let ranked =
        || async { admin.get("/dashboard").await.expect(200).data()["topReps"].as_array().is_some_and(|reps| !reps.is_empty()).then_some(()) };
    eventually("who has customers has a name", SOON, ranked).await;
    // The administrator sees all; somebody else's reach is looked up.
    boss.get(&format!("/feed?entityType=USER&entityId={}", boss.id)).await.expect(200);
    admin.patch("/settings", json!({"dueSoonDays": 3})).await.expect(200);
    admin.patch("/settings", json!({"dueSoonDays": 4})).await.expect(200);
}

/// Customers, with contact data that moves, and an owner who leaves.
async fn customers(crm: &Crm) {
    let admin = crm.admin().await;
    let (rep, heir) = (crm.person("SALES_REP", None).await, crm.person("SALES_REP", None).await);
    let word = format!("findable{}", unique());
    let customer = admin.customer(json!({"name": word, "email": format!("{}@policy.example", unique()), "ownerId": rep.id})).await;
    let path = format!("/customers/{}", text(&customer["id"]));
    let referrer = admin.customer(json!({})).await["id"].clone();
    admin.patch(&path, json!({"referredById": referrer})).await.expect(200);
    eventually("it is found", SOON, || async { (!admin.ids(&format!("/customers?q={word}")).await.is_empty()).then_some(()) }).await;
    admin.get(&path).await.expect(200);
    admin.patch(&path, json!({"name": "Renamed", "email": format!("{}@policy.example", unique())})).await.expect(200);
    admin.patch(&format!("{path}/assign"), json!({"ownerId": heir.id})).await.expect(200);
    admin.patch(&format!("{path}/assign"), json!({"ownerId": rep.id})).await.expect(200);
    admin.delete(&path).await.expect(204);
    let last = json!({"role": "ADMIN"});
    admin.patch(&format!("/users/{}", rep.id), last).await.expect(200);
    admin.delete(&format!("/users/{}?reassignTo={}", rep.id, heir.id)).await.expect(204);
    eventually("it has moved", SOON, || async { (admin.get(&path).await.data()["ownerId"] == json!(heir.id)).then_some(()) }).await;
}

/// Contact data that several leads and customers have.
async fn shared_contacts(crm: &Crm) {
    let admin = crm.admin().await;
    let fields = json!({"name": "Shared", "title": "Shared", "email": format!("{}@policy.example", unique())});
    let with = |name: &str| json!({name: fields[name], "email": fields["email"]});
    let mut last = String::new();
    for _ in 0..3 {
        last = text(&admin.make("/customers?allowDuplicate=true", with("name")).await["id"]);
    }
    let customer = <domain::CustomerId as domain::text::TextValue>::read(&last).expect("an id");
    let said = domain::unsubscribe::Unsubscribe { customer, channel: domain::message::CustomerChannel::Email };
    let link = crm.embedded().app().unsubscribe_token(said).await.expect("signed");
    crm.nobody().post(&format!("/unsubscribe/{link}"), json!({})).await.expect(200);
    for (list, name) in [("/customers", "name"), ("/leads", "title")] {
        admin.post(list, with(name)).await.expect(409);
    }
    let lead = format!("/leads/{}", text(&admin.make("/leads?allowDuplicate=true", with("title")).await["id"]));
    admin.post(&format!("{lead}/convert"), json!({})).await.expect(409);
    admin.patch(&format!("{lead}/status"), json!({"status": "CLOSED", "closeReason": "OTHER"})).await.expect(200);
    admin.patch(&format!("{lead}/status"), json!({"status": "NEW"})).await.expect(409);
}

/// Leads and what hangs below them, changed in every way that writes something else.
async fn selling(crm: &Crm) {
    let admin = crm.admin().await;
    let rep = crm.person("SALES_REP", None).await;
    let word = format!("prospect{}", unique());
    let lead = text(&admin.lead(json!({"title": word, "email": format!("{}@policy.example", unique()), "ownerId": rep.id})).await["id"]);
    let path = format!("/leads/{lead}");
    eventually("it is found", SOON, || async { (!admin.ids(&format!("/leads?q={word}")).await.is_empty()).then_some(()) }).await;
    admin.patch(&path, json!({"email": format!("{}@policy.example", unique())})).await.expect(200);
    admin.patch(&format!("{path}/assign"), json!({"ownerId": admin.id})).await.expect(200);
    admin.patch(&format!("{path}/status"), json!({"status": "QUALIFIED"})).await.expect(200);
    let call = format!("/activities/{}", text(&admin.make("/activities", json!({"leadId": lead, "type": "CALL"})).await["id"]));
    admin.patch(&call, json!({"occurredAt": "2026-01-01T00:00:00Z"})).await.expect(200);
    admin.get(&call).await.expect(200);
    admin.get(&format!("/activities?leadId={lead}")).await.expect(200);
    admin.delete(&call).await.expect(204);
    rep.lead(json!({})).await;
    let own = rep.make("/activities", json!({"leadId": rep.lead(json!({})).await["id"], "type": "CALL"})).await;
    assert_eq!(rep.ids("/activities?createdBy=me").await, [text(&own["id"])]);
    let due = json!({"leadId": lead, "dueAt": "2031-01-01T00:00:00Z", "assigneeId": rep.id});
    let follow_up = format!("/follow-ups/{}", text(&admin.make("/follow-ups", due.clone()).await["id"]));
    admin.patch(&follow_up, json!({"assigneeId": admin.id, "dueAt": "2031-02-01T00:00:00Z"})).await.expect(200);
    admin.patch(&follow_up, json!({"assigneeId": rep.id})).await.expect(200);
    admin.get(&follow_up).await.expect(200);
    admin.get(&format!("/follow-ups?leadId={lead}")).await.expect(200);
    admin.delete(&follow_up).await.expect(204);
    admin.make("/follow-ups", due).await;
    let customer = text(&admin.customer(json!({})).await["id"]);
    admin.post(&format!("/customers/{customer}/notes"), json!({"body": "Note"})).await.expect(201);
    let members = json!({"name": word, "customerId": customer, "ownerId": rep.id, "memberIds": [rep.id, admin.id]});
    let project = text(&admin.make("/projects", members).await["id"]);
    admin.patch(&format!("/projects/{project}"), json!({"memberIds": [], "ownerId": admin.id})).await.expect(200);
    admin.patch(&format!("/projects/{project}"), json!({"ownerId": rep.id})).await.expect(200);
    eventually("the project is found", SOON, || async { (!admin.ids(&format!("/projects?q={word}")).await.is_empty()).then_some(()) }).await;
    admin.get(&format!("/projects?customerId={customer}")).await.expect(200);
    admin.get(&format!("/projects/{project}")).await.expect(200);
    let product = text(&admin.make("/products", json!({"sku": word, "name": word, "priceMinor": 5})).await["id"]);
    admin.patch(&format!("/products/{product}"), json!({"sku": format!("{word}b")})).await.expect(200);
    admin.get(&format!("/products/{product}")).await.expect(200);
    eventually("the product is found", SOON, || async { (!admin.ids(&format!("/products?q={word}")).await.is_empty()).then_some(()) }).await;
    admin.get("/products").await.expect(200);
    let prospect = text(&admin.customer(json!({"lifecycle": "PROSPECT"})).await["id"]);
    let items = json!([{"productId": product, "quantity": 1}]);
    let order = text(&admin.make("/orders", json!({"customerId": prospect, "items": items})).await["id"]);
    admin.make("/orders", json!({"customerId": prospect, "items": items})).await;
    let payment = |status: &str| json!({"type": "PAYMENT", "method": "CASH", "amountMinor": 5, "status": status, "externalRef": unique()});
    admin.make(&format!("/orders/{order}/transactions"), payment("FAILED")).await;
    admin.make(&format!("/orders/{order}/transactions"), payment("SUCCEEDED")).await;
    admin.make(&format!("/orders/{order}/transactions"), json!({"type": "REFUND", "method": "CASH", "amountMinor": 5})).await;
    admin.get(&format!("/orders/{order}")).await.expect(200);
    admin.get(&format!("/orders?customerId={prospect}")).await.expect(200);
    admin.get(&format!("/transactions?orderId={order}")).await.expect(200);
    promotions(&admin, &prospect, &product, &word).await;
    campaigns(crm, &admin, &word).await;
    admin.patch(&format!("/orders/{order}/status"), json!({"status": "CANCELLED"})).await.expect(200);
    admin.get(&format!("/messages?customerId={prospect}")).await.expect(200);
    let message = crm.failed_message(&prospect).await;
    admin.post(&format!("/messages/{message}/retry"), json!({})).await.expect(200);
    let task = json!({"title": "T", "customerId": customer, "projectId": project, "ownerId": rep.id});
    let task = text(&admin.make("/tasks", task).await["id"]);
    admin.patch(&format!("/tasks/{task}"), json!({"customerId": null, "projectId": null, "ownerId": admin.id})).await.expect(200);
    admin.patch(&format!("/tasks/{task}"), json!({"customerId": customer, "projectId": project, "ownerId": rep.id})).await.expect(200);
    admin.patch(&format!("/tasks/{task}/status"), json!({"status": "DONE"})).await.expect(200);
    let sold = text(&admin.lead(json!({})).await["id"]);
    let done = json!({"title": "T", "customerId": customer, "leadId": sold, "status": "DONE"});
    let done = text(&admin.make("/tasks", done).await["id"]);
    admin.post(&format!("/leads/{sold}/convert"), json!({"customerId": customer})).await.expect(200);
    admin.patch(&format!("/tasks/{done}/status"), json!({"status": "TODO"})).await.expect(200);
    admin.get(&format!("/tasks/{task}")).await.expect(200);
    admin.get(&format!("/tasks?projectId={project}")).await.expect(200);
    let log = json!({"taskId": task, "workDate": "2026-01-31", "minutes": 5, "description": "Work"});
    let log = text(&admin.make("/worklogs", log).await["id"]);
    admin.get(&format!("/worklogs?projectId={project}")).await.expect(200);
    admin.delete(&format!("/worklogs/{log}")).await.expect(204);
    admin.delete(&format!("/tasks/{task}")).await.expect(204);
    admin.get(&path).await.expect(200);
    admin.post(&format!("{path}/convert"), json!({})).await.expect(200);
    let doomed = admin.lead(json!({"email": format!("{}@policy.example", unique())})).await;
    admin.delete(&format!("/leads/{}?hard=true", text(&doomed["id"]))).await.expect(204);
}

/// A record of the stream about an item as it is now.
fn streamed(what: &str, key: Value, item: &Value) -> Value {
    json!({"eventID": "1", "eventName": what, "awsRegion": "local", "dynamodb": {"Keys": key, "NewImage": item, "SizeBytes": 1}})
}

/// Rows that the projector left behind, and its stream record as it is repeated from a dead letter:
/// without workers, since they would be faster.
async fn outdated_word(crm: &Crm) {
    let admin = crm.admin().await;
    let id = text(&admin.customer(json!({"name": "Outdated"})).await["id"]);
    let table = &crm.embedded().table;
    let key = json!({"pk": {"S": format!("CUSTOMER#{id}")}, "sk": {"S": "CUSTOMER"}});
    let image = async || table.request("GetItem", json!({"TableName": TABLE, "Key": key})).await.expect("get")["Item"].clone();
    let worker = worker("repair");
    let words = async || crm.items().await.iter().filter(|item| item.text("sk").starts_with("outdated#")).count();
    let mut before = Value::Null;
    for (name, left) in [("Outdated", 1), ("Renamed", 0)] {
        admin.patch(&format!("/customers/{id}"), json!({"name": name})).await.expect(200);
        let now = image().await;
        let mut record = streamed("MODIFY", key.clone(), &now);
        if before.is_object() {
            record["dynamodb"]["OldImage"] = before;
        }
        let message = json!({"messageId": "1", "body": json!({"task": "project", "record": record}).to_string()});
        // A repetition does no harm.
        for _ in 0..2 {
            let answer = (worker.handle)(&crm.embedded().worker_app(worker), json!({"Records": [message]})).await.expect("answers");
            assert_eq!(answer, json!({"batchItemFailures": []}));
        }
        assert_eq!(words().await, left, "{name}");
        before = now;
    }
    // Who has more customers than before stands elsewhere among those who have most.
    let (first, second) = (admin.customer(json!({})).await["id"].clone(), admin.customer(json!({})).await["id"].clone());
    for id in [first, second] {
        let body = json!({"task": "count", "kind": "CUSTOMER", "pk": format!("CUSTOMER#{}", text(&id))}).to_string();
        crm.hand("repair", json!({"Records": [{"messageId": "3", "body": body}]})).await;
    }
    let of_user = json!({"task": "reproject_of", "user": admin.id}).to_string();
    crm.hand("repair", json!({"Records": [{"messageId": "4", "body": of_user}]})).await;
    // A contact of a lead that nobody put into a row before it became a customer.
    let sold = text(&admin.lead(json!({})).await["id"]);
    admin.make("/activities", json!({"leadId": sold, "type": "CALL"})).await;
    let became = admin.post(&format!("/leads/{sold}/convert"), json!({})).await.expect(200).data()["customer"]["id"].clone();
    let body = json!({"task": "move_open_work", "lead": sold, "customer": became}).to_string();
    assert_eq!(crm.hand("work", json!({"Records": [{"messageId": "5", "body": body}]})).await, json!({"batchItemFailures": []}));
    assert!(admin.get(&format!("/customers/{}", text(&became))).await.data()["lastContactedAt"].is_string());
    // A contact that nobody put into the row of its lead yet.
    let lead = admin.lead(json!({})).await["id"].clone();
    let activity = text(&admin.make("/activities", json!({"leadId": lead, "type": "CALL"})).await["id"]);
    let key = json!({"pk": {"S": format!("ACTIVITY#{activity}")}, "sk": {"S": "ACTIVITY"}});
    let found = table.request("GetItem", json!({"TableName": TABLE, "Key": key})).await.expect("get");
    let record = streamed("INSERT", key, &found["Item"]);
    let message = json!({"messageId": "2", "body": json!({"task": "project", "record": record}).to_string()});
    (worker.handle)(&crm.embedded().worker_app(worker), json!({"Records": [message]})).await.expect("answers");
    assert!(admin.get(&format!("/leads/{}", text(&lead))).await.data()["lastContactedAt"].is_string());
}

/// The last copy of a recurring task of a lead.
async fn last_copy(idle: &Crm) {
    let admin = idle.admin().await;
    let lead = admin.lead(json!({})).await["id"].clone();
    let now = idle.embedded().app().clock.now();
    // It comes again today, and then no more.
    let (due, until) = (now.plus_seconds(1 - 86_400), now.to_string()[..10].to_owned());
    let body = json!({"title": "Daily", "leadId": lead, "dueAt": due, "recurrence": {"every": 1, "unit": "DAY", "until": until}});
    admin.make("/tasks", body).await;
    let start = json!({"task": "start", "job": "recurring-tasks"}).to_string();
    let message = json!({"messageId": "1", "body": start, "attributes": {"ApproximateReceiveCount": "1"}});
    assert_eq!(idle.hand("jobs", json!({"Records": [message]})).await, json!({"batchItemFailures": []}));
    assert_eq!(admin.all(&format!("/tasks?leadId={}", text(&lead))).await.len(), 2);
}

/// Messages and records that nobody can take, sent again.
async fn letters(crm: &Crm) {
    let admin = crm.admin().await;
    let queues = &crm.embedded().queues;
    for queue in ["automation", "notifications", "messages", "bounces", "work", "repair", "redrive", "jobs", "jobs-dead"] {
        queues.send(queue, vec!["nonsense".into()], Duration::ZERO).await.expect("sent");
    }
    let id = "01900000-0000-7000-8000-00000000dead";
    // Of more customers than one.
    let address = format!("{}@crm.test", unique());
    for _ in 0..2 {
        admin.make("/customers?allowDuplicate=true", json!({"name": "Double", "email": address})).await;
    }
    let returned = json!({"bounce": {"bounceType": "Permanent", "bouncedRecipients": [{"emailAddress": crm.admin.0}, {"emailAddress": address}]}});
    queues.send("bounces", vec![returned.to_string()], Duration::ZERO).await.expect("sent");
    eventually("the address is marked", SOON, || async {
        (admin.get("/auth/me").await.expect(200).data()["emailStatus"] == "BOUNCED").then_some(())
    })
    .await;
    for (sk, kind) in [("CUSTOMER", "CUSTOMER"), ("EVENT#x", "EVENT")] {
        let item = json!({"pk": {"S": format!("CUSTOMER#{id}")}, "sk": {"S": sk}, "type": {"S": kind}, "data": {"M": {}}});
        crm.embedded().table.request("PutItem", json!({"TableName": TABLE, "Item": item})).await.expect("put");
    }
    let list = eventually("eleven are parked", SOON, || async {
        let list = admin.get("/admin/dead-letters").await.expect(200).data().as_array().expect("list").clone();
        (list.len() == 11).then_some(list)
    })
    .await;
    admin.post(&format!("/admin/dead-letters/{}/redrive", text(&list[0]["id"])), json!({})).await.expect(202);
    let gone = format!("/admin/dead-letters/{}", text(&list[2]["id"]));
    admin.ask("DELETE", &gone, Some(&json!({"reason": "Nobody needs it"})), &[]).await.expect(204);
    admin.ask("POST", "/admin/dead-letters/redrive", Some(&json!({"cause": "nothing"})), &[("idempotency-key", &unique())]).await.expect(202);
    for body in ["One", "Two"] {
        let template = json!({"subject": "Done", "body": body, "channels": ["IN_APP"], "enabled": true});
        admin.ask("PUT", "/message-templates/CAMPAIGN_FINISHED", Some(&template), &[]).await.expect(200);
    }
    // A new floor has everyone scored anew.
    for floor in [3.5, 3.6] {
        let level = json!({"name": "Gold", "minScore": floor});
        admin.ask("PUT", "/customer-levels/GOLD", Some(&level), &[]).await.expect(200);
    }
    let key = unique();
    let before = admin.ids("/admin/dead-letters?queue=bounces").await;
    admin.post("/admin/dead-letters/redrive", json!({"queue": "bounces"})).await.expect(202);
    eventually("another is parked", SOON, || async { (admin.ids("/admin/dead-letters?queue=bounces").await != before).then_some(()) }).await;
    let send = async |id: &str| admin.ask("POST", &format!("/admin/dead-letters/{id}/redrive"), None, &[("idempotency-key", &key)]).await;
    send(&text(&list[1]["id"])).await.expect(202);
    send(&text(&list[1]["id"])).await.expect(202);
}

/// What a deployment's custom resources ask for.
async fn bootstrap(idle: &Crm) {
    let worker = worker("bootstrap");
    let ports = idle.embedded().worker_app(worker);
    let drawn = Arc::new(MemorySecret::default());
    let text = json!({"email": "first@crm.test", "password": "drawn by a machine"}).to_string();
    aws::Secrets::write(&*drawn, text).await.expect("written");
    for event in [
        json!({"RequestType": "Create", "ResourceProperties": {"Rotation": "1"}}),
        json!({"RequestType": "Create", "ResourceType": "Custom::Protection", "ResourceProperties": {"Enabled": "true"}}),
    ] {
        let answer = (worker.handle)(&ports.clone().with_first_admin(drawn.clone()), event).await.expect("answers");
        assert_eq!(answer["Status"], "SUCCESS", "{answer}");
    }
}

/// The samples of these routes, for what nobody called above.
async fn samples(used: &Used, names: &[&str]) {
    for (folder, route) in local::routes().into_iter().flat_map(|(folder, routes)| routes.into_iter().map(move |route| (folder, route))) {
        if names.contains(&route.name) {
            let story = Story::tell_on(|table| noted(table, used)).await.expect("told");
            let status = story.crm.answer(request(&story, folder, &route)).await.status();
            assert!(status.is_success(), "{}: {status}, where its own sample does something that it does not declare", route.name);
        }
    }
}

#[tokio::test]
async fn every_declared_action_is_used_and_every_used_action_is_declared() {
    let used = Used::default();
    let (crm, idle, bare) = (Crm::on(noting(&used)).await, Crm::idle(noting(&used)).await, Crm::bare(noting(&used), None).await.expect("opens"));
    tokio::join!(
        sessions(&crm),
        customers(&crm),
        selling(&crm),
        shared_contacts(&crm),
        letters(&crm),
        bootstrap(&bare),
        outdated_word(&idle),
        last_copy(&idle)
    );
    people(&crm).await;
    for path in ["/health", "/openapi.json", "/docs"] {
        crm.nobody().get(path).await.expect(200);
    }
    let declared = declared();
    let called: BTreeSet<&str> = used.lock().expect("lock").keys().copied().collect();
    samples(&used, &declared.keys().copied().filter(|name| !called.contains(name)).collect::<Vec<_>>()).await;
    let used = used.lock().expect("lock").clone();
    let mut wrong = Vec::new();
    for (name, declared) in declared {
        let used = used.get(name).cloned().unwrap_or_default();
        // Refused actions do not get here at all: the requests above would have failed.
        if used != declared {
            wrong.push(format!("{name} declares {declared:?} and uses {used:?}"));
        }
    }
    let help = "what a sample does not use is called in tests/structure/policies.rs in every way that uses something else";
    assert!(wrong.is_empty(), "{}\n{help}", wrong.join("\n"));
}

#[tokio::test]
async fn an_action_that_is_not_declared_is_refused() {
    let crm = Crm::idle(Table::memory().expect("memory")).await;
    let relay = worker("relay");
    let store = crm.embedded().worker_app(relay).unscoped().clone();
    let refused = store.public_keys().await.expect_err("the relay may not read");
    assert!(refused.to_string().contains("AccessDenied"), "{refused}");
}

#[test]
fn a_secret_is_read_by_those_alone_who_use_it() {
    let stacks = super::root().join("stacks");
    let readers = |secret: &str| -> BTreeSet<String> {
        let files = std::fs::read_dir(&stacks).expect("stacks").map(|file| file.expect("a file").path());
        let named = |text: String| text.lines().any(|line| line.trim() == format!("Resource: !Ref {secret}"));
        let files = files.filter(|file| named(std::fs::read_to_string(file).expect("text")));
        files.map(|file| file.file_stem().expect("a name").to_string_lossy().into_owned()).collect()
    };
    assert_eq!(readers("SecretArn"), BTreeSet::from(["auth".to_owned(), "bootstrap".to_owned()]));
    assert_eq!(readers("AdminSecretArn"), BTreeSet::from(["bootstrap".to_owned()]));
    assert_eq!(readers("LinksSecretArn"), BTreeSet::from(["unsubscribe".to_owned(), "workers".to_owned()]));
    let takers: Vec<&str> = workers::WORKERS.iter().filter(|worker| worker.needs.contains(&workers::Need::Links)).map(|worker| worker.name).collect();
    assert_eq!(takers, ["messenger"]);
}

#[test]
fn the_longest_name_of_a_stack_leaves_room_for_those_of_its_functions() {
    let names =
        local::routes().into_iter().flat_map(|(_, routes)| routes).map(|route| route.name).chain(workers::WORKERS.iter().map(|worker| worker.name));
    let longest = names.max_by_key(|name| name.len()).expect("functions");
    assert!(workers::bootstrap::LONGEST_STACK + 1 + longest.len() <= 64, "{longest}");
}

/// Campaigns: made, changed, listed, scheduled, started by hand and by the clock, carried out, ended, and cancelled.
async fn campaigns(crm: &Crm, admin: &tests::Person, word: &str) {
    let body = |name: &str| json!({"name": format!("{name} {word}"), "channel": "EMAIL", "subject": "Hello", "body": "Hello {{ name }}"});
    let status = async |campaign: &str| text(&admin.get(&format!("/campaigns/{campaign}")).await.expect(200).data()["status"]);
    let ended = async |campaign: &str| eventually("it is over", SOON, || async { (status(campaign).await == "COMPLETED").then_some(()) }).await;
    let own = text(&admin.make("/campaigns", body("Own")).await["id"]);
    let change = json!({"name": format!("Renamed {word}"), "segment": {"ownerIds": [admin.id], "levelCodes": ["GOLD", "BRONZE"]}});
    admin.patch(&format!("/campaigns/{own}"), change).await.expect(200);
    admin.get(&format!("/campaigns/{own}/preview")).await.expect(200);
    admin.patch(&format!("/campaigns/{own}"), json!({"scheduledAt": "2999-01-01T00:00:00Z"})).await.expect(200);
    admin.post(&format!("/campaigns/{own}/execute"), json!({})).await.expect(202);
    ended(&own).await;
    admin.customer(json!({"lifecycle": "FORMER"})).await;
    let few = admin.make("/campaigns", body("Few")).await;
    let made = <domain::Time as domain::text::TextValue>::read(&text(&few["createdAt"])).expect("time");
    let (few, soon) = (text(&few["id"]), made.plus_seconds(60).to_string());
    admin.patch(&format!("/campaigns/{few}"), json!({"segment": {"lifecycle": ["FORMER"]}})).await.expect(200);
    let preview = async || admin.get(&format!("/campaigns/{few}/preview")).await.expect(200).data()["customers"].as_u64();
    eventually("somebody is found", SOON, || async { (preview().await > Some(0)).then_some(()) }).await;
    for scheduled in [json!("2999-01-01T00:00:00Z"), Value::Null, json!(soon)] {
        admin.patch(&format!("/campaigns/{few}"), json!({"scheduledAt": scheduled})).await.expect(200);
    }
    crm.advance(120);
    crm.embedded().queues.send("jobs", vec![json!({"task": "tick"}).to_string()], Duration::ZERO).await.expect("sent");
    ended(&few).await;
    let gone = text(
        &admin.make("/campaigns", json!({"name": "Gone", "channel": "SMS", "body": "Hello", "scheduledAt": "2999-01-01T00:00:00Z"})).await["id"],
    );
    admin.patch(&format!("/campaigns/{gone}"), json!({"status": "CANCELLED"})).await.expect(200);
    admin.get("/campaigns").await.expect(200);
    eventually("the campaign is found", SOON, || async { (!admin.ids(&format!("/campaigns?q={word}")).await.is_empty()).then_some(()) }).await;
}

/// Promotions: made, changed, listed, given by hand and by themselves, used, given back, deleted and ended.
async fn promotions(admin: &tests::Person, customer: &str, product: &str, word: &str) {
    let body = |code: &str, trigger: &str| json!({"code": format!("{word}{code}"), "name": format!("Promotion {word}"), "trigger": trigger, "discountType": "PERCENT", "discountValue": 50});
    let own = text(&admin.make("/promotions", body("A", "MANUAL")).await["id"]);
    let gone = text(&admin.make("/promotions", body("B", "MANUAL")).await["id"]);
    admin.delete(&format!("/promotions/{gone}")).await.expect(204);
    admin
        .patch(
            &format!("/promotions/{own}"),
            json!({"status": "ACTIVE", "code": format!("{word}C"), "endsAt": "2999-01-01T00:00:00Z", "usageLimit": 9}),
        )
        .await
        .expect(200);
    let mut referral = body("D", "REFERRAL");
    (referral["beneficiary"], referral["status"]) = (json!("BOTH"), json!("ACTIVE"));
    let referral = text(&admin.make("/promotions", referral).await["id"]);
    admin.post(&format!("/promotions/{own}/assign"), json!({"customerId": customer})).await.expect(201);
    let items = json!([{"productId": product, "quantity": 1}]);
    let order = json!({"customerId": customer, "items": items, "promotionCodes": [format!("{word}C").to_uppercase()]});
    let order = text(&admin.make("/orders", order).await["id"]);
    admin.patch(&format!("/orders/{order}/status"), json!({"status": "CANCELLED"})).await.expect(200);
    let brought = text(&admin.customer(json!({"referredById": customer})).await["id"]);
    let held = async || admin.ids(&format!("/customers/{brought}/promotions")).await.len();
    eventually("the referral is rewarded", SOON, || async { (held().await == 1).then_some(()) }).await;
    admin.get(&format!("/promotions/{own}")).await.expect(200);
    admin.get("/promotions").await.expect(200);
    eventually("the promotion is found", SOON, || async { (!admin.ids(&format!("/promotions?q={word}")).await.is_empty()).then_some(()) }).await;
    for promotion in [own, referral] {
        admin.delete(&format!("/promotions/{promotion}")).await.expect(204);
    }
}
