//! Customers.

use crate::crm::unique;
use crate::people::text;
use crate::{Crm, eventually, together};
use serde_json::json;
use std::time::Duration;

pub async fn a_customer_lives_from_creation_to_restoration(crm: Crm) {
    let admin = crm.admin().await;
    let email = format!("{}@acme.example", unique());
    let body = json!({"name": " Acme ", "email": email.to_uppercase(), "phone": "+1 (555) 0100-0042",
        "birthday": "1984-02-29", "address": {"city": "Oslo", "country": "no"}, "metadata": {"a": [1, null, {"b": 2.5}]}});
    let created = admin.ask("POST", "/customers?allowDuplicate=true", Some(&body), &[]).await.expect(201);
    let customer = created.data().clone();
    let path = format!("/customers/{}", text(&customer["id"]));
    assert_eq!(created.header("location"), Some(format!("/api/v1{path}").as_str()));
    assert_eq!(created.header("etag"), Some("\"1\""));
    assert_eq!(customer["name"], "Acme");
    assert_eq!(customer["email"], json!(email));
    assert_eq!(customer["phone"], "+155501000042");
    assert_eq!(customer["lifecycle"], "CUSTOMER");
    assert_eq!(customer["engagement"], "WARM");
    assert_eq!(customer["levelCode"], "BRONZE");
    assert_eq!(customer["owner"]["id"], json!(admin.id));
    assert_eq!(customer["address"]["country"], "NO");
    let page = admin.get(&path).await.expect(200).data().clone();
    for (name, value) in customer.as_object().expect("record") {
        assert_eq!(&page[name], value, "{name}: what was answered is what is stored");
    }
    assert_eq!((&page["level"]["name"], &page["counts"]["orders"]), (&json!("Bronze"), &json!(0)));

    let changed = admin.patch(&path, json!({"company": "Acme Ltd", "phone": null, "metadata": null})).await.expect(200);
    assert_eq!((changed.data()["company"].as_str(), &changed.data()["phone"]), (Some("Acme Ltd"), &json!(null)));
    assert_eq!(changed.header("etag"), Some("\"2\""));
    let same = admin.put(&path, json!({"company": "Acme Ltd"})).await.expect(200);
    assert_eq!(same.header("etag"), Some("\"2\""), "nothing changed, so the version stays");

    admin.delete(&path).await.expect(204);
    admin.delete(&path).await.expect(204);
    assert_eq!(admin.get(&path).await.data()["archived"], json!(true));
    let archived = admin.ids("/customers?archived=true&limit=100").await;
    assert!(archived.contains(&text(&customer["id"])));
    assert!(!admin.ids("/customers?limit=100").await.contains(&text(&customer["id"])));
    let restored = admin.patch(&path, json!({"archived": false})).await.expect(200);
    assert_eq!(restored.data()["archivedAt"], json!(null));
    assert!(admin.ids("/customers?limit=100").await.contains(&text(&customer["id"])));
}

pub async fn fifty_creates_with_one_address_make_one_customer(crm: Crm) {
    let admin = crm.admin().await;
    let email = format!("{}@race.example", unique());
    let replies = together(50, |n| {
        let (admin, email) = (admin.clone(), email.clone());
        async move { admin.post("/customers", json!({"name": format!("Racer {n}"), "email": email})).await }
    })
    .await;
    let created = replies.iter().filter(|reply| reply.status == 201).count();
    let refused = replies.iter().filter(|reply| reply.status == 409 && reply.code() == "DUPLICATE").count();
    assert_eq!((created, refused), (1, 49));
}

pub async fn a_duplicate_names_what_the_caller_may_see(crm: Crm) {
    let admin = crm.admin().await;
    let team = crm.team().await;
    let manager = crm.person("MANAGER", Some(&team)).await;
    let email = format!("{}@twice.example", unique());
    let first = admin.customer(json!({"email": email})).await;
    let refused = admin.post("/customers", json!({"name": "Again", "email": email})).await.expect(409);
    assert_eq!(refused.body["matches"], json!({"ids": [first["id"]], "hidden": 0}));
    assert_eq!((refused.pointers(), &refused.body["errors"][0]["rule"]), (vec!["/email"], &json!("unique")));
    let hidden = manager.post("/customers", json!({"name": "Again", "email": email})).await.expect(409);
    assert_eq!(hidden.body["matches"], json!({"ids": [], "hidden": 1}));
    let allowed = manager.ask("POST", "/customers?allowDuplicate=true", Some(&json!({"name": "Again", "email": email})), &[]).await.expect(201);
    let third = admin.post("/customers", json!({"name": "Thrice", "email": email})).await.expect(409);
    assert_eq!(third.body["matches"]["ids"].as_array().unwrap().len(), 2);
    // An archived customer stands in nobody's way, and a restored one is checked again.
    admin.delete(&format!("/customers/{}", text(&first["id"]))).await.expect(204);
    admin.delete(&format!("/customers/{}", text(&allowed.data()["id"]))).await.expect(204);
    admin.customer(json!({"email": email})).await;
    admin.patch(&format!("/customers/{}", text(&first["id"])), json!({"archived": false})).await.expect(409);
    let other = admin.customer(json!({})).await;
    admin.patch(&format!("/customers/{}", text(&other["id"])), json!({"email": email})).await.expect(409);
}

pub async fn words_find_a_customer_within_two_seconds(crm: Crm) {
    let admin = crm.admin().await;
    let word = format!("zebra{}", unique());
    let customer = admin.customer(json!({"name": format!("{word} Holdings"), "company": "Quick Brown"})).await;
    let id = text(&customer["id"]);
    let find = async |q: &str| admin.ids(&format!("/customers?q={q}")).await;
    let limit = Duration::from_secs(2);
    eventually("a new customer is found", limit, || async { find(&word).await.contains(&id).then_some(()) }).await;
    assert!(find(&format!("hold%20{}", &word[..8])).await.contains(&id), "words in any order, as prefixes");
    assert!(!find(&format!("{word}%20nothing")).await.contains(&id));
    let team = crm.team().await;
    let (rep, manager) = (crm.person("SALES_REP", Some(&team)).await, crm.person("MANAGER", Some(&team)).await);
    admin.patch(&format!("/customers/{id}/assign"), json!({"ownerId": rep.id})).await.expect(200);
    for person in [&rep, &manager, &admin] {
        let found = async || person.ids(&format!("/customers?q={word}")).await;
        eventually("it is found after it was handed over", limit, || async { (found().await == [id.clone()]).then_some(()) }).await;
    }
    let contact = json!({"name": "O\u{2019}Brien Müller AT&T", "email": format!("{word}@mail.example"), "phone": "+49 30 76543210"});
    admin.patch(&format!("/customers/{id}"), contact).await.expect(200);
    let number = "+49%20(0)30%2076543210";
    for query in ["obrien%20muller", "o%27brien", "att", "at%26t", number, "76543210", &format!("{word}@mail.example")] {
        eventually(query, limit, || async { find(query).await.contains(&id).then_some(()) }).await;
    }
    admin.patch(&format!("/customers/{id}"), json!({"name": "Renamed", "email": null})).await.expect(200);
    eventually("the old name finds it no more", limit, || async { find(&word).await.is_empty().then_some(()) }).await;
    admin.get("/customers?q=a").await.expect(422);
    let sorted = admin.get(&format!("/customers?q={word}&sort=createdAt")).await.expect(422);
    assert_eq!(sorted.pointers(), ["?sort"]);
}

pub async fn lists_are_paged_without_gaps_and_repeats(crm: Crm) {
    let team = crm.team().await;
    let manager = crm.person("MANAGER", Some(&team)).await;
    let mut made = Vec::new();
    for _ in 0..7 {
        made.push(text(&manager.customer(json!({})).await["id"]));
    }
    let own = "/customers?ownerId=me&limit=3";
    made.reverse();
    assert_eq!(manager.ids(own).await, made, "newest first");
    made.reverse();
    assert_eq!(manager.ids("/customers?ownerId=me&limit=2&sort=createdAt").await, made);
    let page = manager.get(own).await;
    assert_eq!(page.body["meta"]["limit"], json!(3));
    let rows = page.data().as_array().unwrap();
    assert!(rows.iter().all(|row| row.get("metadata").is_none() && row["ownerName"].is_string()));
}

pub async fn filters_narrow_the_list(crm: Crm) {
    let team = crm.team().await;
    let manager = crm.person("MANAGER", Some(&team)).await;
    let hot = text(&manager.customer(json!({"engagement": "HOT", "lifecycle": "PROSPECT"})).await["id"]);
    let cold = text(&manager.customer(json!({"engagement": "INACTIVE"})).await["id"]);
    let ids = async |filter: &str| manager.ids(&format!("/customers?ownerId=me&{filter}")).await;
    assert_eq!(ids("engagement=HOT").await, std::slice::from_ref(&hot));
    assert_eq!(ids("engagement=INACTIVE").await, std::slice::from_ref(&cold));
    let limit = Duration::from_secs(2);
    eventually("the lifecycle finds it", limit, || async { (ids("lifecycle=PROSPECT").await == [hot.clone()]).then_some(()) }).await;
    let both = [cold.clone(), hot.clone()];
    eventually("the level finds both", limit, || async { (ids("levelCode=BRONZE").await == both).then_some(()) }).await;
    assert_eq!(ids("levelCode=BRONZE&lifecycle=PROSPECT").await, std::slice::from_ref(&hot));
    assert_eq!(ids("engagement=HOT&lifecycle=CUSTOMER").await, Vec::<String>::new());
    assert_eq!(ids("levelCode=GOLD").await, Vec::<String>::new());
    assert_eq!(ids("notContactedSince=2020-01-01").await, [cold.clone(), hot.clone()]);
    let from = text(&manager.get(&format!("/customers/{cold}")).await.data()["createdAt"]);
    for more in ["", "&notContactedSince=2020-01-01", "&levelCode=BRONZE"] {
        assert_eq!(ids(&format!("createdFrom={from}{more}")).await, std::slice::from_ref(&cold));
        assert_eq!(ids(&format!("createdTo={from}{more}")).await, std::slice::from_ref(&hot));
    }
    eventually("in their order as well", limit, || async { (ids(&format!("createdTo={from}&sort=name")).await == [hot.clone()]).then_some(()) })
        .await;
    for list in ["/customers?createdFrom=2026-02-01&createdTo=2026-01-31", "/leads?createdFrom=2026-02-01&createdTo=2026-01-31"] {
        assert_eq!(manager.get(list).await.expect(422).pointers(), ["?createdTo"]);
        assert_eq!(manager.get(&format!("{list}&q=ab&sort=name")).await.expect(422).pointers(), ["?createdTo", "?sort"]);
    }
    for list in ["/activities?createdBy=me", "/worklogs?userId=me"] {
        assert_eq!(manager.get(&format!("{list}&from=2026-02-01&to=2026-01-31")).await.expect(422).pointers(), ["?to"]);
    }
    manager.patch(&format!("/customers/{hot}"), json!({"engagement": "WARM"})).await.expect(200);
    assert_eq!(ids("engagement=WARM").await, [hot]);
    let wrong = manager.get("/customers?engagement=warm&limit=0&colour=red&ownerId=you&notContactedSince=2026-02-30").await.expect(422);
    assert_eq!(wrong.pointers(), ["?colour", "?engagement", "?limit", "?notContactedSince", "?ownerId"]);
}

pub async fn a_lifecycle_move_that_is_not_in_the_table_is_refused(crm: Crm) {
    let admin = crm.admin().await;
    let path = format!("/customers/{}", text(&admin.customer(json!({"lifecycle": "PROSPECT"})).await["id"]));
    let refused = admin.patch(&path, json!({"lifecycle": "FORMER", "company": "Changed"})).await.expect(409);
    assert_eq!((refused.code(), &refused.body["allowed"]), ("CUSTOMER_TRANSITION", &json!(["CUSTOMER"])));
    assert_eq!(admin.get(&path).await.data()["company"], json!(null), "nothing was written");
    for (to, status) in [("CUSTOMER", 200), ("PROSPECT", 409), ("FORMER", 200), ("CUSTOMER", 200)] {
        admin.patch(&path, json!({"lifecycle": to})).await.expect(status);
    }
}

pub async fn an_owner_has_to_be_active_and_inside_reach(crm: Crm) {
    let admin = crm.admin().await;
    let (here, there) = (crm.team().await, crm.team().await);
    let manager = crm.person("MANAGER", Some(&here)).await;
    let (rep, stranger) = (crm.person("SALES_REP", Some(&here)).await, crm.person("SALES_REP", Some(&there)).await);
    let customer = manager.customer(json!({"ownerId": rep.id})).await;
    assert_eq!((&customer["ownerId"], &customer["teamId"]), (&json!(rep.id), &json!(here)));
    let path = format!("/customers/{}", text(&customer["id"]));
    let refused = manager.patch(&format!("{path}/assign"), json!({"ownerId": stranger.id})).await.expect(422);
    assert_eq!(refused.pointers(), ["/ownerId"]);
    manager.post("/customers", json!({"name": "X", "ownerId": stranger.id})).await.expect(422);
    rep.patch(&format!("{path}/assign"), json!({"ownerId": rep.id})).await.expect(403);
    admin.patch(&format!("{path}/assign"), json!({})).await.expect(422);
    let pooled = manager.patch(&format!("{path}/assign"), json!({"ownerId": null})).await.expect(200);
    assert_eq!((&pooled.data()["owner"], &pooled.data()["teamId"]), (&json!(null), &json!(null)));
    rep.get(&path).await.expect(404);
    admin.delete(&format!("/users/{}", rep.id)).await.expect(204);
    manager.patch(&format!("{path}/assign"), json!({"ownerId": rep.id})).await.expect(422);
}

pub async fn a_referrer_is_set_once_and_makes_no_circle(crm: Crm) {
    let admin = crm.admin().await;
    let first = admin.customer(json!({})).await;
    let second = admin.customer(json!({"referredById": first["id"]})).await;
    assert_eq!(second["referredById"], first["id"]);
    let patch = async |who: &serde_json::Value, by: &serde_json::Value| {
        admin.patch(&format!("/customers/{}", text(&who["id"])), json!({"referredById": by["id"]})).await
    };
    assert_eq!(patch(&first, &first).await.expect(422).pointers(), ["/referredById"]);
    patch(&first, &second).await.expect(422);
    let third = admin.customer(json!({})).await;
    patch(&second, &third).await.expect(422);
    patch(&third, &first).await.expect(200);
    assert_eq!(patch(&first, &third).await.expect(422).pointers(), ["/referredById"]);
    let fourth = admin.customer(json!({"referredById": third["id"]})).await;
    assert_eq!(patch(&first, &fourth).await.expect(422).pointers(), ["/referredById"], "at any remove");
    let fifth = admin.customer(json!({})).await;
    patch(&first, &fifth).await.expect(200);
    let unknown = admin.post("/customers", json!({"name": "X", "referredById": "01900000-0000-7000-8000-000000000000"})).await.expect(422);
    assert_eq!(unknown.pointers(), ["/referredById"]);
}

pub async fn what_cannot_be_of_a_customer_is_refused(crm: Crm) {
    let admin = crm.admin().await;
    // Of whom nobody thinks that it is to be welcomed meanwhile.
    let body = json!({"lifecycle": "PROSPECT", "birthday": "1980-02-29", "address": {"country": "de"}, "metadata": {"n": 9_007_199_254_740_992_i64}});
    let customer = admin.customer(body).await;
    assert_eq!((&customer["address"]["country"], &customer["metadata"]["n"]), (&json!("DE"), &json!(9_007_199_254_740_992_i64)));
    let path = format!("/customers/{}", text(&customer["id"]));
    for (wrong, pointer) in [
        (json!({"birthday": "2999-01-01"}), "/birthday"),
        (json!({"address": {"country": "XX"}}), "/address/country"),
        (json!({"metadata": {"a": [{"n": 9_007_199_254_740_993_i64}]}}), "/metadata"),
    ] {
        assert_eq!(admin.patch(&path, wrong.clone()).await.expect(422).pointers(), [pointer]);
        let mut made = wrong;
        made["name"] = json!("New");
        assert_eq!(admin.post("/customers", made).await.expect(422).pointers(), [pointer]);
    }
    assert_eq!(admin.get(&path).await.data(), &customer, "a new customer is answered as it is read");
    admin.patch(&path, json!({"birthday": "1980-02-29", "company": "Acme"})).await.expect(200);
}

pub async fn a_change_is_answered_as_the_record_is_read(crm: Crm) {
    let admin = crm.admin().await;
    let rep = crm.person("SALES_REP", Some(&crm.team().await)).await;
    for kind in ["leads", "customers"] {
        // A prospect: nobody welcomes it meanwhile.
        let body = if kind == "leads" { json!({"title": "As it is read"}) } else { json!({"name": "As it is read", "lifecycle": "PROSPECT"}) };
        let made = admin.post(&format!("/{kind}"), body).await.expect(201).data().clone();
        let path = format!("/{kind}/{}", text(&made["id"]));
        assert_eq!(admin.get(&path).await.data(), &made);
        let parent = if kind == "leads" { "leadId" } else { "customerId" };
        admin.make("/activities", json!({parent: made["id"], "type": "NOTE", "body": "Said"})).await;
        admin.make("/follow-ups", json!({parent: made["id"], "dueAt": "2031-01-01T09:00:00Z"})).await;
        admin.make("/tasks", json!({parent: made["id"], "title": "To do"})).await;
        let read = async || admin.get(&path).await.expect(200).data().clone();
        // The list's own columns follow in the background.
        let limit = Duration::from_secs(2);
        eventually("it has settled", limit, || async { (read().await["nextFollowUpAt"] != json!(null)).then_some(()) }).await;
        let mut changes = vec![("", json!({"company": "Acme"})), ("", json!({"company": "Acme"}))];
        if kind == "leads" {
            changes.push(("/status", json!({"status": "CONTACTED"})));
        }
        for (route, body) in changes {
            let changed = admin.patch(&format!("{path}{route}"), body).await.expect(200).data().clone();
            assert_eq!(changed, read().await, "{kind}{route}");
            assert_eq!((&changed["counts"]["tasksOpen"], &changed["latestNotes"][0]["body"]), (&json!(1), &json!("Said")));
        }
        let given = admin.patch(&format!("{path}/assign"), json!({"ownerId": rep.id})).await.expect(200).data().clone();
        assert_eq!((&given["owner"]["id"], &given["counts"]["followUpsPending"]), (&json!(rep.id), &json!(1)));
    }
}

pub async fn twenty_changes_at_once_all_count(crm: Crm) {
    let admin = crm.admin().await;
    let path = format!("/customers/{}", text(&admin.customer(json!({})).await["id"]));
    let replies = together(20, |n| {
        let (admin, path) = (admin.clone(), path.clone());
        async move { admin.patch(&path, json!({"company": format!("Company {n}")})).await }
    })
    .await;
    assert!(replies.iter().all(|reply| reply.status == 200), "{:?}", replies.iter().map(|r| (r.status, r.text.clone())).find(|r| r.0 != 200));
    assert_eq!(admin.get(&path).await.data()["version"], json!(21));
}
