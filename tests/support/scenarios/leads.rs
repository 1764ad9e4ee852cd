//! Leads, from the first contact to the customer.

use crate::crm::unique;
use crate::people::text;
use crate::{Crm, Person, eventually, together};
use serde_json::{Value, json};
use std::time::Duration;

/// Background work after a change: seconds, as promised.
const SOON: Duration = Duration::from_secs(10);
const LATER: &str = "2031-01-01T09:00:00Z";

fn path(lead: &Value) -> String {
    format!("/leads/{}", text(&lead["id"]))
}

async fn read(person: &Person, path: &str) -> Value {
    person.get(path).await.expect(200).data().clone()
}

pub async fn a_lead_lives_from_creation_to_restoration(crm: Crm) {
    let admin = crm.admin().await;
    let email = format!("{}@lead.example", unique());
    let body = json!({"firstName": " Jo ", "lastName": "Doe", "email": email.to_uppercase(), "phone": "+1 (555) 010-0101", "company": "Acme",
        "source": "website", "description": "Line one\nline two", "metadata": {"utm": {"campaign": "spring"}}});
    let created = admin.ask("POST", "/leads?allowDuplicate=true", Some(&body), &[]).await.expect(201);
    let lead = created.data().clone();
    assert_eq!(created.header("location"), Some(format!("/api/v1{}", path(&lead)).as_str()));
    assert_eq!((&lead["title"], &lead["status"], &lead["email"]), (&json!("Jo Doe"), &json!("NEW"), &json!(email)));
    assert_eq!((&lead["owner"]["id"], &lead["description"]), (&json!(admin.id), &json!("Line one\nline two")));
    let page = read(&admin, &path(&lead)).await;
    assert_eq!(page["counts"], json!({"activities": 0, "followUpsPending": 0, "tasksOpen": 0}));
    assert_eq!((&page["latestNotes"], &page["nextFollowUp"]), (&json!([]), &json!(null)));
    for (name, value) in lead.as_object().expect("record") {
        assert_eq!(&page[name], value, "{name}: what was answered is what is stored");
    }

    let changed = admin.patch(&path(&lead), json!({"title": null, "lastName": null, "phone": null, "metadata": null})).await.expect(200);
    assert_eq!((&changed.data()["title"], &changed.data()["metadata"]), (&json!("Acme"), &json!(null)));
    assert_eq!(changed.header("etag"), Some("\"2\""));
    let missing = admin.patch(&path(&lead), json!({"title": null, "company": null, "email": null})).await.expect(422);
    assert_eq!(missing.pointers(), ["/title"]);
    assert_eq!(admin.post("/leads", json!({"firstName": "Jo"})).await.expect(422).pointers(), ["/title"]);
    let wrong = admin.patch(&path(&lead), json!({"status": "CLOSED", "ownerId": null, "archived": true})).await.expect(422);
    assert_eq!(wrong.pointers(), ["/archived", "/ownerId", "/status"]);

    admin.delete(&path(&lead)).await.expect(204);
    admin.delete(&path(&lead)).await.expect(204);
    assert_eq!(read(&admin, &path(&lead)).await["archived"], json!(true));
    assert!(admin.ids("/leads?archived=true&limit=100").await.contains(&text(&lead["id"])));
    let restored = admin.patch(&path(&lead), json!({"archived": false})).await.expect(200);
    assert_eq!((&restored.data()["archivedAt"], &restored.data()["status"]), (&json!(null), &json!("NEW")));
}

pub async fn the_transition_table_is_kept(crm: Crm) {
    let admin = crm.admin().await;
    let lead = admin.lead(json!({})).await;
    let to = async |status: &str| admin.patch(&format!("{}/status", path(&lead)), json!({"status": status})).await;
    to("CONTACTED").await.expect(200);
    let refused = to("NEW").await.expect(409);
    assert_eq!((refused.code(), &refused.body["allowed"]), ("LEAD_TRANSITION", &json!(["IN_PROGRESS", "QUALIFIED", "CLOSED"])));
    assert_eq!((refused.pointers(), &refused.body["errors"][0]["rule"]), (vec!["/status"], &json!("transition")));
    to("CONVERTED").await.expect(409);
    assert_eq!(to("CONTACTED").await.expect(200).header("etag"), Some("\"2\""), "nothing changed");
    to("QUALIFIED").await.expect(200);
    to("IN_PROGRESS").await.expect(200);
    let status = format!("{}/status", path(&lead));
    let early = admin.patch(&status, json!({"status": "CONTACTED", "closeReason": "OTHER", "closeNote": "x"})).await.expect(422);
    assert_eq!(early.pointers(), ["/closeNote", "/closeReason"]);
    let stale = |body: Value| {
        let status = status.clone();
        let admin = admin.clone();
        async move { admin.ask("PATCH", &status, Some(&body), &[("if-match", "\"1\"")]).await }
    };
    stale(json!({"status": "CONTACTED", "closeReason": "OTHER"})).await.expect(422);
    stale(json!({"status": "CONTACTED"})).await.expect(412);
    let closed = admin.patch(&status, json!({"status": "CLOSED", "closeReason": "LOST_PRICE", "closeNote": "Too dear"})).await.expect(200);
    assert_eq!((&closed.data()["closeReason"], &closed.data()["closeNote"]), (&json!("LOST_PRICE"), &json!("Too dear")));
    let corrected = admin.patch(&status, json!({"status": "CLOSED", "closeReason": "LOST_BUDGET"})).await.expect(200);
    assert_eq!((&corrected.data()["closeReason"], &corrected.data()["closeNote"]), (&json!("LOST_BUDGET"), &json!("Too dear")));
    assert!(corrected.header("etag") > closed.header("etag"), "a correction is a change");
    let emptied = admin.patch(&status, json!({"status": "CLOSED", "closeNote": ""})).await.expect(200);
    assert_eq!((&emptied.data()["closeReason"], &emptied.data()["closeNote"]), (&json!("LOST_BUDGET"), &json!(null)));
    assert_eq!(to("CLOSED").await.expect(200).header("etag"), emptied.header("etag"), "nothing new");
    assert_eq!(admin.post(&format!("{}/convert", path(&lead)), json!({})).await.expect(409).code(), "LEAD_TRANSITION");
    let open = to("NEW").await.expect(200);
    assert_eq!((&open.data()["closeReason"], &open.data()["closeNote"]), (&json!(null), &json!(null)));
}

pub async fn lists_of_leads_are_narrowed_and_searched(crm: Crm) {
    let team = crm.team().await;
    let manager = crm.person("MANAGER", Some(&team)).await;
    let word = format!("quokka{}", unique());
    let mut made = Vec::new();
    for source in ["website", "Website ", "referral", "import", "Import"] {
        made.push(text(&manager.lead(json!({"title": format!("{word} {source}"), "source": source})).await["id"]));
    }
    let ids = async |filter: &str| manager.ids(&format!("/leads?ownerId=me&limit=2&{filter}")).await;
    manager.patch(&format!("/leads/{}/status", made[1]), json!({"status": "QUALIFIED"})).await.expect(200);
    manager.delete(&format!("/leads/{}", made[4])).await.expect(204);
    assert_eq!(ids("sort=createdAt").await, made[..4]);
    assert_eq!(ids("status=QUALIFIED").await, [made[1].clone()]);
    let of_website = [made[1].clone(), made[0].clone()];
    eventually("the source finds them", Duration::from_secs(2), || async { (ids("source=website").await == of_website).then_some(()) }).await;
    assert_eq!(ids("source=website&sort=createdAt").await, made[..2]);
    assert_eq!(ids("source=website&status=QUALIFIED").await, [made[1].clone()]);
    assert_eq!(ids("source=WEBSITE").await, of_website);
    assert_eq!(ids("source=web").await, Vec::<String>::new());
    assert_eq!(ids("archived=true").await, [made[4].clone()]);
    assert_eq!(ids("archived=true&status=QUALIFIED").await, Vec::<String>::new());
    let second = read(&manager, &format!("/leads/{}", made[1])).await;
    let from = text(&second["createdAt"]);
    assert_eq!(ids(&format!("createdFrom={from}&sort=createdAt")).await, made[1..4]);
    assert_eq!(ids(&format!("createdTo={from}")).await, [made[0].clone()]);
    assert_eq!(ids(&format!("createdFrom={from}&source=website")).await, [made[1].clone()]);
    let archived = [made[4].clone()];
    eventually("with the archived one", Duration::from_secs(2), || async { (ids("archived=true&source=import").await == archived).then_some(()) })
        .await;
    assert_eq!(ids("createdTo=2001-01-01").await, Vec::<String>::new());
    eventually("words find them", Duration::from_secs(2), || async { (ids(&format!("q={}", &word[..9])).await.len() == 4).then_some(()) }).await;
    assert_eq!(ids(&format!("q={word}%20refer")).await, [made[2].clone()]);
    assert_eq!(manager.get("/leads?q=ab&sort=createdAt").await.expect(422).pointers(), ["?sort"]);
    let wrong = manager.get("/leads?status=OPEN&createdFrom=x&source=&ownerId=them").await.expect(422);
    assert_eq!(wrong.pointers(), ["?createdFrom", "?ownerId", "?source", "?status"]);
}

pub async fn leads_and_customers_come_in_the_order_asked_for(crm: Crm) {
    let team = crm.team().await;
    let (rep, manager) = (crm.person("SALES_REP", Some(&team)).await, crm.person("MANAGER", Some(&team)).await);
    for (kind, name, filter) in [("leads", "title", "status=NEW"), ("customers", "name", "engagement=WARM")] {
        let mut made = Vec::new();
        for text_of_it in ["zebra", "Émile", "emil", "Anna B", "anna"] {
            let body = json!({name: text_of_it, "ownerId": rep.id});
            made.push(text(&manager.make(&format!("/{kind}"), body).await["id"]));
        }
        let [zebra, accent, emil, longer, anna] = <[String; 5]>::try_from(made.clone()).expect("five");
        manager.patch(&format!("/{kind}/{emil}"), json!({"company": "Changed"})).await.expect(200);
        for person in [&rep, &manager] {
            // A manager also sees what is nobody's, which others may have left there.
            let sorted = async |sort: &str| {
                let all = person.ids(&format!("/{kind}?limit=2&{sort}")).await;
                all.into_iter().filter(|id| made.contains(id)).collect::<Vec<_>>()
            };
            let by_name = [&anna, &longer, &emil, &accent, &zebra].map(String::clone);
            eventually("names come in their order", Duration::from_secs(10), || async { (sorted("sort=name").await == by_name).then_some(()) }).await;
            let mut backwards = by_name.clone();
            backwards.reverse();
            assert_eq!(sorted("sort=-name").await, backwards);
            let changed = [&emil, &anna, &longer, &accent, &zebra].map(String::clone);
            eventually("the latest change first", Duration::from_secs(10), || async { (sorted("sort=-updatedAt").await == changed).then_some(()) })
                .await;
            assert_eq!(sorted("sort=updatedAt").await.last(), Some(&emil));
            assert_eq!(sorted(&format!("sort=name&ownerId={}", rep.id)).await, by_name);
            assert_eq!(sorted(&format!("sort=name&{filter}")).await, by_name);
        }
        let admin = crm.admin().await;
        eventually("the whole company in its order", Duration::from_secs(10), || async {
            let all = admin.ids(&format!("/{kind}?sort=name&limit=100")).await;
            let places: Option<Vec<usize>> =
                [&anna, &longer, &emil, &accent, &zebra].iter().map(|id| all.iter().position(|found| found == *id)).collect();
            places.filter(|places| places.is_sorted())
        })
        .await;
        manager.patch(&format!("/{kind}/{zebra}"), json!({name: "Aaron"})).await.expect(200);
        eventually("a new name has its place", Duration::from_secs(10), || async {
            (rep.ids(&format!("/{kind}?sort=name")).await == [&zebra, &anna, &longer, &emil, &accent].map(String::clone)).then_some(())
        })
        .await;
        assert_eq!(rep.get(&format!("/{kind}?sort=company")).await.expect(422).pointers(), ["?sort"]);
    }
}

pub async fn a_lead_stands_in_the_way_of_its_double_while_it_is_open(crm: Crm) {
    let admin = crm.admin().await;
    let email = format!("{}@double.example", unique());
    let first = admin.lead(json!({"email": email})).await;
    let refused = admin.post("/leads", json!({"title": "Again", "email": email})).await.expect(409);
    assert_eq!((refused.code(), &refused.body["matches"]), ("DUPLICATE", &json!({"ids": [first["id"]], "hidden": 0})));
    assert_eq!(refused.pointers(), ["/email"]);
    let rep = crm.person("SALES_REP", None).await;
    let hidden = rep.post("/leads", json!({"title": "Again", "email": email})).await.expect(409);
    assert_eq!(hidden.body["matches"], json!({"ids": [], "hidden": 1}));
    // A customer is checked against customers alone, a lead against both.
    let customer = admin.customer(json!({"email": email})).await;
    let both = admin.post("/leads", json!({"title": "Again", "email": email})).await.expect(409);
    assert_eq!(both.body["matches"]["ids"].as_array().map(Vec::len), Some(2));
    admin.delete(&format!("/customers/{}", text(&customer["id"]))).await.expect(204);
    // A closed lead is in nobody's way, and is checked again when it is reopened.
    admin.patch(&format!("{}/status", path(&first)), json!({"status": "CLOSED"})).await.expect(200);
    let second = admin.lead(json!({"email": email})).await;
    let reopen = format!("{}/status", path(&first));
    admin.patch(&reopen, json!({"status": "NEW"})).await.expect(409);
    admin.patch(&format!("{reopen}?allowDuplicate=true"), json!({"status": "NEW"})).await.expect(200);
    // So is an archived one.
    admin.delete(&path(&first)).await.expect(204);
    assert_eq!(admin.patch(&path(&first), json!({"archived": false})).await.expect(409).code(), "DUPLICATE");
    admin.ask("DELETE", &format!("{}?hard=true", path(&second)), None, &[]).await.expect(204);
    admin.patch(&path(&first), json!({"archived": false})).await.expect(200);
    let other = admin.lead(json!({})).await;
    admin.patch(&path(&other), json!({"email": email})).await.expect(409);
}

pub async fn reach_and_the_pool_hold_for_leads(crm: Crm) {
    let (here, there) = (crm.team().await, crm.team().await);
    let manager = crm.person("MANAGER", Some(&here)).await;
    let (rep, mate) = (crm.person("SALES_REP", Some(&here)).await, crm.person("SALES_REP", Some(&here)).await);
    let stranger = crm.person("MANAGER", Some(&there)).await;
    let own = rep.lead(json!({})).await;
    for (person, status) in [(&rep, 200), (&manager, 200), (&mate, 404), (&stranger, 404)] {
        person.get(&path(&own)).await.expect(status);
        person.patch(&path(&own), json!({"company": unique()})).await.expect(status);
    }
    rep.patch(&format!("{}/assign", path(&own)), json!({"ownerId": mate.id})).await.expect(403);
    rep.post("/leads", json!({"title": "X", "ownerId": mate.id})).await.expect(403);
    rep.ask("DELETE", &format!("{}?hard=true", path(&own)), None, &[]).await.expect(403);
    let pooled = manager.lead(json!({"ownerId": null})).await;
    assert_eq!((&pooled["owner"], &pooled["teamId"]), (&json!(null), &json!(null)));
    manager.patch(&path(&pooled), json!({"company": "Pool"})).await.expect(200);
    manager.post(&format!("{}/convert", path(&pooled)), json!({})).await.expect(403);
    rep.get(&path(&pooled)).await.expect(404);
    let refused = manager.patch(&format!("{}/assign", path(&pooled)), json!({"ownerId": stranger.id})).await.expect(422);
    assert_eq!(refused.pointers(), ["/ownerId"]);
    let given = manager.patch(&format!("{}/assign", path(&pooled)), json!({"ownerId": rep.id})).await.expect(200);
    assert_eq!((&given.data()["teamId"], &given.data()["ownerId"]), (&json!(here), &json!(rep.id)));
    rep.get(&path(&pooled)).await.expect(200);
}

pub async fn a_list_of_somebody_outside_reach_tells_nothing(crm: Crm) {
    let (here, there) = (crm.team().await, crm.team().await);
    let manager = crm.person("MANAGER", Some(&here)).await;
    let (stranger, colleague) = (crm.person("SALES_REP", Some(&there)).await, crm.person("MANAGER", Some(&there)).await);
    for _ in 0..3 {
        let lead = stranger.lead(json!({})).await["id"].clone();
        stranger.make("/activities", json!({"leadId": lead, "type": "CALL"})).await;
        stranger.make("/follow-ups", json!({"leadId": lead, "dueAt": LATER})).await;
        stranger.make("/tasks", json!({"title": "T"})).await;
        let customer = colleague.customer(json!({"ownerId": stranger.id})).await["id"].clone();
        colleague.make("/projects", json!({"name": "P", "customerId": customer, "ownerId": stranger.id})).await;
        stranger.make("/worklogs", json!({"customerId": customer, "workDate": "2026-01-31", "minutes": 5, "description": "W"})).await;
    }
    for (list, who) in [
        ("leads", "ownerId"),
        ("customers", "ownerId"),
        ("activities", "createdBy"),
        ("follow-ups", "assigneeId"),
        ("tasks", "ownerId"),
        ("projects", "ownerId"),
        ("worklogs", "userId"),
    ] {
        let path = format!("/{list}?{who}={}&limit=1", stranger.id);
        let page = manager.get(&path).await.expect(200);
        assert_eq!((page.data(), &page.body["meta"]["nextCursor"]), (&json!([]), &json!(null)), "{list}: not even a cursor");
        assert_eq!(colleague.ids(&path).await.len(), 3, "{list}");
    }
}

pub async fn converting_makes_one_customer_however_often_it_is_asked(crm: Crm) {
    let team = crm.team().await;
    let rep = crm.person("SALES_REP", Some(&team)).await;
    let email = format!("{}@convert.example", unique());
    let lead = rep.lead(json!({"firstName": "Jo", "lastName": "Doe", "email": email, "company": "Acme"})).await;
    let convert = format!("{}/convert", path(&lead));
    let first = rep.post(&convert, json!({})).await.expect(200).data().clone();
    let customer = &first["customer"];
    assert_eq!((&customer["name"], &customer["lifecycle"], &customer["email"]), (&json!("Jo Doe"), &json!("CUSTOMER"), &json!(email)));
    assert_eq!((&customer["ownerId"], &customer["convertedFromLeadId"]), (&json!(rep.id), &lead["id"]));
    assert_eq!((&first["lead"]["status"], &first["lead"]["convertedCustomerId"]), (&json!("CONVERTED"), &customer["id"]));
    let again = rep.ask("POST", &convert, None, &[]).await.expect(200);
    assert_eq!(again.data(), &first, "a repeated call has the same answer");
    rep.post(&convert, json!({"customerId": customer["id"]})).await.expect(200);
    let another = crm.admin().await.customer(json!({"ownerId": rep.id})).await;
    let refused = rep.post(&convert, json!({"customerId": another["id"]})).await.expect(409);
    assert_eq!((refused.code(), &refused.body["customerId"]), ("LEAD_CONVERTED", &customer["id"]));
    let key = unique();
    let other = rep.lead(json!({})).await;
    let keyed = async || rep.ask("POST", &format!("{}/convert", path(&other)), Some(&json!({})), &[("idempotency-key", &key)]).await.expect(200);
    let (one, two) = (keyed().await, keyed().await);
    assert_eq!(one.data(), two.data());
    // Whose data another customer has is told, and the conversion can be a link instead.
    let admin = crm.admin().await;
    let double = rep.ask("POST", "/leads?allowDuplicate=true", Some(&json!({"title": "Double", "email": email})), &[]).await.expect(201);
    let convert = format!("{}/convert", path(double.data()));
    let refused = rep.post(&convert, json!({})).await.expect(409);
    assert_eq!((refused.code(), &refused.body["matches"]["ids"]), ("DUPLICATE", &json!([customer["id"]])));
    assert_eq!(read(&rep, &path(double.data())).await["status"], json!("NEW"), "nothing was written");
    rep.post(&convert, json!({"customerId": customer["id"]})).await.expect(200);
    let foreign = admin.customer(json!({})).await;
    let unseen = rep.lead(json!({})).await;
    let refused = rep.post(&format!("{}/convert", path(&unseen)), json!({"customerId": foreign["id"]})).await.expect(422);
    assert_eq!(refused.pointers(), ["/customerId"]);
    rep.delete(&path(&unseen)).await.expect(204);
    assert_eq!(rep.post(&format!("{}/convert", path(&unseen)), json!({})).await.expect(409).code(), "LEAD_TRANSITION");
}

pub async fn twenty_conversions_at_once_make_one_customer(crm: Crm) {
    let rep = crm.person("SALES_REP", Some(&crm.team().await)).await;
    let lead = rep.lead(json!({"lastName": "Race", "email": format!("{}@race.example", unique()), "phone": "+15550100199"})).await;
    let replies = together(20, |_| {
        let (rep, path) = (rep.clone(), format!("{}/convert?allowDuplicate=true", path(&lead)));
        async move { rep.post(&path, json!({})).await }
    })
    .await;
    assert!(replies.iter().all(|reply| reply.status == 200), "{:?}", replies.iter().find(|reply| reply.status != 200));
    assert!(replies.iter().all(|reply| reply.data() == replies[0].data()), "twenty equal answers");
    assert_eq!(rep.ids("/customers").await.len(), 1, "one customer");
}

pub async fn a_lead_can_become_part_of_a_customer(crm: Crm) {
    let admin = crm.admin().await;
    let customer = admin.customer(json!({"lifecycle": "PROSPECT", "engagement": "HOT"})).await;
    for _ in 0..2 {
        let lead = admin.lead(json!({})).await;
        let done = admin.post(&format!("{}/convert", path(&lead)), json!({"customerId": customer["id"]})).await.expect(200);
        assert_eq!(done.data()["customer"]["id"], customer["id"]);
        assert_eq!(done.data()["customer"]["lifecycle"], json!("CUSTOMER"));
    }
    let archived = admin.customer(json!({})).await;
    admin.delete(&format!("/customers/{}", text(&archived["id"]))).await.expect(204);
    let lead = admin.lead(json!({})).await;
    let refused = admin.post(&format!("{}/convert", path(&lead)), json!({"customerId": archived["id"]})).await.expect(422);
    assert_eq!(refused.pointers(), ["/customerId"]);
}

pub async fn a_converted_lead_is_read_only_and_follows_its_customer(crm: Crm) {
    let admin = crm.admin().await;
    let team = crm.team().await;
    let (rep, mate) = (crm.person("SALES_REP", Some(&team)).await, crm.person("SALES_REP", Some(&team)).await);
    let lead = rep.lead(json!({})).await;
    let note = rep.make("/activities", json!({"leadId": lead["id"], "type": "NOTE", "body": "Before"})).await;
    let customer = rep.post(&format!("{}/convert", path(&lead)), json!({})).await.expect(200).data()["customer"].clone();
    let calls = [
        rep.patch(&path(&lead), json!({"company": "X"})).await,
        rep.patch(&format!("{}/status", path(&lead)), json!({"status": "CLOSED"})).await,
        admin.patch(&format!("{}/assign", path(&lead)), json!({"ownerId": mate.id})).await,
        rep.delete(&path(&lead)).await,
        admin.delete(&format!("{}?hard=true", path(&lead))).await,
        rep.post("/activities", json!({"leadId": lead["id"], "type": "CALL"})).await,
        rep.post("/follow-ups", json!({"leadId": lead["id"], "dueAt": LATER})).await,
        rep.post("/tasks", json!({"leadId": lead["id"], "title": "X"})).await,
        rep.patch(&format!("/activities/{}", text(&note["id"])), json!({"body": "After"})).await,
        rep.delete(&format!("/activities/{}", text(&note["id"]))).await,
    ];
    for reply in calls {
        assert_eq!(reply.expect(409).code(), "LEAD_CONVERTED");
    }
    admin.patch(&format!("/customers/{}/assign", text(&customer["id"])), json!({"ownerId": mate.id})).await.expect(200);
    let activity = format!("/activities/{}", text(&note["id"]));
    for (person, status) in [(&rep, 404), (&mate, 200)] {
        person.get(&path(&lead)).await.expect(status);
        person.get(&activity).await.expect(status);
    }
    eventually("the lists follow", SOON, || async { mate.ids("/leads").await.contains(&text(&lead["id"])).then_some(()) }).await;
    assert_eq!(rep.ids("/leads").await, Vec::<String>::new());
}

pub async fn open_work_moves_to_the_customer(crm: Crm) {
    let rep = crm.person("SALES_REP", Some(&crm.team().await)).await;
    let lead = rep.lead(json!({})).await;
    let of_lead = |mut body: Value| {
        body["leadId"] = lead["id"].clone();
        body
    };
    let pending = text(&rep.make("/follow-ups", of_lead(json!({"dueAt": LATER, "notes": "Renewal"}))).await["id"]);
    let done = text(&rep.make("/follow-ups", of_lead(json!({"dueAt": LATER}))).await["id"]);
    rep.patch(&format!("/follow-ups/{done}"), json!({"status": "COMPLETED"})).await.expect(200);
    let task = text(&rep.make("/tasks", of_lead(json!({"title": "Open"}))).await["id"]);
    let customer = rep.post(&format!("{}/convert", path(&lead)), json!({})).await.expect(200).data()["customer"]["id"].clone();
    let field = async |path: String, field: &str| read(&rep, &path).await[field].clone();
    eventually("open work is the customer's", SOON, || async {
        let (follow_up, task) = (field(format!("/follow-ups/{pending}"), "customerId").await, field(format!("/tasks/{task}"), "customerId").await);
        (follow_up == customer && task == customer).then_some(())
    })
    .await;
    assert_eq!(field(format!("/follow-ups/{done}"), "leadId").await, lead["id"], "what is done stays");
    assert_eq!(field(format!("/follow-ups/{pending}"), "version").await, json!(1), "nobody's change");
    let page = read(&rep, &format!("/customers/{}", text(&customer))).await;
    assert_eq!(page["counts"], json!({"activities": 0, "followUpsPending": 1, "tasksOpen": 1, "projects": 0, "orders": 0}));
    assert_eq!(page["nextFollowUp"]["id"], json!(pending));
    assert_eq!(rep.ids(&format!("/tasks?customerId={}", text(&customer))).await, [task]);
    assert_eq!(field(path(&lead), "counts").await, json!({"activities": 0, "followUpsPending": 0, "tasksOpen": 0}));
}

pub async fn open_work_follows_a_lead_or_customer_to_its_new_owner(crm: Crm) {
    let team = crm.team().await;
    let manager = crm.person("MANAGER", Some(&team)).await;
    let (former, new) = (crm.person("SALES_REP", Some(&team)).await, crm.person("SALES_REP", Some(&team)).await);
    for kind in ["lead", "customer"] {
        let made =
            manager.make(&format!("/{kind}s"), json!({if kind == "lead" { "title" } else { "name" }: "Given away", "ownerId": former.id})).await;
        let (id, parent) = (text(&made["id"]), format!("{kind}Id"));
        let work = async |path: &str, who: &Person, mut body: Value| {
            body[&parent] = json!(id);
            body[if path == "/tasks" { "ownerId" } else { "assigneeId" }] = json!(who.id);
            format!("{path}/{}", text(&manager.make(path, body).await["id"]))
        };
        let task = work("/tasks", &former, json!({"title": "Open"})).await;
        let follow_up = work("/follow-ups", &former, json!({"dueAt": LATER})).await;
        let theirs = work("/tasks", &manager, json!({"title": "Of a third person"})).await;
        let closed = work("/tasks", &former, json!({"title": "Done", "status": "DONE"})).await;
        let assign = async |owner: Value| drop(manager.patch(&format!("/{kind}s/{id}/assign"), json!({"ownerId": owner})).await.expect(200));
        let owners = async || {
            let mut owners = Vec::new();
            for (path, field) in [(&task, "ownerId"), (&follow_up, "assigneeId"), (&theirs, "ownerId"), (&closed, "ownerId")] {
                owners.push(text(&read(&manager, path).await[field]));
            }
            owners
        };
        assign(json!(new.id)).await;
        let given = [&new.id, &new.id, &manager.id, &former.id].map(Clone::clone);
        eventually("open work follows", SOON, || async { (owners().await == given).then_some(()) }).await;
        assert_eq!(read(&new, &task).await["teamId"], json!(team));
    }
}

pub async fn a_lead_begins_open_and_an_archived_one_does_not_move(crm: Crm) {
    let admin = crm.admin().await;
    let lead = admin.lead(json!({"title": "", "lastName": "Doe", "company": "", "status": "QUALIFIED"})).await;
    assert_eq!((&lead["title"], &lead["company"], &lead["status"]), (&json!("Doe"), &json!(null), &json!("QUALIFIED")));
    for status in ["CLOSED", "CONVERTED"] {
        let refused = admin.post("/leads", json!({"firstName": "Jo", "status": status})).await.expect(422);
        assert_eq!(refused.pointers(), ["/status", "/title"]);
    }
    let emptied = admin.patch(&path(&lead), json!({"title": "", "company": "Acme", "lastName": ""})).await.expect(200);
    assert_eq!((&emptied.data()["title"], &emptied.data()["lastName"]), (&json!("Acme"), &json!(null)));
    admin.delete(&path(&lead)).await.expect(204);
    let status = format!("{}/status", path(&lead));
    let refused = admin.patch(&status, json!({"status": "CONTACTED"})).await.expect(409);
    assert_eq!((refused.code(), &refused.body["allowed"], refused.pointers()), ("LEAD_TRANSITION", &json!([]), vec!["/status"]));
    admin.patch(&status, json!({"status": "QUALIFIED"})).await.expect(200);
}

pub async fn a_hard_delete_takes_everything_below(crm: Crm) {
    let admin = crm.admin().await;
    let lead = admin.lead(json!({"title": format!("doomed{}", unique())})).await;
    let id = text(&lead["id"]);
    let call = text(&admin.make("/activities", json!({"leadId": id, "type": "CALL"})).await["id"]);
    let note = text(&admin.make("/activities", json!({"leadId": id, "type": "NOTE", "body": "Gone"})).await["id"]);
    let follow_up = text(&admin.make("/follow-ups", json!({"leadId": id, "dueAt": LATER})).await["id"]);
    let task = text(&admin.make("/tasks", json!({"leadId": id, "title": "Stays"})).await["id"]);
    let manager = crm.person("MANAGER", None).await;
    manager.delete(&format!("{}?hard=true", path(&lead))).await.expect(404);
    admin.delete(&format!("{}?hard=true", path(&lead))).await.expect(204);
    admin.get(&path(&lead)).await.expect(404);
    admin.delete(&path(&lead)).await.expect(404);
    admin.post("/activities", json!({"leadId": id, "type": "CALL"})).await.expect(422);
    eventually("everything below is gone", SOON, || async {
        let mut gone = Vec::new();
        for path in [format!("/activities/{call}"), format!("/activities/{note}"), format!("/follow-ups/{follow_up}")] {
            gone.push(admin.get(&path).await.status == 404);
        }
        gone.push(read(&admin, &format!("/tasks/{task}")).await["leadId"] == Value::Null);
        gone.into_iter().all(|gone| gone).then_some(())
    })
    .await;
    eventually("words find it no more", SOON, || async { admin.ids(&format!("/leads?q={}", text(&lead["title"]))).await.is_empty().then_some(()) })
        .await;
}
