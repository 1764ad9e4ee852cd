//! Every wrong field is named at once: for any two faults of a body, the answer to both together names what
//! the answers to each name, once, and nothing else. A fault is a field of another type, one that is missing
//! or unknown, or one that breaks a rule, whatever the rule needs to know.

use edge::Route;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use tests::crm::{PASSWORD, unique};
use tests::people::text;
use tests::{Crm, Person};

/// An id that nothing has.
const NOTHING: &str = "01900000-0000-7000-8000-000000000000";

fn routes() -> Vec<Route> {
    local::routes().into_iter().flat_map(|(_, routes)| routes).collect()
}

/// What makes a body wrong: values by pointer (`None` leaves the field out), and other fields that have to be
/// as they are for it.
#[derive(Debug, Clone, Default)]
struct Fault {
    set: Vec<(String, Option<Value>)>,
    needs: Vec<String>,
    query: &'static str,
}

impl Fault {
    fn fields(&self) -> impl Iterator<Item = &String> {
        self.set.iter().map(|(pointer, _)| pointer).chain(&self.needs)
    }

    /// Whether neither is about a field that the other is about.
    fn goes_with(&self, other: &Self) -> bool {
        let within = |a: &str, b: &str| format!("{a}/").starts_with(&format!("{b}/"));
        let apart = |a: &String, b: &String| !within(a, b) && !within(b, a);
        self.fields().all(|a| other.fields().all(|b| apart(a, b))) && (self.query.is_empty() || other.query.is_empty())
    }

    fn apply(&self, body: &mut Value) {
        for (pointer, value) in &self.set {
            let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
            let object = body.pointer_mut(parent).and_then(Value::as_object_mut).expect("an object");
            match value {
                Some(value) => drop(object.insert(name.to_owned(), value.clone())),
                None => drop(object.remove(name)),
            }
        }
    }
}

/// A broken rule: the fields that break it.
fn rule(fields: Value) -> Fault {
    needing(fields, &[])
}

/// The same, where other fields have to be as they are.
fn needing(fields: Value, needs: &[&str]) -> Fault {
    let set = fields.as_object().expect("an object").iter().map(|(pointer, value)| (pointer.clone(), Some(value.clone()))).collect();
    Fault { set, needs: needs.iter().map(|name| (*name).to_owned()).collect(), query: "" }
}

/// The faults that any body can have: each field of another type or missing, one too many, an unknown parameter.
fn plain(schema: &Value, at: &str) -> Vec<Fault> {
    let mut faults = vec![rule(json!({format!("{at}/colour"): "red"}))];
    for (name, field) in schema["properties"].as_object().expect("fields") {
        let pointer = format!("{at}/{name}");
        let wrong = if field.to_string().contains("boolean") { json!([5]) } else { json!(true) };
        faults.push(Fault { set: vec![(pointer.clone(), Some(wrong))], ..Fault::default() });
        if schema["required"].as_array().is_some_and(|required| required.iter().any(|required| required == name)) {
            faults.push(Fault { set: vec![(pointer, None)], ..Fault::default() });
        }
    }
    faults
}

/// A route with a body that is right, and how it can break the rules.
struct Case {
    person: Person,
    name: &'static str,
    path: String,
    body: Value,
    rules: Vec<Fault>,
}

impl Case {
    async fn named(&self, faults: &[&Fault]) -> Vec<(String, String)> {
        let mut body = self.body.clone();
        faults.iter().for_each(|fault| fault.apply(&mut body));
        let query = faults.iter().map(|fault| fault.query).collect::<String>();
        let method = match self.name.split('_').next() {
            Some("delete") => "DELETE",
            _ if ["update_message_template", "update_customer_level"].contains(&self.name) => "PUT",
            _ if self.name == "assign_promotion" => "POST",
            Some("update" | "assign") | Some("set") => "PATCH",
            _ => "POST",
        };
        let reply = self.person.ask(method, &format!("{}{query}", self.path), Some(&body), &[]).await;
        assert_eq!(reply.status, 422, "{} {body}: {}", self.name, reply.text);
        let errors = reply.body["errors"].as_array().cloned().unwrap_or_default();
        errors.iter().map(|error| (text(&error["pointer"]), text(&error["rule"]))).collect()
    }

    async fn check(&self, wrong: &mut Vec<String>) -> usize {
        let route = routes().into_iter().find(|route| route.name == self.name).expect("a route");
        let (schema, _) = tests::schemas::body(&route).expect("a body");
        let mut faults = self.rules.clone();
        faults.extend(plain(&schema, ""));
        faults.extend(self.body.get("rfm").into_iter().flat_map(|_| plain(&schema["properties"]["rfm"], "/rfm")));
        faults.push(Fault { query: "?colour=red", ..Fault::default() });
        let mut alone = Vec::new();
        for fault in &faults {
            let named = self.named(&[fault]).await;
            assert!(!named.is_empty(), "{} {fault:?} is not wrong", self.name);
            alone.push(named);
        }
        let mut pairs = 0;
        for (at, one) in faults.iter().enumerate() {
            for (beside, other) in faults.iter().enumerate().skip(at + 1).filter(|(_, other)| one.goes_with(other)) {
                pairs += 1;
                let named = self.named(&[one, other]).await;
                let found: BTreeSet<_> = named.iter().cloned().collect();
                let expected: BTreeSet<_> = alone[at].iter().chain(&alone[beside]).cloned().collect();
                if found != expected || found.len() != named.len() {
                    wrong.push(format!("{} {:?} and {:?}: {named:?} instead of {expected:?}", self.name, one, other));
                }
            }
        }
        pairs
    }
}

#[tokio::test]
async fn two_faults_are_named_at_once_whatever_they_are() {
    let crm = Crm::start().await;
    let admin = crm.admin().await;
    let gone = crm.person("SALES_REP", None).await;
    admin.delete(&format!("/users/{}", gone.id)).await.expect(204);
    let me = crm.person("ADMIN", None).await;
    let (nowhere, gone) = (json!(NOTHING), json!(gone.id));
    let id = |record: &Value| record["id"].clone();
    let customer = id(&me.customer(json!({})).await);
    let brought = id(&me.customer(json!({"referredById": customer})).await);
    let archived = id(&me.customer(json!({})).await);
    me.delete(&format!("/customers/{}", text(&archived))).await.expect(204);
    let lead = id(&me.lead(json!({"title": "Roof"})).await);
    let project = id(&me.make("/projects", json!({"name": "Roof", "customerId": customer, "startDate": "2026-05-01"})).await);
    let task = id(&me.make("/tasks", json!({"title": "Call"})).await);
    let of_project = id(&me.make("/tasks", json!({"title": "Call", "projectId": project})).await);
    let call = id(&me.make("/activities", json!({"type": "CALL", "leadId": lead})).await);
    let follow_up = id(&me.make("/follow-ups", json!({"dueAt": "2099-01-01T10:00:00Z", "leadId": lead})).await);
    let product = id(&me.make("/products", json!({"sku": unique(), "name": "Engine", "priceMinor": 5})).await);
    let unsold = id(&me.make("/products", json!({"sku": unique(), "name": "Engine", "priceMinor": 5, "active": false})).await);
    let dear = id(&me.make("/products", json!({"sku": unique(), "name": "Engine", "priceMinor": 9_999_999_999_999_i64})).await);
    let promotion = json!({"code": unique(), "name": "Ten", "trigger": "MANUAL", "discountType": "PERCENT", "discountValue": 10, "status": "ACTIVE"});
    let promotion = id(&me.make("/promotions", promotion).await);
    let campaign = id(&me.make("/campaigns", json!({"name": "Spring", "channel": "SMS", "body": "Hello"})).await);
    let order = id(&me.make("/orders", json!({"customerId": customer, "items": [{"productId": product, "quantity": 1}]})).await);
    let team = json!(crm.team().await);
    let colleague = crm.person("SALES_REP", None).await;
    crm.embedded().queues.send("work", vec!["nonsense".into()], std::time::Duration::ZERO).await.expect("sent");
    let letter = tests::eventually("it is parked", std::time::Duration::from_secs(10), || async {
        crm.admin().await.all("/admin/dead-letters").await.first().map(|letter| letter["id"].clone())
    })
    .await;
    let far = json!("2999-01-01T10:00:00Z");
    let at = |collection: &str, record: &Value| format!("/{collection}/{}", text(record));
    let case = |name: &'static str, path: String, body: Value, rules: Vec<Fault>| Case { person: me.clone(), name, path, body, rules };
    let untitled: &[&str] = &["/firstName", "/lastName", "/company", "/email", "/phone"];
    let words: &[&str] = &["/email", "/username", "/firstName", "/lastName"];
    let archive = rule(json!({"/archived": true}));
    let owners = [rule(json!({"/ownerId": nowhere})), rule(json!({"/ownerId": gone}))];
    let assignees = [rule(json!({"/assigneeId": nowhere})), rule(json!({"/assigneeId": gone}))];
    let members = [rule(json!({"/memberIds": [nowhere, gone]}))];
    let parties = [
        rule(json!({"/leadId": lead, "/customerId": customer})),
        rule(json!({"/leadId": null, "/customerId": null})),
        rule(json!({"/leadId": null, "/customerId": nowhere})),
        rule(json!({"/leadId": nowhere, "/customerId": null})),
    ];
    let series = json!({"every": 1, "unit": "DAY"});
    let cases = [
        case(
            "create_lead",
            "/leads".into(),
            json!({"title": "Roof"}),
            [vec![rule(json!({"/status": "CLOSED"})), needing(json!({"/title": null}), untitled)], owners.to_vec()].concat(),
        ),
        case("update_lead", at("leads", &lead), json!({}), vec![archive.clone(), needing(json!({"/title": null}), untitled)]),
        case(
            "set_lead_status",
            at("leads", &lead) + "/status",
            json!({"status": "QUALIFIED"}),
            vec![needing(json!({"/closeReason": "WON"}), &["/status"]), needing(json!({"/closeNote": "Won"}), &["/status"])],
        ),
        case("assign_lead", at("leads", &lead) + "/assign", json!({"ownerId": null}), owners.to_vec()),
        case(
            "convert_lead",
            at("leads", &lead) + "/convert",
            json!({}),
            vec![rule(json!({"/customerId": nowhere})), rule(json!({"/customerId": archived}))],
        ),
        case(
            "create_customer",
            "/customers".into(),
            json!({"name": "Roofs"}),
            [vec![rule(json!({"/birthday": "2999-01-01"})), rule(json!({"/referredById": nowhere}))], owners.to_vec()].concat(),
        ),
        case(
            "update_customer",
            at("customers", &customer),
            json!({}),
            vec![
                archive.clone(),
                rule(json!({"/birthday": "2999-01-01"})),
                rule(json!({"/referredById": nowhere})),
                rule(json!({"/referredById": customer})),
                rule(json!({"/referredById": brought})),
            ],
        ),
        case("update_customer", at("customers", &brought), json!({}), vec![archive, rule(json!({"/referredById": null}))]),
        case("assign_customer", at("customers", &customer) + "/assign", json!({"ownerId": null}), owners.to_vec()),
        case("create_note", at("customers", &customer) + "/notes", json!({"body": "Called"}), vec![]),
        case(
            "create_activity",
            "/activities".into(),
            json!({"type": "CALL", "leadId": lead}),
            [vec![rule(json!({"/occurredAt": far})), rule(json!({"/type": "NOTE", "/body": null}))], parties.to_vec()].concat(),
        ),
        case(
            "update_activity",
            at("activities", &call),
            json!({}),
            vec![rule(json!({"/occurredAt": far})), needing(json!({"/type": "NOTE"}), &["/body"])],
        ),
        case(
            "create_follow_up",
            "/follow-ups".into(),
            json!({"dueAt": "2099-01-01T10:00:00Z", "leadId": lead}),
            [parties.to_vec(), assignees.to_vec()].concat(),
        ),
        case("update_follow_up", at("follow-ups", &follow_up), json!({}), assignees.to_vec()),
        case(
            "create_task",
            "/tasks".into(),
            json!({"title": "Call"}),
            [
                vec![
                    rule(json!({"/customerId": brought, "/projectId": project})),
                    rule(json!({"/customerId": nowhere, "/projectId": null})),
                    rule(json!({"/leadId": nowhere})),
                    rule(json!({"/projectId": nowhere, "/customerId": null})),
                    rule(json!({"/dueAt": "2099-01-02T10:00:00Z", "/recurrence": {"every": 1, "unit": "DAY", "until": "2099-01-01"}})),
                ],
                owners.to_vec(),
            ]
            .concat(),
        ),
        case(
            "update_task",
            at("tasks", &task),
            json!({}),
            [
                vec![
                    rule(json!({"/customerId": brought, "/projectId": project})),
                    rule(json!({"/leadId": nowhere})),
                    needing(json!({"/recurrence": {"every": 0, "unit": "DAY"}}), &[]),
                ],
                owners.to_vec(),
            ]
            .concat(),
        ),
        case(
            "update_task",
            at("tasks", &of_project),
            json!({"recurrence": series}),
            vec![needing(json!({"/customerId": brought}), &["/projectId"]), needing(json!({"/projectId": nowhere}), &["/customerId"])],
        ),
        case("set_task_status", at("tasks", &task) + "/status", json!({"status": "DONE"}), vec![]),
        case(
            "create_project",
            "/projects".into(),
            json!({"name": "Roof", "customerId": customer}),
            [
                vec![rule(json!({"/startDate": "2026-02-01", "/endDate": "2026-01-01"})), rule(json!({"/customerId": nowhere}))],
                owners.to_vec(),
                members.to_vec(),
            ]
            .concat(),
        ),
        case(
            "update_project",
            at("projects", &project),
            json!({}),
            [
                vec![
                    rule(json!({"/startDate": "2026-02-01", "/endDate": "2026-01-01"})),
                    needing(json!({"/endDate": "2026-01-01"}), &["/startDate"]),
                ],
                owners.to_vec(),
                members.to_vec(),
            ]
            .concat(),
        ),
        case(
            "create_work_log",
            "/worklogs".into(),
            json!({"workDate": "2026-01-01", "minutes": 5, "description": "X", "customerId": customer}),
            vec![
                rule(json!({"/workDate": "2999-01-01"})),
                rule(json!({"/customerId": null, "/projectId": null, "/taskId": null})),
                rule(json!({"/customerId": brought, "/projectId": project, "/taskId": null})),
                rule(json!({"/customerId": nowhere, "/projectId": null, "/taskId": null})),
                rule(json!({"/projectId": nowhere, "/taskId": of_project, "/customerId": null})),
                rule(json!({"/projectId": nowhere, "/taskId": null, "/customerId": null})),
                needing(json!({"/taskId": nowhere}), &["/projectId", "/customerId"]),
            ],
        ),
        case(
            "create_product",
            "/products".into(),
            json!({"sku": unique(), "name": "Engine", "priceMinor": 5}),
            vec![rule(json!({"/currency": "EUR"})), rule(json!({"/currency": "XAU"})), rule(json!({"/priceMinor": -1}))],
        ),
        case("update_product", at("products", &product), json!({}), vec![rule(json!({"/currency": "EUR"})), rule(json!({"/sku": " "}))]),
        case(
            "create_order",
            "/orders".into(),
            json!({"customerId": customer, "items": [{"productId": product, "quantity": 1}]}),
            vec![
                rule(json!({"/customerId": nowhere})),
                rule(json!({"/items": []})),
                rule(
                    json!({"/items": [{"productId": product, "quantity": 1}, {"productId": nowhere, "quantity": 1}, {"productId": unsold, "quantity": 1}]}),
                ),
                rule(json!({"/items": [{"productId": product, "quantity": 0}, {"productId": nowhere, "quantity": 1}]})),
                rule(json!({"/items": [{"productId": dear, "quantity": 2}]})),
                rule(json!({"/items": [{"productId": dear, "quantity": 1}, {"productId": dear, "quantity": 1}]})),
            ],
        ),
        case(
            "create_promotion",
            "/promotions".into(),
            json!({"code": unique(), "name": "Ten", "trigger": "MANUAL", "discountType": "PERCENT", "discountValue": 10}),
            vec![
                rule(json!({"/code": "a b"})),
                needing(json!({"/discountValue": 101}), &["/discountType"]),
                needing(json!({"/minOrderMinor": 5, "/beneficiary": "BOTH", "/levelCodes": ["GOLD"]}), &["/trigger"]),
                needing(json!({"/endsAt": "1980-01-01T00:00:00Z"}), &["/startsAt"]),
                rule(json!({"/status": "PAUSED"})),
                needing(json!({"/trigger": "MIN_PURCHASE"}), &["/minOrderMinor"]),
            ],
        ),
        case(
            "update_promotion",
            at("promotions", &promotion),
            json!({}),
            vec![
                needing(json!({"/discountValue": 101}), &["/discountType"]),
                needing(json!({"/minOrderMinor": 5, "/beneficiary": "BOTH"}), &["/trigger"]),
                rule(json!({"/name": " "})),
            ],
        ),
        case(
            "create_campaign",
            "/campaigns".into(),
            json!({"name": "Spring", "channel": "EMAIL", "subject": "Hello", "body": "Hello {{ name }}", "segment": {"ownerIds": [me.id]}}),
            vec![
                needing(json!({"/subject": null}), &["/channel"]),
                rule(json!({"/body": "Hello {{ nmae }}"})),
                rule(json!({"/body": "x".repeat(1001)})),
                rule(json!({"/scheduledAt": "1980-01-01T00:00:00Z"})),
                rule(json!({"/segment/ownerIds": [me.id, nowhere, gone]})),
                rule(json!({"/segment/levelCodes": ["GOLD", "TIN"]})),
                rule(json!({"/segment/minTotalSpent": -1})),
            ],
        ),
        case(
            "update_campaign",
            at("campaigns", &campaign),
            json!({}),
            vec![
                needing(json!({"/subject": "Hello"}), &["/channel"]),
                rule(json!({"/body": "Hello {{ nmae }}"})),
                rule(json!({"/scheduledAt": "1980-01-01T00:00:00Z"})),
                rule(json!({"/segment": {"ownerIds": [me.id, nowhere]}})),
            ],
        ),
        case(
            "assign_promotion",
            at("promotions", &promotion) + "/assign",
            json!({"customerId": customer}),
            vec![rule(json!({"/customerId": nowhere}))],
        ),
        case("set_order_status", at("orders", &order) + "/status", json!({"status": "CONFIRMED"}), vec![]),
        case(
            "create_transaction",
            at("orders", &order) + "/transactions",
            json!({"type": "PAYMENT", "method": "CASH", "amountMinor": 5}),
            vec![rule(json!({"/amountMinor": 0})), rule(json!({"/occurredAt": far}))],
        ),
        case(
            "create_user",
            "/users".into(),
            json!({"email": "hieronymus.wachtveitl@crm.test", "password": PASSWORD}),
            vec![
                rule(json!({"/password": "password12"})),
                needing(json!({"/password": "Hieronymus.Wachtveitl@crm.test"}), words),
                rule(json!({"/teamId": nowhere})),
            ],
        ),
        case(
            "update_user",
            at("users", &json!(colleague.id)),
            json!({}),
            vec![
                rule(json!({"/password": "password12"})),
                rule(json!({"/password": "hieronymuswachtveitl", "/firstName": "Hieronymus", "/lastName": "Wachtveitl"})),
                rule(json!({"/teamId": nowhere})),
            ],
        ),
        case(
            "update_user",
            at("users", &json!(me.id)),
            json!({}),
            vec![rule(json!({"/password": "five badgers hum"})), needing(json!({"/email": format!("{}@crm.test", unique())}), &["/currentPassword"])],
        ),
        case(
            "password",
            "/auth/password".into(),
            json!({"currentPassword": PASSWORD, "newPassword": "five badgers hum"}),
            vec![rule(json!({"/newPassword": "password12"}))],
        ),
        case(
            "login",
            "/auth/login".into(),
            json!({"email": me.email, "password": PASSWORD}),
            vec![rule(json!({"/email": null, "/username": null})), rule(json!({"/email": me.email, "/username": "somebody"}))],
        ),
        case("logout", "/auth/logout".into(), json!({"refreshToken": me.refresh}), vec![]),
        case("refresh", "/auth/refresh".into(), json!({"refreshToken": me.refresh}), vec![]),
        case(
            "create_notification",
            "/notifications".into(),
            json!({"recipientId": colleague.id, "type": "IN_APP", "title": "Told", "message": "Told"}),
            vec![rule(json!({"/recipientId": nowhere})), rule(json!({"/recipientId": gone})), rule(json!({"/type": "ALL"}))],
        ),
        case(
            "run_job",
            "/admin/jobs/tasks-due/run".into(),
            json!({}),
            vec![rule(json!({"/date": "2999-01-01"})), rule(json!({"/from": "2026-01-01T00:00:00Z"})), rule(json!({"/to": "2026-01-01T00:00:00Z"}))],
        ),
        case("redrive_dead_letters", "/admin/dead-letters/redrive".into(), json!({}), vec![rule(json!({"/queue": "none"}))]),
        case("delete_dead_letter", at("admin/dead-letters", &letter), json!({"reason": "Nobody needs it"}), vec![rule(json!({"/reason": " "}))]),
        case(
            "create_team",
            "/teams".into(),
            json!({"name": "Somebody's"}),
            vec![rule(json!({"/managerId": nowhere})), rule(json!({"/managerId": gone}))],
        ),
        case(
            "update_team",
            at("teams", &team),
            json!({}),
            vec![rule(json!({"/managerId": nowhere})), rule(json!({"/managerId": gone})), rule(json!({"/memberIds": [colleague.id, nowhere]}))],
        ),
        case(
            "update_message_template",
            "/message-templates/BIRTHDAY".into(),
            json!({"subject": "Happy birthday", "body": "Hello {{ name }}", "channels": ["SMS", "EMAIL"], "enabled": true}),
            vec![
                rule(json!({"/subject": "Happy {{ birthday }}"})),
                rule(json!({"/subject": "{% if name %}"})),
                needing(json!({"/subject": null}), &["/channels"]),
                rule(json!({"/body": "Hello {{ dueDate }}"})),
                rule(json!({"/body": "Hello {{ name"})),
                rule(json!({"/channels": ["EMAIL", "IN_APP"]})),
                rule(json!({"/channels": ["EMAIL", "EMAIL"]})),
            ],
        ),
        case(
            "update_customer_level",
            "/customer-levels/GOLD".into(),
            json!({"name": "Gold", "minScore": 3.6, "benefits": "A call a month."}),
            vec![
                rule(json!({"/name": " "})),
                rule(json!({"/minScore": 2.6})),
                rule(json!({"/minScore": 4.6})),
                rule(json!({"/minScore": 3.601})),
                rule(json!({"/code": "SILVER"})),
                rule(json!({"/rank": 1})),
                rule(json!({"/version": 77})),
            ],
        ),
        case(
            "update_settings",
            "/settings".into(),
            json!({"rfm": {"recencyDays": [1, 2, 3, 4], "frequency": [4, 3, 2, 1], "monetary": [4, 3, 2, 1]}}),
            vec![
                rule(json!({"/rfm/recencyDays": [4, 3, 2, 1]})),
                rule(json!({"/rfm/frequency": [1, 2, 3, 4]})),
                rule(json!({"/rfm/monetary": [4, 3, 2]})),
            ],
        ),
    ];
    let (mut wrong, mut pairs) = (Vec::new(), 0);
    let covered: BTreeSet<&str> = cases.iter().map(|case| case.name).collect();
    let elsewhere = ["update_role_permissions"];
    let missing: Vec<_> =
        routes().into_iter().filter(|route| route.has_body && !covered.contains(route.name) && !elsewhere.contains(&route.name)).collect();
    assert!(missing.is_empty(), "{missing:?} take a body: list how each can be wrong");
    for case in &cases {
        pairs += case.check(&mut wrong).await;
    }
    println!("{pairs} pairs of faults, {} wrong", wrong.len());
    assert!(wrong.is_empty(), "{} of {pairs}\n{}", wrong.len(), wrong.join("\n"));
}
