//! Faults around leads: conversions whose answer is lost, deletions that are killed in the middle.

use crate::faults::Faults;
use domain::event::EventKind;
use local::Fault;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tests::crm::unique;
use tests::people::text;
use tests::recount::{Look, disagreements};
use tests::{Crm, Person, eventually, together};

const SOON: Duration = Duration::from_secs(30);
/// How many activities the deleted lead has.
const ACTIVITIES: usize = 500;
/// How many the converted one has: more than one message handles.
const CONVERTED: usize = 310;

#[tokio::test]
async fn a_conversion_whose_answer_is_lost_is_done_once_when_it_is_repeated() {
    let (table, faults) = Faults::table();
    let crm = Crm::idle(table).await;
    let admin = crm.admin().await;
    for (after, keyed) in [(true, false), (true, true), (false, false), (false, true)] {
        let email = format!("{}@lost.example", unique());
        let lead = text(&admin.lead(json!({"lastName": "Lost", "email": email})).await["id"]);
        let count = AtomicU32::new(0);
        let rule = move |operation: &local::Operation| {
            let hit = operation.role == Some("convert_lead") && operation.name == "TransactWriteItems" && count.fetch_add(1, Ordering::SeqCst) < 10;
            if hit { Err(Fault::Lost) } else { Ok(()) }
        };
        if after {
            faults.after(rule);
        } else {
            faults.before(rule);
        }
        let key = unique();
        let headers: &[(&str, &str)] = if keyed { &[("idempotency-key", &key)] } else { &[] };
        let convert = async || admin.ask("POST", &format!("/leads/{lead}/convert"), Some(&json!({})), headers).await;
        let first = convert().await;
        faults.none();
        let second = convert().await.expect(200);
        assert!(matches!(first.status, 200 | 500 | 503), "{}", first.text);
        assert_eq!(convert().await.expect(200).data(), second.data());
        let items = crm.items().await;
        let made: Vec<&str> = items
            .iter()
            .filter(|item| item.text("type") == "CUSTOMER" && item.at("data")["email"] == json!(email))
            .map(|item| item.text("pk"))
            .collect();
        assert_eq!(made, [format!("CUSTOMER#{}", text(&second.data()["customer"]["id"]))], "one customer");
        assert_eq!(disagreements(&items, Look::AtOnce), Vec::<String>::new());
    }
}

/// Calls and notes of a lead.
async fn log(admin: &Person, lead: &str, count: usize) {
    let replies = together(count, |n| {
        let (admin, lead) = (admin.clone(), lead.to_owned());
        let kind = if n % 2 == 0 { "CALL" } else { "NOTE" };
        async move { admin.post("/activities", json!({"leadId": lead, "type": kind, "body": format!("Number {n}")})).await }
    })
    .await;
    assert!(replies.iter().all(|reply| reply.status == 201), "{:?}", replies.iter().find(|reply| reply.status != 201));
}

#[tokio::test]
async fn activities_of_a_converted_lead_reach_its_customer_though_the_work_was_killed_in_the_middle() {
    let (table, faults) = Faults::table();
    let crm = Crm::on(table).await;
    let admin = crm.admin().await;
    let lead = text(&admin.lead(json!({"title": "Sold"})).await["id"]);
    log(&admin, &lead, CONVERTED).await;
    let done = Arc::new(AtomicU32::new(0));
    let count = done.clone();
    faults.before(move |operation| match (operation.role, operation.name.as_str()) {
        (Some("work"), "TransactWriteItems") if count.fetch_add(1, Ordering::SeqCst) >= 50 => Err(Fault::TimedOut),
        _ => Ok(()),
    });
    let customer = text(&admin.post(&format!("/leads/{lead}/convert"), json!({})).await.expect(200).data()["customer"]["id"]);
    eventually("some have arrived", SOON, || async { (done.load(Ordering::SeqCst) > 50).then_some(()) }).await;
    let stopped = crm.killed().await;
    faults.none();
    let items = stopped.items().await;
    let here = items.iter().filter(|item| item.text("type") == "ACTIVITY" && item.at("derived")["customerId"] == json!(customer)).count();
    assert_eq!(here, 50, "it was in the middle");
    assert_eq!(disagreements(&items, Look::AtOnce), Vec::<String>::new());
    let again = stopped.working().await;
    let admin = again.admin().await;
    let count = async || admin.get(&format!("/customers/{customer}")).await.data()["counts"]["activities"].clone();
    eventually("all have arrived", SOON, || async { (count().await == json!(CONVERTED)).then_some(()) }).await;
    eventually("everything agrees", SOON, || async { disagreements(&again.items().await, Look::Settled).is_empty().then_some(()) }).await;
}

#[tokio::test]
async fn a_hard_delete_that_was_killed_in_the_middle_is_finished_after_a_restart() {
    let (table, faults) = Faults::table();
    let crm = Crm::on(table).await;
    let admin = crm.admin().await;
    let lead = text(&admin.lead(json!({"title": "Doomed", "email": "doomed@purge.example"})).await["id"]);
    log(&admin, &lead, ACTIVITIES).await;
    assert_eq!(admin.get(&format!("/leads/{lead}")).await.data()["counts"]["activities"], json!(ACTIVITIES));
    for n in 0..3 {
        admin.make("/follow-ups", json!({"leadId": lead, "dueAt": format!("2031-01-0{}T09:00:00Z", n + 1)})).await;
        admin.make("/tasks", json!({"leadId": lead, "title": format!("Task {n}")})).await;
    }
    let done = Arc::new(AtomicU32::new(0));
    let count = done.clone();
    faults.before(move |operation| match (operation.role, operation.name.as_str()) {
        (Some("work"), "TransactWriteItems") if count.fetch_add(1, Ordering::SeqCst) >= 120 => Err(Fault::TimedOut),
        _ => Ok(()),
    });
    admin.delete(&format!("/leads/{lead}?hard=true")).await.expect(204);
    eventually("some are gone", SOON, || async { (done.load(Ordering::SeqCst) > 120).then_some(()) }).await;
    let stopped = crm.killed().await;
    faults.none();
    let left = stopped.items_of("ACTIVITY").await.len();
    assert_eq!(left, ACTIVITIES - 120, "it was in the middle");
    let again = stopped.working().await;
    let below = |item: &tests::items::Raw| {
        let of_lead = item.at("data")["leadId"] == json!(lead) && item.text("type") != "EVENT";
        of_lead || (item.text("pk") == format!("LEAD#{lead}") && item.text("type") != "EVENT")
    };
    eventually("everything below is gone", SOON, || async { (!again.items().await.iter().any(below)).then_some(()) }).await;
    let items = again.items().await;
    let told = |item: &&tests::items::Raw| item.text("pk") == format!("LEAD#{lead}") && item.at("data")["type"] == EventKind::LeadDeleted.as_str();
    assert_eq!(items.iter().filter(told).count(), 1, "the event is there");
    let tasks: Vec<&Value> = items.iter().filter(|item| item.text("type") == "TASK").map(|item| &item.at("data")["leadId"]).collect();
    assert_eq!(tasks, [&Value::Null; 3], "tasks stay without the link");
    eventually("everything agrees", SOON, || async { disagreements(&again.items().await, Look::Settled).is_empty().then_some(()) }).await;
    again.admin().await.lead(json!({"email": "doomed@purge.example"})).await;
}
