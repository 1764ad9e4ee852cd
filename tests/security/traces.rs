//! One request id leads from the answer to everything that the request caused, and whoever did not get in is found.

use serde_json::{Value, json};
use std::time::Duration;
use tests::crm::{PASSWORD, unique};
use tests::people::text;
use tests::{Crm, eventually, log};

const SOON: Duration = Duration::from_secs(20);

#[tokio::test]
async fn what_a_request_caused_is_found_by_its_id() {
    log::listen();
    let crm = Crm::start().await;
    let admin = crm.admin().await;
    let (rep, heir) = (crm.person("SALES_REP", None).await, crm.person("SALES_REP", None).await);
    let customer = text(&admin.customer(json!({"ownerId": rep.id})).await["id"]);
    let due = json!({"customerId": customer, "dueAt": "2031-01-01T00:00:00Z", "assigneeId": rep.id});
    let follow_up = format!("/follow-ups/{}", text(&admin.make("/follow-ups", due).await["id"]));
    let id = format!("trace-{}", unique());
    let path = format!("/customers/{customer}/assign");
    let answer = admin.ask("PATCH", &path, Some(&json!({"ownerId": heir.id})), &[("x-request-id", &id)]).await;
    answer.expect(200);
    eventually("the follow-up follows", SOON, || async { (admin.get(&follow_up).await.data()["assigneeId"] == json!(heir.id)).then_some(()) }).await;
    let events = crm.items_of("EVENT").await;
    let caused = |kind: &str| events.iter().filter(|event| event.at("data")["type"] == kind && event.at("data")["requestId"] == id.as_str()).count();
    assert_eq!((caused("customer.assigned"), caused("followup.updated")), (1, 1), "the change and what followed from it");
    let workers = || {
        let lines = log::lines_where(|line| line["requestId"] == id.as_str());
        let mut found: Vec<String> = lines.iter().filter_map(|line| line["route"].as_str().or(line["worker"].as_str())).map(str::to_owned).collect();
        found.sort();
        found.dedup();
        found
    };
    eventually("the workers have said so", SOON, || async {
        (workers() == ["assign_customer", "automation", "notifications", "work"]).then_some(())
    })
    .await;
}

#[tokio::test]
async fn whoever_did_not_get_in_is_found_by_account_address_and_reason() {
    log::listen();
    let crm = Crm::start().await;
    let (admin, rep) = (crm.admin().await, crm.person("SALES_REP", None).await);
    let from = crm.from_address([198, 51, 100, 77]);
    let login = async |email: &str, password: &str| from.nobody().post("/auth/login", json!({"email": email, "password": password})).await;
    login(&rep.email, "wrong").await.expect(401);
    let stranger = format!("{}@nowhere.test", unique());
    login(&stranger, "wrong").await.expect(401);
    admin.delete(&format!("/users/{}", rep.id)).await.expect(204);
    login(&rep.email, PASSWORD).await.expect(401);
    for _ in 0..5 {
        login(&rep.email, "wrong").await;
    }
    let failed = log::lines_where(|line| line["failedSignIn"].is_string() && line["address"] == "198.51.100.77");
    let of = |reason: &str| failed.iter().filter(|line| line["failedSignIn"] == reason).map(|line| line["account"].clone()).collect::<Vec<_>>();
    assert_eq!(of("unknown_account"), [Value::Null]);
    assert_eq!(of("disabled"), [json!(rep.id)]);
    assert!(of("wrong_password").len() > 1 && !of("throttled").is_empty());
    assert!(failed.iter().all(|line| line["level"] == "warn" && line["requestId"].is_string() && !line.to_string().contains(&stranger)));
    let counted = log::lines_where(|line| line["FailedSignIns"] == 1 && line["reason"] == "disabled");
    assert!(!counted.is_empty(), "it is counted too");
}

#[tokio::test]
async fn a_new_password_is_an_event() {
    let crm = Crm::start().await;
    let rep = crm.person("SALES_REP", None).await;
    let body = json!({"currentPassword": PASSWORD, "newPassword": "another long and winding one"});
    rep.post("/auth/password", body).await.expect(204);
    let events = crm.items_of("EVENT").await;
    let told = events.iter().filter(|event| event.at("data")["type"] == "user.password_changed" && event.at("data")["entityId"] == json!(rep.id));
    assert_eq!(told.count(), 1);
}
