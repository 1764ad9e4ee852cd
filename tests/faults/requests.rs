//! Faults under a request.

use crate::faults::{Faults, conflict};
use local::Fault;
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use tests::crm::unique;
use tests::people::text;
use tests::recount::{Look, disagreements};
use tests::{Crm, Person, Reply};

const WRITE: &str = "TransactWriteItems";

#[tokio::test]
async fn a_create_whose_answer_is_lost_is_done_once_when_it_is_repeated() {
    let (table, faults) = Faults::table();
    let crm = Crm::idle(table).await;
    let admin = crm.admin().await;
    for (lost, fault) in [(1, Fault::Lost), (1, Fault::TimedOut), (1, Fault::server_error()), (u32::MAX, Fault::Lost)] {
        let count = AtomicU32::new(0);
        faults.after(move |operation| {
            let hit = operation.name == WRITE && count.fetch_add(1, Ordering::SeqCst) < lost;
            if hit { Err(fault.clone()) } else { Ok(()) }
        });
        let (key, body) = (unique(), json!({"name": "Once", "email": format!("{}@once.example", unique()), "phone": "+4930123456"}));
        let send = async || admin.ask("POST", "/customers?allowDuplicate=true", Some(&body), &[("idempotency-key", &key)]).await;
        let first = send().await;
        faults.none();
        let second = send().await.expect(201);
        assert!(matches!(first.status, 201 | 500 | 503), "{}", first.text);
        if first.status == 201 {
            assert_eq!(first.body, second.body);
        }
        assert_eq!(second.header("idempotency-replayed"), Some("true"), "it was done the first time");
        let items = crm.items().await;
        let made = items.iter().filter(|item| item.text("type") == "CUSTOMER" && item.at("data")["email"] == body["email"]).count();
        assert_eq!(made, 1);
        assert_eq!(disagreements(&items, Look::AtOnce), Vec::<String>::new());
    }
}

/// Each changing route once, all at the same time.
async fn change_everything(person: &Person, path: &str, other: &str) -> Vec<Reply> {
    let (assign, user, team) =
        (format!("{path}/assign"), json!({"email": format!("{}@crm.test", unique()), "password": "quite another secret"}), json!({"name": unique()}));
    let (create, patch, owner, settings) = (
        json!({"name": "New", "phone": "+49309991234"}),
        json!({"email": "new@fault.example"}),
        json!({"ownerId": other}),
        json!({"dueSoonDays": 9}),
    );
    let replies = tokio::join!(
        person.post("/customers", create),
        person.patch(path, patch),
        person.delete(path),
        person.patch(&assign, owner),
        person.post("/users", user),
        person.post("/teams", team),
        person.patch("/settings", settings),
    );
    let (a, b, c, d, e, f, g) = replies;
    vec![a, b, c, d, e, f, g]
}

#[tokio::test]
async fn a_table_that_does_not_take_a_change_is_500_or_503_and_nothing_is_half_written() {
    let broken = async |fault: Fault, statuses: &[u16]| {
        let (table, faults) = Faults::table();
        let crm = Crm::idle(table).await;
        let (admin, rep) = (crm.admin().await, crm.person("SALES_REP", None).await);
        let made = admin.customer(json!({"email": "old@fault.example", "phone": "+49301111234"})).await;
        let path = format!("/customers/{}", text(&made["id"]));
        let customer = admin.get(&path).await.data().clone();
        let before = crm.items().await.len();
        faults.before(move |operation| if operation.name == WRITE { Err(fault.clone()) } else { Ok(()) });
        for reply in change_everything(&admin, &path, &rep.id).await {
            assert!(statuses.contains(&reply.status), "{}", reply.text);
            assert_eq!(reply.header("content-type"), Some("application/problem+json"));
            assert!(!reply.text.contains("dynamo") && !reply.text.contains("Exception"), "no cause is told: {}", reply.text);
            assert_eq!(reply.header("retry-after").is_some(), reply.status == 503);
        }
        faults.none();
        let items = crm.items().await;
        assert_eq!(items.len(), before, "nothing was written");
        assert_eq!(disagreements(&items, Look::AtOnce), Vec::<String>::new());
        assert_eq!(admin.get(&path).await.data(), &customer);
        for reply in change_everything(&admin, &path, &rep.id).await {
            assert!(reply.status < 300, "works again: {}", reply.text);
        }
        assert_eq!(disagreements(&crm.items().await, Look::AtOnce), Vec::<String>::new());
    };
    tokio::join!(
        broken(Fault::throttled(), &[503]),
        broken(Fault::TimedOut, &[500, 503]),
        broken(Fault::Lost, &[500, 503]),
        broken(Fault::server_error(), &[500, 503]),
    );
}

#[tokio::test]
async fn a_table_that_cannot_be_read_refuses_and_lets_nobody_in() {
    let (table, faults) = Faults::table();
    let crm = Crm::idle(table).await;
    let admin = crm.admin().await;
    faults.before(|operation| if operation.name == "GetItem" { Err(Fault::throttled()) } else { Ok(()) });
    let nobody = crm.nobody();
    let (me, login, ready) = tokio::join!(
        admin.get("/auth/me"),
        nobody.post("/auth/login", json!({"email": crm.admin.0, "password": crm.admin.1})),
        nobody.get("/health/ready"),
    );
    assert_eq!((me.status, login.status, ready.status), (503, 503, 503));
    faults.none();
    assert_eq!(admin.get("/auth/me").await.status, 200);
}

#[tokio::test]
async fn a_transaction_in_conflict_is_sent_again_and_given_up_in_the_end() {
    let (table, faults) = Faults::table();
    let crm = Crm::idle(table).await;
    let admin = crm.admin().await;
    let path = format!("/customers/{}", text(&admin.customer(json!({})).await["id"]));
    let sent = Arc::new(AtomicU32::new(0));
    let conflicts = |times: u32| {
        let sent = sent.clone();
        sent.store(0, Ordering::SeqCst);
        faults.before(move |operation| {
            let again = operation.name == WRITE && sent.fetch_add(1, Ordering::SeqCst) < times;
            if again { Err(conflict(operation)) } else { Ok(()) }
        });
    };
    conflicts(3);
    admin.patch(&path, json!({"company": "Acme"})).await.expect(200);
    assert_eq!(sent.load(Ordering::SeqCst), 4);
    conflicts(u32::MAX);
    let busy = admin.patch(&path, json!({"company": "Other"})).await.expect(503);
    assert_eq!((busy.code(), busy.header("retry-after")), ("UNAVAILABLE", Some("1")));
    assert_eq!(sent.load(Ordering::SeqCst), 10);
    faults.none();
    let unchanged = admin.get(&path).await;
    assert_eq!((&unchanged.data()["company"], &unchanged.data()["version"]), (&json!("Acme"), &json!(2)));
}

#[tokio::test]
async fn a_condition_that_fails_beside_a_conflict_is_an_answer_and_not_a_retry() {
    let (table, faults) = Faults::table();
    let crm = Crm::idle(table).await;
    let admin = crm.admin().await;
    let email = format!("{}@mixed.example", unique());
    admin.customer(json!({"email": email})).await;
    faults.before(|operation| {
        if operation.name != WRITE {
            return Ok(());
        }
        // The action on the address's marker.
        let actions = operation.request["TransactItems"].as_array().cloned().unwrap_or_default();
        let marker = actions.iter().position(|action| action["Update"]["Key"]["pk"]["S"].as_str().is_some_and(|pk| pk.starts_with("UNIQUE#EMAIL#")));
        let mut reasons = vec!["TransactionConflict".to_owned(); actions.len()];
        reasons[marker.expect("a marker")] = "ConditionalCheckFailed".into();
        Err(Fault::Cancelled { reasons })
    });
    assert_eq!(admin.post("/customers", json!({"name": "Again", "email": email})).await.expect(409).code(), "DUPLICATE");
}
