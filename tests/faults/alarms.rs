//! The conditions that alarms are for, each made, and what is counted of it seen. Where other tests make one already,
//! `tests/structure/alarm_conditions.txt` says which.

use crate::faults::Faults;
use application::metric::Metric;
use local::{Fault, TABLE};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tests::people::text;
use tests::{Crm, Person, eventually, log};
use workers::WORKERS;

const SOON: Duration = Duration::from_secs(20);
/// Above this many milliseconds the runbook looks for slow requests.
const SLOW: f64 = 3000.0;

/// How many dead letters a queue has, parked ones among them.
async fn dead(admin: &Person, queue: &str) -> u64 {
    let list = admin.get("/admin/dead-letters").await.expect(200);
    let queues = list.body["meta"]["queues"].as_array().cloned().unwrap_or_default();
    queues.iter().find(|found| found["name"] == queue).and_then(|found| found["dead"].as_u64()).unwrap_or_default()
}

#[tokio::test]
async fn a_table_that_does_not_answer_is_a_503_in_time_and_a_slow_line() {
    log::listen();
    let hangs = Arc::new(AtomicBool::new(false));
    let hung = hangs.clone();
    let turn = move || -> futures::future::BoxFuture<'static, ()> {
        let waits = hung.load(Ordering::SeqCst);
        Box::pin(async move {
            if waits {
                futures::future::pending::<()>().await;
            }
        })
    };
    let crm = Crm::idle(local::Table::memory().expect("memory").with_turns(Arc::new(turn))).await;
    let admin = crm.admin().await;
    let path = format!("/customers/{}", text(&admin.customer(json!({})).await["id"]));
    hangs.store(true, Ordering::SeqCst);
    let (asked, id) = (Instant::now(), tests::crm::unique());
    let reply = admin.ask("GET", &path, None, &[("x-request-id", &id)]).await.expect(503);
    assert!(asked.elapsed() < Duration::from_secs(edge::DEADLINE_SECONDS + 1), "{:?}", asked.elapsed());
    assert!(reply.header("retry-after").is_some());
    let lines = log::lines_where(|line| line["requestId"] == id.as_str() && line["status"] == 503);
    assert!(lines.iter().any(|line| line["ms"].as_f64().is_some_and(|ms| ms > SLOW)), "{lines:?}");
}

#[tokio::test]
async fn an_answer_with_500_is_counted() {
    log::listen();
    let crm = Crm::idle(local::Table::memory().expect("memory")).await;
    let admin = crm.admin().await;
    let id = text(&admin.customer(json!({})).await["id"]);
    let spoilt = json!({"TableName": TABLE, "Key": {"pk": {"S": format!("CUSTOMER#{id}")}, "sk": {"S": "CUSTOMER"}},
        "UpdateExpression": "SET head = :wrong", "ExpressionAttributeValues": {":wrong": {"S": "?"}}});
    crm.embedded().table.request("UpdateItem", spoilt).await.expect("spoilt");
    let counted = || log::lines_where(|line| line[Metric::Faults.name()] == 1 && line["_aws"].is_object()).len();
    let before = counted();
    admin.get(&format!("/customers/{id}")).await.expect(500);
    assert!(counted() > before);
}

#[tokio::test]
async fn a_dead_letter_that_the_parker_cannot_take_stays_and_is_counted() {
    let (table, faults) = Faults::table();
    let crm = Crm::on(table).await;
    let admin = crm.admin().await;
    faults.before(|operation| if operation.role == Some("parker") { Err(Fault::throttled()) } else { Ok(()) });
    crm.embedded().queues.send("work-dead", vec!["not json".into()], Duration::ZERO).await.expect("sent");
    let stays = || async { (dead(&admin, "work").await == 1).then_some(()) };
    eventually("a dead letter that stays", SOON, stays).await;
    assert_eq!(admin.get("/admin/dead-letters").await.data(), &json!([]));
    faults.none();
    let parked = || async { (admin.get("/admin/dead-letters").await.data() != &json!([])).then_some(()) };
    eventually("the parker takes it when it can", Duration::from_secs(60), parked).await;
    assert_eq!(dead(&admin, "work").await, 1);
}

#[tokio::test]
async fn a_message_that_was_tried_often_and_waits_on_is_counted() {
    log::listen();
    let (table, faults) = Faults::table();
    let crm = Crm::idle(table).await;
    faults.before(|operation| if operation.role == Some("work") { Err(Fault::throttled()) } else { Ok(()) });
    let counted = || log::lines_where(|line| line[Metric::Waiting.name()] == 1 && line["_aws"].is_object()).len();
    let before = counted();
    for (receives, more) in [("1", false), ("3", true)] {
        let message = json!({"messageId": "1", "body": r#"{"task":"restamp","user":"0190a7c8-5b7e-7cc1-a2f1-3f0e6c1d2b4a"}"#, "attributes": {"ApproximateReceiveCount": receives},
            "eventSourceARN": "arn:aws:sqs:eu-central-1:1:crm-work"});
        let answer = crm.hand("work", json!({"Records": [message]})).await;
        assert_eq!(answer["batchItemFailures"][0]["itemIdentifier"], "1", "it comes again");
        assert_eq!(counted() > before, more, "received {receives} times");
    }
    assert_eq!(crm.items_of("PARKED").await.len(), 0);
}

#[tokio::test]
async fn a_worker_fails_as_a_whole_on_what_is_no_event_of_its_trigger() {
    let crm = Crm::idle(local::Table::memory().expect("memory")).await;
    for worker in WORKERS {
        let app = crm.embedded().worker_app(worker);
        let outcome = (worker.handle)(&app, json!({"Records": "none"})).await;
        assert!(outcome.is_err(), "{}: {outcome:?}", worker.name);
    }
}
