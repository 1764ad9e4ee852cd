//! The HTTP edge: bad input, repeats, versions, paths.

use crate::crm::{Ask, PASSWORD, unique};
use crate::people::text;
use crate::{Crm, Person, eventually, together};
use serde_json::{Value, json};
use std::time::Duration;

pub async fn every_wrong_field_is_named_and_nothing_is_written(crm: Crm) {
    let team = crm.team().await;
    let manager = crm.person("MANAGER", Some(&team)).await;
    let body = json!({
        "name": "", "email": "not an address", "phone": "12", "birthday": "2026-02-30", "lifecycle": "customer", "engagement": 5,
        "address": {"city": 1, "planet": "Mars"}, "metadata": [], "marketingOptOut": "yes", "ownerId": "me", "referredById": 7,
        "id": "x", "version": 3, "createdAt": "2026-01-01T00:00:00Z",
    });
    let refused = manager.post("/customers?allowDuplicate=perhaps&dry=1", body).await.expect(422);
    let expected = [
        "/address/city",
        "/address/planet",
        "/birthday",
        "/createdAt",
        "/email",
        "/engagement",
        "/id",
        "/lifecycle",
        "/marketingOptOut",
        "/metadata",
        "/name",
        "/ownerId",
        "/phone",
        "/referredById",
        "/version",
        "?allowDuplicate",
        "?dry",
    ];
    assert_eq!(refused.pointers(), expected);
    assert_eq!(refused.header("content-type"), Some("application/problem+json"));
    assert_eq!((refused.code(), &refused.body["success"]), ("VALIDATION", &json!(false)));
    assert_eq!(refused.body["instance"].as_str(), refused.header("x-request-id"));
    let large = json!({"name": "X", "metadata": {"a": "x".repeat(17_000)}});
    assert_eq!(manager.post("/customers", large).await.expect(422).pointers(), ["/metadata"]);
    assert_eq!(manager.ids("/customers?ownerId=me").await, Vec::<String>::new());
}

pub async fn a_body_that_is_not_json_is_400_415_or_413(crm: Crm) {
    let admin = crm.admin().await;
    let send = async |body: Vec<u8>, kind: &str| {
        let headers = vec![("authorization".into(), format!("Bearer {}", admin.token)), ("content-type".into(), kind.into())];
        crm.send(Ask { method: "POST", path: "/customers".into(), headers, body }).await
    };
    for bad in [&b"{"[..], b"", b"{\"name\":}", b"nonsense", b"\xff\xfe", &b"[".repeat(5000)] {
        assert_eq!(send(bad.to_vec(), "application/json").await.expect(400).code(), "MALFORMED");
    }
    let refused = send(b"[]".to_vec(), "application/json").await.expect(422);
    assert_eq!(refused.body["detail"], json!("The body must be an object"));
    // Well-formed, but more than can be kept.
    let deep = [&b"{\"metadata\":"[..], &b"[".repeat(200), &b"]".repeat(200), b"}"].concat();
    for (body, rule) in [(b"{\"name\":1e400}".to_vec(), "range"), (deep, "depth"), (b"{\"name\":\"\\ud800\"}".to_vec(), "text")] {
        let refused = send(body, "application/json").await.expect(422);
        assert_eq!((refused.code(), &refused.body["errors"][0]["rule"]), ("VALIDATION", &json!(rule)));
        let detail = text(&refused.body["detail"]);
        assert!(detail.starts_with("The body has ") || detail.starts_with("The body is "), "{detail}");
    }
    // An answer names fifty wrong fields, however many there are.
    let many: serde_json::Map<String, Value> = (0..20_000).map(|number| (format!("f{number}"), json!(1))).collect();
    let refused = send(serde_json::to_vec(&many).expect("json"), "application/json").await.expect(422);
    assert_eq!(refused.body["errors"].as_array().map(Vec::len), Some(50));
    assert!(text(&refused.body["detail"]).starts_with("20001 fields are wrong; the first 50"), "{}", refused.body["detail"]);
    send(b"null".to_vec(), "application/json; charset=utf-8").await.expect(422);
    send(b"name=x".to_vec(), "application/x-www-form-urlencoded").await.expect(415);
    let huge = format!("{{\"name\":\"{}\"}}", "x".repeat(300_000)).into_bytes();
    assert_eq!(send(huge, "application/json").await.expect(413).code(), "TOO_LARGE");
}

pub async fn unknown_paths_and_methods_are_problems(crm: Crm) {
    let admin = crm.admin().await;
    assert_eq!(admin.get("/nowhere").await.expect(404).code(), "NOT_FOUND");
    let missing = admin.get("/customers/01900000-0000-7000-8000-000000000000").await.expect(404);
    assert_eq!(missing.code(), "NOT_FOUND");
    for bad in ["/customers/1", "/customers/01900000000070008000000000000000", "/customers/%00", "/users/me"] {
        admin.get(bad).await.expect(404);
    }
    let nobody = crm.nobody();
    for path in ["/customers", "/users", "/auth/me", "/settings"] {
        let refused = nobody.get(path).await.expect(401);
        assert_eq!((refused.code(), refused.header("www-authenticate")), ("UNAUTHENTICATED", Some("Bearer")));
    }
}

pub async fn an_idempotency_key_repeats_the_answer(crm: Crm) {
    let admin = crm.admin().await;
    let body = json!({"name": format!("Once {}", unique()), "email": format!("{}@once.example", unique())});
    let key = unique();
    let send = async || admin.ask("POST", "/customers", Some(&body), &[("idempotency-key", &key)]).await;
    let (first, second) = (send().await.expect(201), send().await.expect(201));
    assert_eq!(first.body, second.body);
    assert_eq!((first.header("idempotency-replayed"), second.header("idempotency-replayed")), (None, Some("true")));
    assert_eq!(first.header("location"), second.header("location"));
    // The query does not belong to the key.
    let with_query = admin.ask("POST", "/customers?allowDuplicate=true", Some(&body), &[("idempotency-key", &key)]).await.expect(201);
    assert_eq!((&with_query.body, with_query.header("idempotency-replayed")), (&first.body, Some("true")));
    // A refused request does not use the key up.
    let other = unique();
    admin.ask("POST", "/customers", Some(&json!({"name": ""})), &[("idempotency-key", &other)]).await.expect(422);
    admin.ask("POST", "/customers", Some(&json!({"name": "Fine"})), &[("idempotency-key", &other)]).await.expect(201);
    let long = "k".repeat(256);
    admin.ask("POST", "/customers", Some(&body), &[("idempotency-key", &long)]).await.expect(422);
}

pub async fn an_idempotency_key_is_bound_to_its_body(crm: Crm) {
    let admin = crm.admin().await;
    let key = unique();
    let send = async |name: &str| admin.ask("POST", "/customers", Some(&json!({"name": name})), &[("idempotency-key", &key)]).await;
    send("One").await.expect(201);
    assert_eq!(send("Two").await.expect(409).code(), "IDEMPOTENCY_CONFLICT");
    // Another user's key is another key.
    let team = crm.team().await;
    let manager = crm.person("MANAGER", Some(&team)).await;
    manager.ask("POST", "/customers", Some(&json!({"name": "Two"})), &[("idempotency-key", &key)]).await.expect(201);
}

pub async fn twenty_posts_with_one_key_make_one_record(crm: Crm) {
    let admin = crm.admin().await;
    let key = unique();
    let body = json!({"name": format!("Racer {}", unique())});
    let replies = together(20, |_| {
        let (admin, key, body) = (admin.clone(), key.clone(), body.clone());
        async move { admin.ask("POST", "/customers", Some(&body), &[("idempotency-key", &key)]).await }
    })
    .await;
    let mut ids: Vec<String> = replies.iter().map(|reply| text(&reply.data()["id"])).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 1);
}

/// Whoever has an e-mail address, a user name or a team's name already is named as far as the caller may see them.
pub async fn who_has_what_is_unique_is_named_inside_reach(crm: Crm) {
    let admin = crm.admin().await;
    let team = crm.team().await;
    let (mate, stranger) = (crm.person("SALES_REP", Some(&team)).await, crm.person("SALES_REP", None).await);
    let of = async |person: &Person| person.get("/auth/me").await.expect(200).data().clone();
    let (mate_record, stranger_record) = (of(&mate).await, of(&stranger).await);
    let new = json!({"email": stranger_record["email"], "password": PASSWORD});
    let taken = admin.post("/users", new).await.expect(409);
    assert_eq!((taken.code(), taken.pointers()), ("DUPLICATE", vec!["/email"]));
    assert_eq!(taken.body["matches"], json!({"ids": [stranger_record["id"]], "hidden": 0}));
    let own = format!("/users/{}", text(&mate_record["id"]));
    let wanted = json!({"email": stranger_record["email"], "currentPassword": PASSWORD});
    assert_eq!(mate.patch(&own, wanted).await.expect(409).body["matches"], json!({"ids": [], "hidden": 1}));
    let name = text(&admin.get(&format!("/teams/{team}")).await.expect(200).data()["name"]).to_uppercase();
    let taken = admin.post("/teams", json!({"name": name})).await.expect(409);
    assert_eq!((taken.pointers(), &taken.body["matches"]), (vec!["/name"], &json!({"ids": [team], "hidden": 0})));
}

/// Whatever field a conflict is about is named.
pub async fn a_conflict_names_the_field_that_it_is_about(crm: Crm) {
    let admin = crm.admin().await;
    let lead = format!("/leads/{}", text(&admin.lead(json!({"title": "Roof"})).await["id"]));
    let other = admin.customer(json!({})).await["id"].clone();
    admin.post(&format!("{lead}/convert"), json!({})).await.expect(200);
    let closed = admin.patch(&format!("{lead}/status"), json!({"status": "CONTACTED"})).await.expect(409);
    assert_eq!((closed.code(), closed.pointers()), ("LEAD_CONVERTED", vec!["/status"]));
    let again = admin.post(&format!("{lead}/convert"), json!({"customerId": other})).await.expect(409);
    assert_eq!((again.code(), again.pointers()), ("LEAD_CONVERTED", vec!["/customerId"]));
    let team = crm.team().await;
    let members: Vec<String> = (0..21).map(|n| format!("01900000-0000-7000-8000-0000000000{n:02}")).collect();
    let many = admin.patch(&format!("/teams/{team}"), json!({"memberIds": members})).await.expect(409);
    assert_eq!((many.code(), many.pointers()), ("LIMIT_REACHED", vec!["/memberIds"]));
}

/// A record is sent back under its version although its owner has another name by now.
pub async fn an_owner_who_was_renamed_is_in_nobodys_way(crm: Crm) {
    let admin = crm.admin().await;
    let rep = crm.person("SALES_REP", None).await;
    let path = format!("/customers/{}", text(&admin.customer(json!({"ownerId": rep.id})).await["id"]));
    let mut read = admin.get(&path).await.data().clone();
    admin.patch(&format!("/users/{}", rep.id), json!({"lastName": "Renamed"})).await.expect(200);
    let follows = || async { (admin.get(&path).await.data()["owner"] != read["owner"]).then_some(()) };
    eventually("the owner's new name", Duration::from_secs(20), follows).await;
    read["company"] = json!("Acme");
    let put = admin.ask("PUT", &path, Some(&read), &[("if-match", "\"1\"")]).await.expect(200);
    assert_eq!(put.data()["company"], "Acme");
}

/// What forms send for a field that was left blank, and numbers and times as other languages write them.
pub async fn blanks_whole_numbers_and_far_times_are_read_as_meant(crm: Crm) {
    let admin = crm.admin().await;
    let blank =
        json!({"name": "Ada", "company": "", "phone": " ", "email": "\t", "birthday": "", "address": "  ", "engagement": "", "referredById": " "});
    let customer = admin.make("/customers", blank).await;
    // Nobody is no field that was left blank.
    let assign = format!("/customers/{}/assign", text(&customer["id"]));
    for nobody in ["", " "] {
        assert_eq!(admin.patch(&assign, json!({"ownerId": nobody})).await.expect(422).pointers(), ["/ownerId"]);
    }
    let fields = ["company", "phone", "email", "birthday", "address", "referredById"];
    assert!(fields.iter().all(|field| customer[*field].is_null()), "{customer}");
    assert_eq!(customer["engagement"], "WARM");
    let daily = json!({"title": "Call", "dueAt": "2027-01-05T09:00:00Z", "recurrence": {"every": 2.0, "unit": "DAY", "until": "2027-01-05"}});
    let task = admin.make("/tasks", daily).await;
    assert_eq!(task["recurrence"]["every"], 2);
    let ended = json!({"title": "Call", "recurrence": {"every": 1, "unit": "DAY", "until": "2020-01-01"}});
    assert_eq!(admin.post("/tasks", ended).await.expect(422).pointers(), ["/recurrence/until"]);
    // A series that was right is not wrong because its first day moved.
    let moved = json!({"dueAt": "2027-02-01T09:00:00Z", "recurrence": task["recurrence"]});
    admin.patch(&format!("/tasks/{}", text(&task["id"])), moved).await.expect(200);
    let late = admin.post("/tasks", json!({"title": "Call", "dueAt": "9999-12-31T23:59:59Z"})).await.expect(422);
    assert_eq!(late.body["errors"][0]["message"], "must be at 9999-12-30T22:00:00.999Z at the latest");
    admin.lead(json!({})).await;
    let after_all =
        ["/leads?createdFrom=9999-12-31", "/customers?createdFrom=9999-12-31", "/tasks?due=after:9999-12-30", "/follow-ups?due=after:9999-12-31"];
    for path in after_all.into_iter().chain(["/activities?createdBy=me&from=9999-12-31"]) {
        assert_eq!(admin.get(path).await.expect(200).data(), &json!([]), "{path}");
    }
    for path in ["/leads?createdTo=9999-12-31", "/tasks?due=before:9999-12-31", "/worklogs?from=2026-01-01&to=9999-12-31"] {
        admin.get(path).await.expect(200);
    }
}

pub async fn a_stale_if_match_is_412_and_changes_nothing(crm: Crm) {
    let admin = crm.admin().await;
    let path = format!("/customers/{}", text(&admin.customer(json!({})).await["id"]));
    let patch = async |tag: &str, company: &str| admin.ask("PATCH", &path, Some(&json!({"company": company})), &[("if-match", tag)]).await;
    patch("\"1\"", "One").await.expect(200);
    let stale = patch("\"1\"", "Two").await.expect(412);
    assert_eq!((stale.code(), &stale.body["version"]), ("VERSION_MISMATCH", &json!(2)));
    patch("nonsense", "Three").await.expect(412);
    patch("*", "Four").await.expect(200);
    assert_eq!(admin.get(&path).await.data()["company"], "Four");
}

pub async fn hostile_cursors_and_ids_are_refused(crm: Crm) {
    let admin = crm.admin().await;
    admin.customer(json!({})).await;
    admin.customer(json!({})).await;
    let page = admin.get("/customers?limit=1").await.expect(200);
    let cursor = text(&page.body["meta"]["nextCursor"]);
    for (path, status) in [
        (format!("/customers?limit=1&cursor={cursor}"), 200),
        (format!("/customers?limit=2&cursor={cursor}"), 200),
        (format!("/customers?engagement=HOT&cursor={cursor}"), 422),
        (format!("/customers?sort=createdAt&cursor={cursor}"), 422),
        (format!("/users?cursor={cursor}"), 422),
        ("/customers?cursor=AAAA".into(), 422),
        ("/customers?cursor=%00%ff".into(), 422),
        (format!("/customers?cursor={}", "x".repeat(900)), 422),
        ("/customers?cursor=".into(), 422),
        ("/customers?limit=1&limit=2".into(), 422),
    ] {
        admin.get(&path).await.expect(status);
    }
    let wrong = admin.get("/customers?cursor=AAAA&limit=0&engagement=COLD").await.expect(422);
    assert_eq!(wrong.pointers(), ["?cursor", "?engagement", "?limit"]);
    let team = crm.team().await;
    let manager = crm.person("MANAGER", Some(&team)).await;
    manager.get(&format!("/customers?limit=1&cursor={cursor}")).await.expect(422);
}

pub async fn settings_are_read_by_all_and_changed_by_administrators(crm: Crm) {
    let admin = crm.admin().await;
    let rep = crm.person("SALES_REP", None).await;
    let before = rep.get("/settings").await.expect(200);
    assert!(before.data()["rfm"]["recencyDays"].as_array().unwrap().len() == 4);
    rep.patch("/settings", json!({"dueSoonDays": 3})).await.expect(403);
    let days = if before.data()["dueSoonDays"] == json!(10) { 11 } else { 10 };
    let after = admin.patch("/settings", json!({"dueSoonDays": days})).await.expect(200);
    assert_eq!(after.data()["dueSoonDays"], json!(days));
    assert_eq!(rep.get("/settings").await.data()["dueSoonDays"], json!(days));
    let wrong = json!({"rfm": {"recencyDays": [7, 7, 8, 9], "frequency": [1, 2, 3, 4], "monetary": [4, 3, 2]}, "currency": "EUR"});
    let pointers = ["/currency", "/rfm/frequency", "/rfm/monetary", "/rfm/recencyDays"];
    assert_eq!(admin.patch("/settings", wrong).await.expect(422).pointers(), pointers);
}

pub async fn health_is_open_and_components_are_not(crm: Crm) {
    let health = crm.nobody().get("/health").await.expect(200);
    assert_eq!(health.data()["status"], "ok");
    for path in ["/health", "/docs", "/openapi.json"] {
        let head = crm.nobody().ask("HEAD", path, None, &[]).await.expect(200);
        assert!(head.header("content-type").is_some() && head.text.is_empty(), "{path}: everything but the body");
    }
    assert_eq!(crm.admin().await.ask("HEAD", "/settings", None, &[]).await.expect(405).header("allow"), Some("GET, PATCH, PUT"));
    // The caller's own id of a request comes back; one that is long or strange does not.
    let named = crm.nobody().ask("GET", "/health", None, &[("x-request-id", "order-17.retry_2")]).await;
    assert_eq!(named.header("x-request-id"), Some("order-17.retry_2"));
    let refused = crm.nobody().ask("GET", "/settings", None, &[("x-request-id", "order-18")]).await.expect(401);
    assert_eq!(refused.body["instance"], json!("order-18"));
    for strange in ["a b", &"x".repeat(65), ""] {
        let made = crm.nobody().ask("GET", "/health", None, &[("x-request-id", strange)]).await;
        assert!(made.header("x-request-id").is_some_and(|id| id != strange));
    }
    let ready = crm.nobody().get("/health/ready").await.expect(200);
    assert_eq!(ready.data()["components"], json!(null));
    let told = crm.admin().await.get("/health/ready").await.expect(200);
    let names: Vec<&str> = told.data()["components"].as_array().unwrap().iter().filter_map(|part| part["name"].as_str()).collect();
    assert_eq!(names, ["table", "queues", "bus", "email", "sms"]);
    let document = crm.nobody().get("/openapi.json").await.expect(200);
    assert_eq!(document.body["openapi"], "3.1.0");
    let page = crm.nobody().get("/docs").await.expect(200);
    assert!(page.header("content-type").unwrap().starts_with("text/html"));
}

/// A row of a list that cuts a text is sent back, and the text stays whole. A work log, which has no page of its own, is
/// whole in its list.
pub async fn a_row_sent_back_costs_no_text(crm: Crm) {
    let rep = crm.person("MANAGER", None).await;
    let customer = rep.customer(json!({})).await;
    let long = "What was said. ".repeat(60).trim().to_owned();
    let note = rep.make("/activities", json!({"customerId": customer["id"], "type": "NOTE", "body": long})).await;
    let follow_up = rep.make("/follow-ups", json!({"customerId": customer["id"], "dueAt": "2099-01-01T10:00:00Z", "notes": long})).await;
    for (collection, record, field) in [("/activities", &note, "body"), ("/follow-ups", &follow_up, "notes")] {
        let (list, path) = (format!("{collection}?customerId={}", text(&customer["id"])), format!("{collection}/{}", text(&record["id"])));
        let row = eventually("it is listed", Duration::from_secs(20), || async {
            rep.get(&list).await.data().as_array().expect("list").iter().find(|row| row["id"] == record["id"]).cloned()
        })
        .await;
        assert_eq!(text(&row[field]).chars().count(), 201, "{row}");
        rep.put(&path, row.clone()).await.expect(200);
        assert_eq!(rep.get(&path).await.data()[field], json!(long));
        rep.patch(&path, json!({(field): "Something else"})).await.expect(200);
        assert_eq!(rep.get(&path).await.data()[field], "Something else");
    }
    let log = rep.make("/worklogs", json!({"workDate": "2026-01-05", "minutes": 5, "description": long, "customerId": customer["id"]})).await;
    eventually("the work log is listed whole", Duration::from_secs(20), || async {
        let list = rep.get("/worklogs?from=2026-01-01&to=2026-01-31").await.data().as_array().expect("list").clone();
        list.iter().any(|row| row["id"] == log["id"] && row["description"] == json!(long)).then_some(())
    })
    .await;
}

pub async fn what_was_read_can_be_sent_back(crm: Crm) {
    let admin = crm.admin().await;
    let team = crm.team().await;
    let manager = crm.person("MANAGER", Some(&team)).await;
    let rep = crm.person("SALES_REP", Some(&team)).await;
    let referrer = manager.customer(json!({})).await;
    let customer = manager.customer(json!({"email": format!("{}@crm.test", unique()), "address": {"city": "Oslo"}, "metadata": {"a": [1, {"b": 1.5}]}, "referredById": referrer["id"]})).await;
    let lead = manager.lead(json!({"phone": null, "source": "website"})).await;
    let about = |fields: Value| {
        json!({"customerId": customer["id"]}).as_object().cloned().map(|mut all| {
            all.extend(fields.as_object().cloned().unwrap_or_default());
            Value::Object(all)
        })
    };
    let below = |fields: Value| about(fields).expect("object");
    let call = manager.make("/activities", below(json!({"type": "CALL", "durationMin": 5}))).await;
    let follow_up = manager.make("/follow-ups", below(json!({"dueAt": "2099-01-01T10:00:00Z", "notes": "Ask"}))).await;
    let recurrence = json!({"every": 1, "unit": "WEEK", "until": null});
    let task = manager.make("/tasks", below(json!({"title": "Call", "dueAt": "2099-01-01T10:00:00Z", "recurrence": recurrence}))).await;
    let project = manager.make("/projects", below(json!({"name": "Roof", "memberIds": [rep.id]}))).await;
    let path = |collection: &str, record: &Value| format!("{collection}/{}", text(&record["id"]));
    eventually("what the call and the follow-up mean is known", Duration::from_secs(20), || async {
        let shown = manager.get(&path("/customers", &customer)).await.data().clone();
        (shown["lastContactedAt"].is_string() && shown["nextFollowUpAt"].is_string()).then_some(())
    })
    .await;
    let kinds = [
        (&manager, path("/customers", &customer), json!({"company": "Roofs"})),
        (&manager, path("/leads", &lead), json!({"company": "Roofs"})),
        (&manager, path("/activities", &call), json!({"outcome": "Left word"})),
        (&manager, path("/follow-ups", &follow_up), json!({"notes": "Ask again"})),
        (&manager, path("/tasks", &task), json!({"title": "Call again"})),
        (&manager, path("/projects", &project), json!({"name": "Roofs"})),
        (&rep, format!("/users/{}", rep.id), json!({"locale": "de-DE"})),
        (&admin, format!("/users/{}", rep.id), json!({"phone": "+4712345678"})),
        (&admin, format!("/teams/{team}"), json!({"name": format!("Team {}", unique())})),
        (&admin, "/settings".to_owned(), json!({})),
    ];
    for (who, path, change) in kinds {
        let read = who.get(&path).await.expect(200);
        let mut record = read.data().clone();
        let same = who.put(&path, record.clone()).await.expect(200);
        assert_eq!((same.data(), same.header("etag")), (&record, read.header("etag")), "PUT {path} of what was read");
        for (name, value) in change.as_object().expect("object") {
            record[name] = value.clone();
        }
        let changed = who.put(&path, record).await.expect(200).data().clone();
        for (name, value) in change.as_object().expect("object") {
            assert_eq!(&changed[name], value, "{path} {name}");
        }
        let foreign = json!({"version": 1_000_000, "createdAt": "2020-01-01T00:00:00Z", "colour": "red"});
        let foreign = if path == "/settings" { json!({"version": 1_000_000, "currency": "XXX", "colour": "red"}) } else { foreign };
        let refused = who.put(&path, foreign).await.expect(422);
        let rules: Vec<_> =
            refused.body["errors"].as_array().into_iter().flatten().map(|error| (text(&error["pointer"]), text(&error["rule"]))).collect();
        let second = if path == "/settings" { "/currency" } else { "/createdAt" };
        let mut expected = vec![("/version", "readonly"), (second, "readonly"), ("/colour", "unknown")];
        expected.sort_unstable();
        let mut rules: Vec<(&str, &str)> = rules.iter().map(|(pointer, rule)| (pointer.as_str(), rule.as_str())).collect();
        rules.sort_unstable();
        assert_eq!(rules, expected, "{path}");
    }
    // For whoever may not read it, it is not there, whatever is sent.
    let stranger = crm.person("SALES_REP", None).await;
    for body in [customer.clone(), json!({"createdBy": manager.id}), json!({"colour": "red"})] {
        stranger.put(&path("/customers", &customer), body).await.expect(404);
    }
    let doomed = admin.lead(json!({})).await;
    admin.delete(&format!("{}?hard=true", path("/leads", &doomed))).await.expect(204);
    admin.put(&path("/leads", &doomed), doomed).await.expect(404);
    // What the system keeps moves on without a new version, and stands in nobody's way; else it is read-only.
    let mut read = manager.get(&path("/customers", &referrer)).await.data().clone();
    manager.post(&format!("{}/notes", path("/customers", &referrer)), json!({"body": "Called"})).await.expect(201);
    read["company"] = json!("Roofs");
    let saved = manager.put(&path("/customers", &referrer), read.clone()).await.expect(200);
    assert_eq!((&saved.data()["company"], &saved.data()["counts"]["activities"]), (&json!("Roofs"), &json!(1)));
    let counts = json!({"counts": read["counts"], "name": "Other"});
    assert_eq!(manager.put(&path("/customers", &referrer), counts).await.expect(422).pointers(), ["/counts"]);
    read["company"] = json!("Sheds");
    let stale = manager.put(&path("/customers", &referrer), read.clone()).await.expect(422);
    assert_eq!(stale.pointers(), ["/counts", "/latestNotes", "/updatedAt", "/version"]);
    // What can be set once can be sent back too, and not be cleared.
    manager.patch(&path("/customers", &referrer), json!({"referredById": null})).await.expect(200);
    let kept = manager.patch(&path("/customers", &customer), json!({"referredById": ""})).await.expect(422);
    assert_eq!(kept.body["errors"][0]["rule"], "readonly");
    // So can what only others may change.
    let own = json!({"role": "SALES_REP", "status": "ACTIVE", "mustChangePassword": false, "teamId": team, "firstName": "Sally"});
    rep.patch(&format!("/users/{}", rep.id), own).await.expect(200);
}

pub async fn broken_rules_are_named_with_the_other_wrong_fields(crm: Crm) {
    let manager = crm.person("MANAGER", Some(&crm.team().await)).await;
    let customer = manager.customer(json!({})).await["id"].clone();
    let other = manager.customer(json!({})).await["id"].clone();
    let lead = manager.lead(json!({"title": "Roof"})).await["id"].clone();
    let project = manager.make("/projects", json!({"name": "Roof", "customerId": customer, "startDate": "2026-05-01"})).await["id"].clone();
    let call = manager.make("/activities", json!({"type": "CALL", "leadId": lead})).await["id"].clone();
    let path = |collection: &str, record: &Value| format!("/{collection}/{}", text(record));
    let later = "2999-01-01T10:00:00Z";
    // Each has a field of another type or one that is unknown, and breaks a rule.
    let cases = [
        ("POST", "/leads".to_owned(), json!({"company": 5, "title": "Roof", "status": "CLOSED"}), vec!["/company", "/status"]),
        ("PATCH", path("leads", &lead), json!({"source": 5, "archived": true, "title": null}), vec!["/archived", "/source", "/title"]),
        ("PATCH", path("leads", &lead), json!({"email": 5, "title": null}), vec!["/email"]),
        ("PATCH", path("leads", &lead) + "/status", json!({"status": "NEW", "closeReason": "WON", "x": 1}), vec!["/closeReason", "/x"]),
        ("POST", "/customers".to_owned(), json!({"name": "", "birthday": "2999-01-01"}), vec!["/birthday", "/name"]),
        ("PATCH", path("customers", &customer), json!({"name": 5, "referredById": customer}), vec!["/name", "/referredById"]),
        ("POST", "/activities".to_owned(), json!({"type": "NOTE", "leadId": lead, "occurredAt": later, "x": 1}), vec!["/body", "/occurredAt", "/x"]),
        ("PATCH", path("activities", &call), json!({"type": "NOTE", "durationMin": "5"}), vec!["/body", "/durationMin"]),
        ("POST", "/activities".to_owned(), json!({"type": 5, "leadId": lead, "customerId": customer}), vec!["/customerId", "/leadId", "/type"]),
        ("POST", "/follow-ups".to_owned(), json!({"dueAt": "soon"}), vec!["/dueAt", "/leadId"]),
        (
            "POST",
            "/tasks".to_owned(),
            json!({"title": 5, "dueAt": "2027-01-05T09:00:00Z", "recurrence": {"every": 1, "unit": "DAY", "until": "2027-01-04"}}),
            vec!["/recurrence/until", "/title"],
        ),
        ("POST", "/tasks".to_owned(), json!({"title": 5, "projectId": project, "customerId": other}), vec!["/customerId", "/title"]),
        (
            "POST",
            "/projects".to_owned(),
            json!({"customerId": customer, "startDate": "2026-02-01", "endDate": "2026-01-01"}),
            vec!["/endDate", "/name"],
        ),
        ("PATCH", path("projects", &project), json!({"endDate": "2026-01-01", "name": 5}), vec!["/endDate", "/name"]),
        (
            "POST",
            "/worklogs".to_owned(),
            json!({"workDate": "2999-01-01", "minutes": 0, "description": "X"}),
            vec!["/customerId", "/minutes", "/workDate"],
        ),
        (
            "POST",
            "/worklogs?x=1".to_owned(),
            json!({"workDate": "2999-01-01", "minutes": 5, "description": "X", "taskId": 5}),
            vec!["/taskId", "/workDate", "?x"],
        ),
    ];
    for (method, path, body, expected) in cases {
        let refused = manager.ask(method, &path, Some(&body), &[]).await.expect(422);
        assert_eq!(refused.pointers(), expected, "{method} {path} {body}");
    }
    let admin = crm.admin().await;
    let weak = json!({"email": format!("{}@crm.test", unique()), "password": "password12", "role": "BOSS"});
    assert_eq!(admin.post("/users", weak).await.expect(422).pointers(), ["/password", "/role"]);
    let rfm = json!({"recencyDays": [1, 2, 3, "4"], "frequency": [1, 2, 3, 4], "monetary": [4, 3, 2]});
    let wrong = admin.patch("/settings", json!({"rfm": rfm, "dueSoonDays": 0})).await.expect(422);
    assert_eq!(wrong.pointers(), ["/dueSoonDays", "/rfm/frequency", "/rfm/monetary", "/rfm/recencyDays/3"]);
    let short = json!({"currentPassword": 5, "newPassword": "password12"});
    assert_eq!(manager.post("/auth/password", short).await.expect(422).pointers(), ["/currentPassword", "/newPassword"]);
}

pub async fn references_are_named_with_the_other_wrong_fields(crm: Crm) {
    let team = crm.team().await;
    let manager = crm.person("MANAGER", Some(&team)).await;
    let stranger = crm.person("MANAGER", None).await;
    let hidden = stranger.customer(json!({})).await["id"].clone();
    let customer = manager.customer(json!({})).await["id"].clone();
    let task = manager.make("/tasks", json!({"title": "Call"})).await["id"].clone();
    let project = manager.make("/projects", json!({"name": "Roof", "customerId": customer})).await["id"].clone();
    let nowhere = "01900000-0000-7000-8000-000000000000";
    let cases = [
        (
            "POST",
            "/customers".to_owned(),
            json!({"name": "", "ownerId": nowhere, "referredById": hidden}),
            vec!["/name", "/ownerId", "/referredById"],
        ),
        ("POST", "/customers".to_owned(), json!({"name": "X", "birthday": "2999-01-01", "referredById": hidden}), vec!["/birthday", "/referredById"]),
        ("POST", "/leads".to_owned(), json!({"title": "X", "email": "nope", "ownerId": nowhere}), vec!["/email", "/ownerId"]),
        ("POST", "/activities".to_owned(), json!({"type": "NOTE", "customerId": hidden}), vec!["/body", "/customerId"]),
        ("POST", "/follow-ups".to_owned(), json!({"customerId": hidden, "assigneeId": nowhere}), vec!["/assigneeId", "/customerId", "/dueAt"]),
        (
            "POST",
            "/follow-ups".to_owned(),
            json!({"customerId": hidden, "assigneeId": nowhere, "dueAt": "2099-01-01T10:00:00Z"}),
            vec!["/assigneeId", "/customerId"],
        ),
        (
            "POST",
            "/tasks".to_owned(),
            json!({"title": "", "ownerId": nowhere, "customerId": hidden, "leadId": nowhere, "projectId": nowhere}),
            vec!["/customerId", "/leadId", "/ownerId", "/projectId", "/title"],
        ),
        ("PATCH", format!("/tasks/{}", text(&task)), json!({"ownerId": nowhere, "leadId": nowhere}), vec!["/leadId", "/ownerId"]),
        (
            "POST",
            "/projects".to_owned(),
            json!({"name": "X", "customerId": hidden, "ownerId": nowhere, "memberIds": [manager.id, nowhere], "startDate": "2026-02-01", "endDate": "2026-01-01"}),
            vec!["/customerId", "/endDate", "/memberIds/1", "/ownerId"],
        ),
        (
            "PATCH",
            format!("/projects/{}", text(&project)),
            json!({"ownerId": nowhere, "memberIds": [nowhere], "startDate": "2026-02-01", "endDate": "2026-01-01"}),
            vec!["/endDate", "/memberIds/0", "/ownerId"],
        ),
        (
            "POST",
            "/worklogs".to_owned(),
            json!({"minutes": 5, "workDate": "2999-01-01", "description": "X", "customerId": hidden, "projectId": nowhere, "taskId": nowhere}),
            vec!["/customerId", "/projectId", "/taskId", "/workDate"],
        ),
    ];
    for (method, path, body, expected) in cases {
        let refused = manager.ask(method, &path, Some(&body), &[]).await.expect(422);
        assert_eq!(refused.pointers(), expected, "{method} {path} {body}");
    }
    let admin = crm.admin().await;
    let weak = json!({"email": format!("{}@crm.test", unique()), "password": "password12", "teamId": nowhere});
    assert_eq!(admin.post("/users", weak).await.expect(422).pointers(), ["/password", "/teamId"]);
}
