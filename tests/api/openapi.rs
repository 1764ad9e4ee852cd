//! What the OpenAPI document says is what answers: every operation, successes and problems. And it says
//! it once, with a name, a description and an example.

use crate::samples::routes::request;
use jsonschema::Validator;
use local::generate::story::Story;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::sync::Mutex;
use std::time::Duration;
use tests::crm::{PASSWORD, unique};
use tests::people::text;
use tests::{Crm, Person, Reply, eventually};

/// The document, and what of it was seen.
struct Document {
    document: Value,
    seen: Mutex<BTreeSet<String>>,
}

impl Document {
    async fn of(crm: &Crm) -> Self {
        let document = crm.nobody().get("/openapi.json").await.expect(200).body;
        let committed: Value = serde_json::from_str(&crate::structure::read("docs/openapi.json")).expect("JSON");
        assert_eq!(document, committed);
        Self { document, seen: Mutex::default() }
    }

    /// The operation that a path belongs to; fixed parts before parameters.
    fn operation(&self, method: &str, path: &str) -> (&str, &Value) {
        let bare = format!("/api/v1{}", path.split('?').next().expect("path"));
        let fits = |template: &str| {
            let (a, b): (Vec<&str>, Vec<&str>) = (template.split('/').collect(), bare.split('/').collect());
            a.len() == b.len() && a.iter().zip(&b).all(|(a, b)| a == b || a.starts_with('{'))
        };
        let paths = self.document["paths"].as_object().expect("paths");
        let (_, item) =
            paths.iter().filter(|(template, _)| fits(template)).min_by_key(|(template, _)| template.matches('{').count()).expect("documented");
        // A change is described once: PUT does what PATCH does.
        let method_there = if method == "PUT" && item["put"].is_null() { "PATCH" } else { method };
        let operation = &item[method_there.to_lowercase()];
        (operation["operationId"].as_str().unwrap_or_else(|| panic!("{method} {path} is not documented")), operation)
    }

    /// Whether an operation was seen to succeed.
    fn answered(&self, name: &str) -> bool {
        self.seen.lock().expect("lock").iter().any(|place| place.strip_prefix(name).is_some_and(|status| status.starts_with(" 2")))
    }

    /// Holds an answer against the document.
    fn check(&self, method: &str, path: &str, reply: &Reply) {
        let (name, operation) = self.operation(method, path);
        let place = format!("{name} {}", reply.status);
        let response = self.resolved(&operation["responses"][reply.status.to_string()]);
        assert!(response.is_object(), "{place} is not documented: {}", reply.text);
        self.seen.lock().expect("lock").insert(place.clone());
        self.check_headers(&place, response, reply);
        let Some(contents) = response["content"].as_object() else {
            assert_eq!(reply.text, "", "{place} has no body");
            return;
        };
        let media_type = reply.header("content-type").unwrap_or_default();
        let content = contents.get(media_type).unwrap_or_else(|| panic!("{place} is {media_type}, which is not documented"));
        if media_type.contains("json") {
            let errors: Vec<String> =
                self.validator(&content["schema"]).iter_errors(&reply.body).map(|error| format!("{} at {}", error, error.instance_path())).collect();
            assert!(errors.is_empty(), "{place}: {errors:?}\n{}", reply.text);
        }
        if reply.status >= 400 {
            let codes: Vec<&str> = response["description"].as_str().unwrap_or_default().split(", ").collect();
            assert!(codes.contains(&reply.code()), "{place}: {} is not among {codes:?}", reply.code());
        }
    }

    /// What is always there is there, and nothing is there that is not documented.
    fn check_headers(&self, place: &str, response: &Value, reply: &Reply) {
        let documented: Vec<(String, &Value)> =
            response["headers"].as_object().expect("headers").iter().map(|(name, header)| (name.to_lowercase(), self.resolved(header))).collect();
        for (name, header) in &documented {
            assert!(reply.header(name).is_some() || header["required"] == false, "{place} has no {name}");
        }
        for name in self.document["components"]["headers"].as_object().expect("headers").keys().map(|name| name.to_lowercase()) {
            let known = documented.iter().any(|(documented, _)| *documented == name);
            assert!(reply.header(&name).is_none() || known, "{place} has {name}, which is not documented");
        }
    }

    /// What a reference refers to; itself where it is none.
    fn resolved<'a>(&'a self, value: &'a Value) -> &'a Value {
        match value["$ref"].as_str() {
            Some(place) => self.document.pointer(place.trim_start_matches('#')).expect("reference"),
            None => value,
        }
    }

    /// Knows every field: an answer with one that is not documented is wrong too.
    fn validator(&self, schema: &Value) -> Validator {
        let named = self.document["components"]["schemas"].as_object().expect("schemas");
        // Closed where it is used, since another schema may extend it.
        let named: Map<String, Value> = named.iter().map(|(name, schema)| (name.clone(), closed(schema, false))).collect();
        let mut schema = closed(schema, true);
        schema["components"] = json!({"schemas": named});
        jsonschema::options().should_validate_formats(true).build(&schema).expect("a schema")
    }

    /// Holds an example against its schema.
    fn check_example(&self, place: &str, schema: &Value, example: &Value) {
        assert!(!example.is_null(), "{place} has no example");
        let errors: Vec<String> =
            self.validator(schema).iter_errors(example).map(|error| format!("{} at {}", error, error.instance_path())).collect();
        assert!(errors.is_empty(), "{place}: {errors:?}\n{example:#}");
    }

    /// Every operation by its id.
    fn operations(&self) -> impl Iterator<Item = (&str, &Value)> {
        let items = self.document["paths"].as_object().expect("paths").values();
        let operations = items.flat_map(|item| item.as_object().expect("item").values());
        operations.map(|operation| (operation["operationId"].as_str().expect("id"), operation))
    }
}

/// The schema without room for fields it does not name; `here` says whether nobody extends it.
fn closed(schema: &Value, here: bool) -> Value {
    let Value::Object(map) = schema else { return schema.clone() };
    let each = |value: &Value, here: bool| match value {
        Value::Array(list) => list.iter().map(|schema| closed(schema, here)).collect::<Vec<_>>().into(),
        other => closed(other, here),
    };
    let fields = |fields: &Value| fields.as_object().expect("fields").iter().map(|(name, field)| (name.clone(), closed(field, true))).collect();
    let mut closed: Map<String, Value> = map
        .iter()
        .map(|(name, value)| match name.as_str() {
            "properties" => (name.clone(), Value::Object(fields(value))),
            "items" | "anyOf" => (name.clone(), each(value, true)),
            "allOf" => (name.clone(), each(value, false)),
            _ => (name.clone(), value.clone()),
        })
        .collect();
    if here && ["$ref", "allOf", "properties"].iter().any(|key| map.contains_key(*key)) {
        closed.insert("unevaluatedProperties".into(), json!(false));
    }
    Value::Object(closed)
}

/// Every schema inside a value, by its place.
fn walk<'a>(place: &str, value: &'a Value, see: &mut impl FnMut(&str, &'a Value)) {
    see(place, value);
    match value {
        Value::Object(map) => map.iter().filter(|(name, _)| *name != "example" && *name != "examples").for_each(|(name, value)| {
            walk(&format!("{place}/{name}"), value, see);
        }),
        Value::Array(list) => list.iter().enumerate().for_each(|(index, value)| walk(&format!("{place}/{index}"), value, see)),
        _ => {}
    }
}

/// Someone whose every answer is held against the document.
struct Checked<'a> {
    document: &'a Document,
    person: Person,
}

impl Checked<'_> {
    async fn ask(&self, method: &'static str, path: &str, body: Option<Value>, headers: &[(&str, &str)], status: u16) -> Reply {
        let reply = self.person.ask(method, path, body.as_ref(), headers).await;
        self.document.check(method, path, &reply);
        reply.expect(status)
    }

    async fn get(&self, path: &str, status: u16) -> Reply {
        self.ask("GET", path, None, &[], status).await
    }

    async fn send(&self, method: &'static str, path: &str, body: Value, status: u16) -> Reply {
        self.ask(method, path, Some(body), &[], status).await
    }

    async fn delete(&self, path: &str, status: u16) -> Reply {
        self.ask("DELETE", path, None, &[], status).await
    }
}

const NOBODY: &str = "01900000-0000-7000-8000-000000000000";

async fn sign_in(nobody: &Checked<'_>, admin: &Checked<'_>) {
    let email = format!("{}@crm.test", unique());
    admin.send("POST", "/users", json!({"email": email, "password": PASSWORD, "mustChangePassword": true}), 201).await;
    let login = nobody.send("POST", "/auth/login", json!({"email": email, "password": PASSWORD}), 200).await;
    let person = Checked { document: nobody.document, person: Person::from_session(&nobody.person.crm, login.data()) };
    person.get("/customers", 403).await;
    person.get("/auth/me", 200).await;
    person.send("POST", "/auth/password", json!({"currentPassword": "no", "newPassword": "another long one"}), 422).await;
    person.send("POST", "/auth/password", json!({"currentPassword": PASSWORD, "newPassword": "another long one"}), 204).await;
    person.get("/auth/sessions", 200).await;
    person.delete(&format!("/auth/sessions/{NOBODY}"), 404).await;
    let other = person.person.crm.sign_in(&email, "another long one").await;
    let sessions = other.get("/auth/sessions").await;
    let current = sessions.data().as_array().and_then(|list| list.iter().find(|session| session["current"] == json!(true))).expect("listed");
    person.delete(&format!("/auth/sessions/{}", text(&current["id"])), 204).await;
    let refreshed = nobody.send("POST", "/auth/refresh", json!({"refreshToken": person.person.refresh}), 200).await;
    nobody.send("POST", "/auth/refresh", json!({"refreshToken": "x"}), 422).await;
    nobody.send("POST", "/auth/logout", json!({"refreshToken": refreshed.data()["refreshToken"]}), 204).await;
    nobody.send("POST", "/auth/refresh", json!({"refreshToken": refreshed.data()["refreshToken"]}), 401).await;
    nobody.send("POST", "/auth/logout", json!({}), 401).await;
    // The wrong current password above counts too.
    for _ in 0..4 {
        nobody.send("POST", "/auth/login", json!({"email": email, "password": "wrong"}), 401).await;
    }
    nobody.send("POST", "/auth/login", json!({"email": email, "password": "wrong"}), 429).await;
    nobody.send("POST", "/auth/login", json!({}), 422).await;
    nobody.ask("POST", "/auth/login", None, &[], 415).await;
    nobody.get("/auth/me", 401).await;
}

async fn told(admin: &Checked<'_>, rep: &Checked<'_>) {
    let body = json!({"recipientId": rep.person.id, "type": "IN_APP", "title": "Told", "message": "Of something."});
    admin.send("POST", "/notifications", json!({"recipientId": NOBODY, "type": "IN_APP", "title": "Told", "message": "T"}), 422).await;
    rep.send("POST", "/notifications", body.clone(), 403).await;
    for _ in 0..2 {
        let id = text(&admin.send("POST", "/notifications", body.clone(), 202).await.data()["id"]);
        let read = format!("/notifications/{id}/read");
        admin.send("PATCH", &read, json!({}), 403).await;
        for path in ["/notifications", "/notifications?unread=true&type=IN_APP", "/notifications?type=ALL&status=SENT&limit=1"] {
            rep.get(path, 200).await;
        }
        for method in ["PATCH", "PUT"] {
            rep.send(method, &read, json!({}), 200).await;
        }
        admin.send("POST", "/notifications", body.clone(), 202).await;
        for method in ["PATCH", "PUT"] {
            rep.send(method, "/notifications/all/read", json!({}), 200).await;
        }
    }
    for channel in ["EMAIL", "SMS", "PUSH"] {
        let body = json!({"recipientId": rep.person.id, "type": channel, "title": "Told", "message": "Of something."});
        admin.send("POST", "/notifications", body, 202).await;
    }
    rep.get("/notifications?type=EMAIL", 200).await;
    rep.get("/notifications?type=PIGEON", 422).await;
    rep.send("PATCH", &format!("/notifications/{NOBODY}/read"), json!({}), 404).await;
    for path in ["/feed", "/feed?limit=1", "/feed?entityType=USER", "/dashboard/me"] {
        rep.get(path, 200).await;
    }
    admin.get("/dashboard", 200).await;
    rep.get("/dashboard", 403).await;
    for path in ["/dashboard?limit=1", "/dashboard/me?limit=1"] {
        admin.get(path, 422).await;
    }
    rep.get(&format!("/feed?entityType=USER&entityId={}", rep.person.id), 200).await;
    rep.get(&format!("/feed?entityType=LEAD&entityId={NOBODY}"), 404).await;
    rep.get("/feed?entityId=me", 422).await;
}

async fn people(admin: &Checked<'_>, rep: &Checked<'_>) {
    let team = text(&admin.send("POST", "/teams", json!({"name": unique(), "managerId": rep.person.id}), 201).await.data()["id"]);
    let email = format!("{}@crm.test", unique());
    let body = json!({"email": email, "password": PASSWORD, "username": format!("u{}", unique()), "firstName": "A", "lastName": "B", "phone": "+4930123456", "teamId": team,
        "locale": "en-GB", "notificationPrefs": {"TASK_DUE": {"EMAIL": true}}, "pushTokens": ["device"]});
    let user = format!("/users/{}", text(&admin.send("POST", "/users", body.clone(), 201).await.data()["id"]));
    admin.send("POST", "/users", body, 409).await;
    admin.send("POST", "/users", json!({}), 422).await;
    rep.send("POST", "/users", json!({"email": email, "password": PASSWORD}), 403).await;
    for path in ["/users", "/users?limit=1", "/users?status=ACTIVE&role=ADMIN", "/users?q=crm"] {
        admin.get(path, 200).await;
    }
    admin.get("/users?limit=0", 422).await;
    admin.get(&user, 200).await;
    admin.get(&format!("/users/{NOBODY}"), 404).await;
    for method in ["PATCH", "PUT"] {
        admin.send(method, &user, json!({"lastName": unique()}), 200).await;
        admin.ask(method, &user, Some(json!({"lastName": "X"})), &[("if-match", "\"99\"")], 412).await;
        admin.send(method, &format!("/teams/{team}"), json!({"name": unique()}), 200).await;
    }
    rep.send("PATCH", &format!("/users/{}", rep.person.id), json!({"role": "ADMIN"}), 403).await;
    admin.get("/teams", 200).await;
    admin.delete(&format!("/teams/{team}"), 409).await;
    admin.delete(&user, 204).await;
    admin.send("PATCH", &user, json!({"teamId": null}), 200).await;
    admin.delete(&format!("/teams/{team}"), 204).await;
    admin.delete(&format!("/teams/{team}"), 404).await;
    admin.delete(&format!("/users/{}", admin.person.id), 409).await;
    admin.get("/message-templates", 200).await;
    let template = json!({"subject": "Yours: {{ name }}", "body": "{{ actorName }} gave you {{ name }}.", "channels": ["IN_APP"], "enabled": true});
    for _ in 0..2 {
        admin.send("PUT", "/message-templates/TASK_ASSIGNED", template.clone(), 200).await;
    }
    admin.send("PUT", "/message-templates/TASK_ASSIGNED", json!({"body": "{{ password }}"}), 422).await;
    admin.send("PUT", "/message-templates/NONE", template.clone(), 404).await;
    rep.send("PUT", "/message-templates/TASK_ASSIGNED", template, 403).await;
    admin.get("/customer-levels", 200).await;
    let gold = json!({"name": "Gold", "minScore": 3.6, "benefits": "A call a month.", "code": "GOLD", "rank": 3});
    admin.send("PUT", "/customer-levels/GOLD", gold.clone(), 200).await;
    admin.ask("PUT", "/customer-levels/GOLD", Some(gold.clone()), &[("if-match", "\"99\"")], 412).await;
    admin.send("PUT", "/customer-levels/GOLD", json!({"name": "Gold", "minScore": 2}), 422).await;
    admin.send("PUT", "/customer-levels/COPPER", gold.clone(), 404).await;
    rep.send("PUT", "/customer-levels/GOLD", gold, 403).await;
    admin.get("/roles", 200).await;
    admin.get("/permissions", 200).await;
    admin.send("PUT", "/roles/ADMIN/permissions", json!({"permissions": []}), 409).await;
    admin.send("PUT", "/roles/NONE/permissions", json!({"permissions": []}), 404).await;
    admin.send("PUT", "/roles/MANAGER/permissions", json!({"permissions": ["customers:read_all"]}), 200).await;
}

async fn customers(admin: &Checked<'_>, rep: &Checked<'_>) {
    let email = format!("{}@api.example", unique());
    let full = json!({"name": "Acme", "firstName": "A", "lastName": "B", "company": "C", "email": email, "phone": "+4930123456", "birthday": "1984-02-29",
        "address": {"line1": "1 Street", "city": "Oslo", "country": "NO"}, "lifecycle": "PROSPECT", "engagement": "HOT", "marketingOptOut": true, "metadata": {"a": [1]}});
    let created = admin.send("POST", "/customers", full.clone(), 201).await;
    let path = format!("/customers/{}", text(&created.data()["id"]));
    admin.send("POST", "/customers", full.clone(), 409).await;
    let key = unique();
    admin.ask("POST", "/customers", Some(json!({"name": "One"})), &[("idempotency-key", &key)], 201).await;
    admin.ask("POST", "/customers", Some(json!({"name": "One"})), &[("idempotency-key", &key)], 201).await;
    admin.ask("POST", "/customers", Some(json!({"name": "Two"})), &[("idempotency-key", &key)], 409).await;
    admin.send("POST", "/customers", json!({"name": "Poor", "ownerId": null}), 201).await;
    admin.send("POST", "/customers", json!({"nam": 1}), 422).await;
    rep.send("POST", "/customers", json!({"name": "X"}), 403).await;
    for path in [
        "/customers",
        "/customers?limit=1",
        "/customers?archived=true",
        "/customers?ownerId=none",
        "/customers?notContactedSince=2026-01-01",
        "/customers?q=acme",
    ] {
        admin.get(path, 200).await;
    }
    admin.get("/customers?cursor=x", 422).await;
    admin.get(&path, 200).await;
    rep.get(&path, 404).await;
    for method in ["PATCH", "PUT"] {
        admin.send(method, &path, json!({"company": unique(), "address": null}), 200).await;
        admin.send(method, &path, json!({"lifecycle": "FORMER"}), 409).await;
        admin.ask(method, &path, Some(json!({"company": "X"})), &[("if-match", "\"99\"")], 412).await;
        admin.send(method, &format!("{path}/assign"), json!({"ownerId": rep.person.id}), 200).await;
        admin.send(method, &format!("{path}/assign"), json!({"ownerId": NOBODY}), 422).await;
        admin.send(method, &format!("{path}/assign"), json!({"ownerId": null}), 200).await;
    }
    admin.ask("DELETE", &path, None, &[("if-match", "\"1\"")], 412).await;
    admin.delete(&path, 204).await;
    admin.delete(&format!("/customers/{NOBODY}"), 404).await;
    admin.get(&path, 200).await;
    let huge = json!({"name": "X".repeat(300_000)});
    admin.send("POST", "/customers", huge, 413).await;
}

async fn leads(admin: &Checked<'_>, rep: &Checked<'_>) {
    let email = format!("{}@lead.example", unique());
    let full = json!({"title": "Deal", "description": "Long", "firstName": "A", "lastName": "B", "email": email, "phone": "+4930123457", "company": "C",
        "source": "website", "metadata": {"a": [1]}});
    let lead = text(&admin.send("POST", "/leads?allowDuplicate=true", full.clone(), 201).await.data()["id"]);
    let path = format!("/leads/{lead}");
    admin.send("POST", "/leads", full, 409).await;
    admin.send("POST", "/leads", json!({"firstName": "A"}), 422).await;
    rep.send("POST", "/leads", json!({"title": "X", "ownerId": null}), 403).await;
    let child = |mut body: Value| {
        body["leadId"] = json!(lead);
        body
    };
    activities(admin, &child).await;
    work(admin, &child).await;
    for path in [
        "/leads",
        "/leads?limit=1&status=NEW",
        "/leads?archived=true",
        "/leads?ownerId=none&source=x",
        "/leads?q=deal",
        "/leads?createdFrom=2026-01-01",
    ] {
        admin.get(path, 200).await;
    }
    admin.get("/leads?status=x", 422).await;
    admin.get(&path, 200).await;
    rep.get(&path, 404).await;
    for method in ["PATCH", "PUT"] {
        admin.send(method, &path, json!({"company": unique(), "description": null}), 200).await;
        admin.ask(method, &path, Some(json!({"company": "X"})), &[("if-match", "\"99\"")], 412).await;
        admin.send(method, &format!("{path}/assign"), json!({"ownerId": null}), 200).await;
        admin.send(method, &format!("{path}/assign"), json!({}), 422).await;
        admin.send(method, &format!("{path}/status"), json!({"status": "CLOSED", "closeReason": "WON", "closeNote": "x"}), 200).await;
        admin.send(method, &format!("{path}/status"), json!({"status": "QUALIFIED"}), 409).await;
        admin.send(method, &format!("{path}/status?allowDuplicate=true"), json!({"status": "NEW"}), 200).await;
    }
    admin.ask("POST", &format!("{path}/convert"), None, &[("if-match", "\"99\"")], 412).await;
    admin.ask("POST", &format!("{path}/convert"), None, &[], 200).await;
    admin.send("POST", &format!("{path}/convert"), json!({"customerId": "x"}), 422).await;
    admin.get(&path, 200).await;
    for (method, path, body) in [
        ("PATCH", path.clone(), json!({"company": "X"})),
        ("PATCH", format!("{path}/assign"), json!({"ownerId": null})),
        ("PATCH", format!("{path}/status"), json!({"status": "CLOSED"})),
        ("POST", "/activities".into(), child(json!({"type": "CALL"}))),
        ("POST", "/follow-ups".into(), child(json!({"dueAt": "2031-01-01T00:00:00Z"}))),
        ("POST", "/tasks".into(), child(json!({"title": "X"}))),
    ] {
        assert_eq!(admin.send(method, &path, body, 409).await.code(), "LEAD_CONVERTED");
    }
    admin.delete(&path, 409).await;
    let other = format!("/leads/{}", text(&admin.person.lead(json!({})).await["id"]));
    admin.delete(&other, 204).await;
    admin.send("POST", &format!("{other}/convert"), json!({}), 409).await;
    admin.delete(&format!("{other}?hard=true"), 204).await;
    admin.delete(&other, 404).await;
}

async fn activities(admin: &Checked<'_>, child: &impl Fn(Value) -> Value) {
    let full = child(
        json!({"type": "CALL", "body": "Long", "direction": "INBOUND", "durationMin": 5, "outcome": "Yes", "occurredAt": "2026-01-01T00:00:00Z"}),
    );
    let path = format!("/activities/{}", text(&admin.send("POST", "/activities", full, 201).await.data()["id"]));
    admin.send("POST", "/activities", child(json!({"type": "NOTE"})), 422).await;
    admin.get(&format!("/activities?leadId={}", child(json!({}))["leadId"].as_str().unwrap_or_default()), 200).await;
    admin.get("/activities?createdBy=me&type=CALL&from=2026-01-01&to=2026-01-02&sort=occurredAt", 200).await;
    admin.get("/activities", 422).await;
    admin.get(&path, 200).await;
    for method in ["PATCH", "PUT"] {
        admin.send(method, &path, json!({"outcome": unique(), "body": null}), 200).await;
        admin.ask(method, &path, Some(json!({"outcome": "X"})), &[("if-match", "\"99\"")], 412).await;
    }
    admin.delete(&path, 204).await;
    admin.get(&path, 404).await;
    let customer = text(&admin.person.customer(json!({})).await["id"]);
    admin.send("POST", &format!("/customers/{customer}/notes"), json!({"body": "A note"}), 201).await;
    admin.get(&format!("/customers/{customer}"), 200).await;
    admin.send("POST", &format!("/customers/{NOBODY}/notes"), json!({"body": "A note"}), 404).await;
}

async fn work(admin: &Checked<'_>, child: &impl Fn(Value) -> Value) {
    let due = "2031-01-01T00:00:00Z";
    let follow_up =
        format!("/follow-ups/{}", text(&admin.send("POST", "/follow-ups", child(json!({"dueAt": due, "notes": "N"})), 201).await.data()["id"]));
    admin.get("/follow-ups?due=soon", 200).await;
    admin.get("/follow-ups?due=x", 422).await;
    admin.get(&follow_up, 200).await;
    for method in ["PATCH", "PUT"] {
        admin.send(method, &follow_up, json!({"status": "COMPLETED"}), 200).await;
        admin.send(method, &follow_up, json!({"status": "PENDING"}), 409).await;
    }
    admin.delete(&follow_up, 409).await;
    let other = format!("/follow-ups/{}", text(&admin.send("POST", "/follow-ups", child(json!({"dueAt": due})), 201).await.data()["id"]));
    admin.delete(&other, 204).await;
    admin.get(&other, 404).await;
    let customer = text(&admin.person.customer(json!({})).await["id"]);
    let project = json!({"name": "P", "customerId": customer, "description": "D", "startDate": "2026-01-01", "memberIds": [admin.person.id]});
    let project = text(&admin.send("POST", "/projects", project, 201).await.data()["id"]);
    admin.send("POST", "/projects", json!({"name": "P", "customerId": NOBODY}), 422).await;
    let series = json!({"title": "T", "description": "D", "dueAt": due, "projectId": project, "recurrence": {"every": 1, "unit": "MONTH", "until": "2032-01-01"}});
    let task = text(&admin.send("POST", "/tasks", series, 201).await.data()["id"]);
    admin.send("POST", "/tasks", json!({"title": ""}), 422).await;
    admin.get("/tasks?status=open&due=today", 200).await;
    admin.get(&format!("/tasks?projectId={project}"), 200).await;
    admin.get("/tasks?status=x", 422).await;
    let log = text(
        &admin.send("POST", "/worklogs", json!({"workDate": "2026-01-31", "minutes": 5, "description": "W", "taskId": task}), 201).await.data()["id"],
    );
    admin.send("POST", "/worklogs", json!({"minutes": 0}), 422).await;
    admin.get(&format!("/worklogs?projectId={project}"), 200).await;
    admin.get("/worklogs?userId=me", 200).await;
    let (task, project, log) = (format!("/tasks/{task}"), format!("/projects/{project}"), format!("/worklogs/{log}"));
    admin.get(&task, 200).await;
    admin.get(&project, 200).await;
    admin.get("/projects?status=PLANNED", 200).await;
    admin.get("/projects?q=p", 422).await;
    // A list of what hangs below a record looks at the record first.
    for path in ["/activities?leadId", "/follow-ups?customerId", "/tasks?projectId", "/projects?customerId", "/worklogs?taskId"] {
        admin.get(&format!("{path}={NOBODY}"), 404).await;
    }
    for method in ["PATCH", "PUT"] {
        admin.send(method, &task, json!({"priority": "LOW"}), 200).await;
        admin.send(method, &format!("{task}/status"), json!({"status": "DONE"}), 200).await;
        admin.send(method, &format!("{task}/status"), json!({"status": "CANCELLED"}), 409).await;
        admin.send(method, &project, json!({"name": unique()}), 200).await;
        admin.send(method, &project, json!({"status": "COMPLETED"}), 409).await;
    }
    admin.delete(&task, 204).await;
    admin.delete(&task, 404).await;
    admin.delete(&log, 204).await;
}

async fn promotions(admin: &Checked<'_>, rep: &Checked<'_>, customer: &str, product: &str) {
    let body = json!({"code": unique(), "name": "Ten", "trigger": "MANUAL", "discountType": "PERCENT", "discountValue": 10});
    let made = admin.send("POST", "/promotions", body.clone(), 201).await.data().clone();
    let promotion = format!("/promotions/{}", text(&made["id"]));
    admin.send("POST", "/promotions", body.clone(), 409).await;
    admin.send("POST", "/promotions", json!({"code": "", "trigger": "REFERRAL"}), 422).await;
    rep.send("POST", "/promotions", body, 403).await;
    let assign = format!("{promotion}/assign");
    admin.send("POST", &assign, json!({"customerId": customer}), 409).await;
    for method in ["PATCH", "PUT"] {
        admin.send(method, &promotion, json!({"name": unique(), "status": "ACTIVE"}), 200).await;
    }
    admin.send("PATCH", &promotion, json!({"status": "DRAFT"}), 409).await;
    admin.send("POST", &assign, json!({"customerId": customer}), 201).await;
    admin.send("POST", &assign, json!({"customerId": customer}), 200).await;
    admin.send("POST", &assign, json!({"customerId": NOBODY}), 422).await;
    rep.send("POST", &assign, json!({"customerId": customer}), 403).await;
    for path in ["/promotions", "/promotions?status=ACTIVE&trigger=MANUAL", "/promotions?q=ten", "/promotions?sort=createdAt&limit=1"] {
        rep.get(path, 200).await;
    }
    rep.get("/promotions?status=x", 422).await;
    rep.get(&promotion, 200).await;
    rep.get(&format!("/promotions/{NOBODY}"), 404).await;
    admin.get(&format!("/customers/{customer}/promotions"), 200).await;
    rep.get(&format!("/customers/{customer}/promotions"), 404).await;
    let order = json!({"customerId": customer, "items": [{"productId": product, "quantity": 1}], "promotionCodes": [made["code"]]});
    let placed = admin.send("POST", "/orders", order.clone(), 201).await.data().clone();
    admin.send("POST", "/orders", order, 422).await;
    admin.send("PATCH", &format!("/orders/{}/status", text(&placed["id"])), json!({"status": "CANCELLED"}), 200).await;
    admin.delete(&promotion, 204).await;
    admin.delete(&format!("/promotions/{NOBODY}"), 404).await;
}

async fn campaigns(admin: &Checked<'_>, rep: &Checked<'_>) {
    let body =
        json!({"name": unique(), "channel": "EMAIL", "subject": "Hello", "body": "Hello {{ name }}", "segment": {"ownerIds": [rep.person.id]}});
    let made = admin.send("POST", "/campaigns", body.clone(), 201).await.data().clone();
    let campaign = format!("/campaigns/{}", text(&made["id"]));
    admin.send("POST", "/campaigns", json!({"name": "", "channel": "EMAIL"}), 422).await;
    rep.send("POST", "/campaigns", body, 403).await;
    for path in ["/campaigns", "/campaigns?status=DRAFT", "/campaigns?q=hello", "/campaigns?sort=createdAt&limit=1"] {
        admin.get(path, 200).await;
    }
    admin.get("/campaigns?status=x", 422).await;
    rep.get("/campaigns", 403).await;
    admin.get(&format!("{campaign}/preview"), 200).await;
    admin.get(&format!("/campaigns/{NOBODY}"), 404).await;
    for method in ["PATCH", "PUT"] {
        admin.send(method, &campaign, json!({"name": unique(), "scheduledAt": "2999-01-01T00:00:00Z"}), 200).await;
    }
    admin.send("PATCH", &campaign, json!({"body": "{{ nmae }}"}), 422).await;
    rep.send("POST", &format!("{campaign}/execute"), json!({}), 403).await;
    admin.send("POST", &format!("{campaign}/execute"), json!({}), 202).await;
    admin.send("POST", &format!("{campaign}/execute"), json!({}), 409).await;
    admin.send("PATCH", &campaign, json!({"name": "Other"}), 409).await;
}

async fn shop(admin: &Checked<'_>, rep: &Checked<'_>) {
    let sku = unique();
    let body = json!({"sku": sku, "name": "Engine", "category": "Engines", "priceMinor": 1000, "description": "Brass"});
    let product = text(&admin.send("POST", "/products", body.clone(), 201).await.data()["id"]);
    admin.send("POST", "/products", body.clone(), 409).await;
    admin.send("POST", "/products", json!({"sku": sku, "priceMinor": -1}), 422).await;
    rep.send("POST", "/products", body, 403).await;
    for path in ["/products", "/products?active=true&category=engines", "/products?q=engine", "/products?sort=-name&limit=1"] {
        rep.get(path, 200).await;
    }
    rep.get("/products?active=x", 422).await;
    rep.get(&format!("/products/{product}"), 200).await;
    rep.get(&format!("/products/{NOBODY}"), 404).await;
    for method in ["PATCH", "PUT"] {
        admin.send(method, &format!("/products/{product}"), json!({"name": unique(), "category": null}), 200).await;
    }
    let customer = text(&admin.person.customer(json!({"lifecycle": "PROSPECT"})).await["id"]);
    promotions(admin, rep, &customer, &product).await;
    campaigns(admin, rep).await;
    let body = json!({"customerId": customer, "items": [{"productId": product, "quantity": 2}], "note": "Soon"});
    let order = format!("/orders/{}", text(&admin.send("POST", "/orders", body.clone(), 201).await.data()["id"]));
    rep.send("POST", "/orders", body.clone(), 422).await;
    admin.send("POST", "/orders", json!({"customerId": customer, "items": []}), 422).await;
    let pay = format!("{order}/transactions");
    let payment = json!({"type": "PAYMENT", "method": "CARD", "amountMinor": 2000, "externalRef": unique()});
    rep.send("POST", &pay, payment.clone(), 403).await;
    admin.send("POST", &pay, payment.clone(), 201).await;
    admin.send("POST", &pay, payment, 409).await;
    admin.send("POST", &pay, json!({"type": "REFUND", "method": "CARD", "amountMinor": 0}), 422).await;
    admin.get(&order, 200).await;
    rep.get(&order, 404).await;
    for path in [
        "/orders",
        "/orders?status=PENDING&paymentStatus=PAID",
        "/orders?from=2026-01-01&sort=placedAt",
        "/transactions",
        "/transactions?type=PAYMENT",
    ] {
        admin.get(path, 200).await;
    }
    admin.get(&format!("/orders?customerId={customer}&status=PENDING"), 200).await;
    admin.get(&format!("/orders?customerId={NOBODY}"), 404).await;
    admin.get(&format!("/transactions?orderId={NOBODY}"), 404).await;
    admin.get("/transactions?status=x", 422).await;
    for path in ["/messages", "/messages?kind=WELCOME&status=SENT", "/messages?from=2026-01-01&sort=createdAt"] {
        admin.get(path, 200).await;
    }
    admin.get(&format!("/messages?customerId={customer}"), 200).await;
    admin.get(&format!("/messages?customerId={NOBODY}"), 404).await;
    admin.get("/messages?kind=x", 422).await;
    let message = format!("/messages/{}/retry", admin.person.crm.failed_message(&customer).await);
    rep.send("POST", &message, json!({}), 403).await;
    admin.send("POST", &message, json!({}), 200).await;
    admin.send("POST", &format!("/messages/{NOBODY}/retry"), json!({}), 404).await;
    for (status, answer) in [("CONFIRMED", 200), ("CANCELLED", 409), ("PENDING", 409)] {
        admin.send("PATCH", &format!("{order}/status"), json!({"status": status}), answer).await;
    }
    admin.delete(&format!("/customers/{customer}"), 204).await;
    admin.send("POST", "/orders", body, 409).await;
}

async fn operations(nobody: &Checked<'_>, admin: &Checked<'_>) {
    for path in ["/health", "/health/ready", "/openapi.json", "/docs"] {
        nobody.person.get(path).await.expect(200);
        nobody.document.check("GET", path, &nobody.person.get(path).await);
    }
    admin.get("/health/ready", 200).await;
    admin.get("/settings", 200).await;
    nobody.get("/settings", 401).await;
    admin.send("PATCH", "/settings", json!({"dueSoonDays": 5}), 200).await;
    admin.send("PATCH", "/settings", json!({"dueSoonDays": "x"}), 422).await;
    let crm = &admin.person.crm;
    crm.embedded().queues.send("work", vec!["nonsense".into()], Duration::ZERO).await.expect("sent");
    let id = eventually("it is parked", Duration::from_secs(10), || async { admin.person.ids("/admin/dead-letters").await.first().cloned() }).await;
    admin.get("/admin/dead-letters", 200).await;
    admin.get("/admin/dead-letters?queue=none", 422).await;
    admin.get("/admin/dead-letters?cause=work&limit=1", 200).await;
    let one = format!("/admin/dead-letters/{id}");
    admin.ask("DELETE", &one, Some(json!({})), &[], 422).await;
    admin.ask("POST", &format!("/admin/dead-letters/{id}/redrive"), None, &[], 202).await;
    admin.send("POST", "/admin/dead-letters/redrive", json!({"cause": "of nothing"}), 202).await;
    admin.send("POST", "/admin/dead-letters/redrive", json!({"queue": "none"}), 422).await;
    admin.ask("DELETE", &one, Some(json!({"reason": "It is gone"})), &[], 404).await;
    let id = eventually("it is parked again", Duration::from_secs(10), || async {
        admin.person.ids("/admin/dead-letters").await.into_iter().find(|other| *other != id)
    })
    .await;
    admin.ask("DELETE", &format!("/admin/dead-letters/{id}"), Some(json!({"reason": "Nonsense"})), &[], 204).await;
    admin.ask("POST", &format!("/admin/dead-letters/{id}/redrive"), None, &[], 404).await;
}

#[tokio::test]
async fn every_operation_answers_as_the_document_says() {
    let crm = Crm::start().await;
    let document = Document::of(&crm).await;
    let checked = |person| Checked { document: &document, person };
    let (nobody, admin, rep) = (checked(crm.nobody()), checked(crm.admin().await), checked(crm.person("SALES_REP", None).await));
    sign_in(&nobody, &admin).await;
    customers(&admin, &rep).await;
    leads(&admin, &rep).await;
    shop(&admin, &rep).await;
    operations(&nobody, &admin).await;
    told(&admin, &rep).await;
    people(&admin, &rep).await;
    samples(&document).await;
    let unseen: Vec<&str> = document.operations().map(|(name, _)| name).filter(|name| !document.answered(name)).collect();
    assert!(unseen.is_empty(), "{unseen:?} were not called with success in tests/api/openapi.rs");
}

/// The samples of the routes that nobody called above.
async fn samples(document: &Document) {
    for (folder, route) in local::routes().into_iter().flat_map(|(folder, routes)| routes.into_iter().map(move |route| (folder, route))) {
        for (method, name) in [(route.method.as_str(), route.name.to_owned()), ("PUT", format!("put_{}", route.name))] {
            if document.operations().any(|(known, _)| known == name) && !document.answered(&name) {
                let story = Story::tell().await.expect("told");
                let mut request = request(&story, folder, &route);
                *request.method_mut() = method.parse().expect("a method");
                document.check(method, route.path, &story.crm.answer(request).await.into());
            }
        }
    }
}

/// The document as it is committed.
fn committed() -> Document {
    Document { document: serde_json::from_str(&crate::structure::read("docs/openapi.json")).expect("JSON"), seen: Mutex::default() }
}

#[test]
fn every_example_is_what_its_schema_says() {
    let document = committed();
    for (name, operation) in document.operations() {
        if let Some(body) = operation.get("requestBody") {
            let content = &body["content"]["application/json"];
            document.check_example(&format!("{name}, request"), &content["schema"], &content["example"]);
        }
        for (status, response) in operation["responses"].as_object().expect("responses") {
            for content in response["content"].as_object().into_iter().flat_map(|content| content.values()) {
                let named = content["examples"].as_object().into_iter().flat_map(|examples| examples.values());
                let examples: Vec<&Value> =
                    content.get("example").into_iter().chain(named.map(|example| &document.resolved(example)["value"])).collect();
                assert!(!examples.is_empty(), "{name} {status} has no example");
                for example in examples {
                    document.check_example(&format!("{name} {status}"), &content["schema"], example);
                }
            }
        }
    }
    let components = &document.document["components"];
    for (name, example) in components["examples"].as_object().expect("examples") {
        document.check_example(name, &json!({"$ref": "#/components/schemas/Problem"}), &example["value"]);
    }
    for (name, response) in components["responses"].as_object().expect("responses") {
        let examples = response["content"]["application/problem+json"]["examples"].as_object().expect("examples");
        assert!(!examples.is_empty() && examples.values().all(|example| document.resolved(example).is_object()), "{name}");
    }
    walk("", &document.document, &mut |place, schema| {
        for example in schema.get("examples").and_then(Value::as_array).into_iter().flatten() {
            document.check_example(place, schema, example);
        }
    });
}

#[test]
fn every_field_and_parameter_says_what_it_is() {
    let document = committed();
    walk("", &document.document, &mut |place, value| {
        for (name, field) in value.get("properties").and_then(Value::as_object).into_iter().flatten() {
            assert!(field["description"].as_str().is_some_and(|text| !text.is_empty()), "{place} does not say what {name} is; a doc comment does");
        }
        for parameter in value.get("parameters").and_then(Value::as_array).into_iter().flatten() {
            let text = document.resolved(parameter)["description"].as_str();
            assert!(text.is_some_and(|text| !text.is_empty()), "{place} does not say what {parameter} is; a doc comment does");
        }
    });
}

#[test]
fn everything_has_a_name_and_every_name_a_use() {
    let document = committed();
    let mut used = BTreeSet::new();
    walk("", &document.document, &mut |place, value| {
        used.extend(value.get("$ref").and_then(Value::as_str).map(str::to_owned));
        let nested = value.get("properties").is_some_and(Value::is_object) && place.contains("/properties/");
        assert!(!nested && value.get("enum").is_none_or(|_| place.matches('/').count() == 3), "{place} is not named");
    });
    for (kind, named) in document.document["components"].as_object().expect("components") {
        for name in named.as_object().expect("named").keys().filter(|_| kind != "securitySchemes" && kind != "examples") {
            // What a path answers where it has no operation.
            let wanted = used.contains(&format!("#/components/{kind}/{name}")) || name == "MethodNotAllowed";
            assert!(wanted, "nothing refers to {kind}/{name}");
        }
    }
    for reference in used {
        assert!(document.document.pointer(reference.trim_start_matches('#')).is_some(), "{reference} leads nowhere");
    }
    for item in document.document["paths"].as_object().expect("paths").values() {
        assert!(item["put"].is_null() || item["patch"].is_null(), "PUT does what PATCH does, which is described");
    }
}

#[test]
fn answers_may_get_more_fields_and_bodies_may_not() {
    let document = committed();
    let mut bodies = 0;
    for (name, operation) in document.operations() {
        if let Some(body) = operation.get("requestBody") {
            let schema = document.resolved(&body["content"]["application/json"]["schema"]);
            assert_eq!(schema["additionalProperties"], json!(false), "{name}");
            bodies += 1;
        }
        for response in operation["responses"].as_object().expect("responses").values() {
            for content in response["content"].as_object().into_iter().flat_map(|content| content.values()) {
                let mut open = vec![&content["schema"]];
                while let Some(schema) = open.pop() {
                    walk(name, document.resolved(schema), &mut |place, value| {
                        assert_ne!(value["additionalProperties"], json!(false), "{place}");
                        if value.get("$ref").is_some() {
                            open.push(value);
                        }
                    });
                }
            }
        }
    }
    assert!(bodies > 20);
}

#[tokio::test]
async fn the_document_is_not_sent_to_who_has_it() {
    let crm = Crm::start().await;
    for path in ["/openapi.json", "/docs"] {
        let first = crm.nobody().get(path).await.expect(200);
        let tag = first.header("etag").expect("a tag").to_owned();
        let again = crm.nobody().ask("GET", path, None, &[("if-none-match", &tag)]).await.expect(304);
        assert_eq!((again.text.as_str(), again.header("etag")), ("", Some(tag.as_str())));
        crm.nobody().ask("GET", path, None, &[("if-none-match", "\"other\"")]).await.expect(200);
    }
}

#[tokio::test]
async fn a_method_that_a_path_does_not_have_is_answered_as_documented() {
    let crm = Crm::start().await;
    let document = Document::of(&crm).await;
    let reply = crm.nobody().delete("/health").await.expect(405);
    let response = document.resolved(&json!({"$ref": "#/components/responses/MethodNotAllowed"})).clone();
    document.check_headers("405", &response, &reply);
    assert_eq!(reply.header("allow"), Some("GET, HEAD"));
}
