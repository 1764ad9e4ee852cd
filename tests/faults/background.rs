//! Faults behind the API: deliveries twice, late and out of order, and workers that die.

use crate::faults::{Faults, conflict};
use domain::event::EventKind;
use local::Fault;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tests::background::stream;
use tests::people::text;
use tests::random::Random;
use tests::recount::{Look, disagreements};
use tests::{Crm, eventually};

const SOON: Duration = Duration::from_secs(20);

/// Customers that were changed, renamed, archived, restored and given away.
async fn history(crm: &Crm) {
    let (admin, rep) = (crm.admin().await, crm.person("SALES_REP", None).await);
    for n in 0..5 {
        let path = format!("/customers/{}", text(&admin.customer(json!({"name": format!("Before {n}"), "company": "Same"})).await["id"]));
        admin.patch(&path, json!({"name": format!("After {n}"), "email": format!("n{n}@stream.example")})).await.expect(200);
        admin.patch(&format!("{path}/assign"), json!({"ownerId": rep.id})).await.expect(200);
        admin.delete(&path).await.expect(204);
        if n % 2 == 0 {
            admin.patch(&path, json!({"archived": false})).await.expect(200);
        }
    }
}

#[tokio::test]
async fn batches_of_the_stream_may_come_twice_and_in_any_order() {
    let crm = Crm::idle(local::Table::memory().expect("memory")).await;
    history(&crm).await;
    let records = stream(&crm).await;
    for seed in 0..10 {
        let mut random = Random::new(seed);
        let mut shuffled = records.clone();
        shuffled.extend(records.iter().take(records.len() / 2).cloned());
        for at in (1..shuffled.len()).rev() {
            shuffled.swap(at, random.below(at + 1));
        }
        for batch in shuffled.chunks(1 + random.below(20)) {
            assert_eq!(crm.hand("projector", json!({"Records": batch})).await, json!({"batchItemFailures": []}));
        }
        assert_eq!(disagreements(&crm.items().await, Look::Settled), Vec::<String>::new(), "seed {seed}");
    }
}

#[tokio::test]
async fn a_batch_is_repeated_from_the_record_at_which_the_table_failed() {
    let (table, faults) = Faults::table();
    let crm = Crm::idle(table).await;
    history(&crm).await;
    let records = stream(&crm).await;
    let count = AtomicU32::new(0);
    faults.before(move |operation| match (operation.role, operation.name.as_str()) {
        (Some("projector"), "BatchWriteItem") if count.fetch_add(1, Ordering::SeqCst) >= 4 => Err(Fault::access_denied("BatchWriteItem")),
        _ => Ok(()),
    });
    let answer = crm.hand("projector", json!({"Records": records})).await;
    let failed = answer["batchItemFailures"][0]["itemIdentifier"].clone();
    let from = records.iter().position(|record| record["dynamodb"]["SequenceNumber"] == failed).expect("a record of the batch");
    assert!(from > 0, "those before it were done");
    faults.none();
    crm.hand("projector", json!({"Records": records[from..]})).await;
    assert_eq!(disagreements(&crm.items().await, Look::Settled), Vec::<String>::new());
    assert!(crm.items_of("PARKED").await.is_empty(), "what may pass is not parked");
}

#[tokio::test]
async fn events_are_published_again_and_again_and_count_once() {
    let crm = Crm::start().await;
    let admin = crm.admin().await;
    let (rep, heir) = (crm.person("SALES_REP", None).await, crm.person("SALES_REP", None).await);
    let mut paths = Vec::new();
    for _ in 0..3 {
        paths.push(format!("/customers/{}", text(&admin.customer(json!({"ownerId": rep.id})).await["id"])));
    }
    admin.delete(&format!("/users/{}?reassignTo={}", rep.id, heir.id)).await.expect(204);
    let records = stream(&crm).await;
    for _ in 0..5 {
        crm.hand("relay", json!({"Records": records})).await;
    }
    let quiet = || async {
        let depths = crm.embedded().queues.depths();
        let busy: usize =
            ["automation", "notifications", "work", "repair", "jobs"].iter().map(|queue| depths[*queue].visible + depths[*queue].in_flight).sum();
        (busy == 0).then_some(())
    };
    // The second look comes a minute later; every repeat has its own.
    eventually("the queues are empty", SOON, quiet).await;
    crm.advance(61);
    eventually("the second looks are done", SOON, quiet).await;
    let items = crm.items().await;
    for path in &paths {
        let customer = admin.get(path).await.expect(200);
        assert_eq!((&customer.data()["ownerId"], &customer.data()["version"]), (&json!(heir.id), &json!(2)), "moved once");
        let pk = path.trim_start_matches("/customers/");
        let kinds = |kind: EventKind| {
            let of = |item: &&tests::items::Raw| item.text("pk") == format!("CUSTOMER#{pk}") && item.at("data")["type"] == kind.as_str();
            items.iter().filter(of).count()
        };
        assert_eq!((kinds(EventKind::CustomerCreated), kinds(EventKind::CustomerAssigned)), (1, 2), "given at creation and when the owner left");
    }
    assert!(items.iter().all(|item| item.text("type") != "PARKED"));
}

#[tokio::test]
async fn work_that_was_killed_in_the_middle_is_finished_after_a_restart() {
    let (table, faults) = Faults::table();
    let crm = Crm::on(table).await;
    let admin = crm.admin().await;
    let (rep, heir) = (crm.person("SALES_REP", None).await, crm.person("SALES_REP", None).await);
    let mut ids = Vec::new();
    for n in 0..30 {
        ids.push(text(&admin.customer(json!({"ownerId": rep.id, "name": format!("Moving {n}")})).await["id"]));
    }
    let moved = Arc::new(AtomicU32::new(0));
    let count = moved.clone();
    faults.before(move |operation| match (operation.role, operation.name.as_str()) {
        (Some("work"), "TransactWriteItems") if count.fetch_add(1, Ordering::SeqCst) >= 10 => Err(Fault::TimedOut),
        _ => Ok(()),
    });
    admin.delete(&format!("/users/{}?reassignTo={}", rep.id, heir.id)).await.expect(204);
    eventually("ten are moved", SOON, || async { (moved.load(Ordering::SeqCst) > 10).then_some(()) }).await;
    let stopped = crm.killed().await;
    faults.none();
    let half = stopped.items_of("CUSTOMER").await.iter().filter(|item| item.at("data")["ownerId"] == json!(heir.id)).count();
    assert_eq!(half, 10, "it was in the middle");
    let again = stopped.working().await;
    let done = || async {
        let customers = again.items_of("CUSTOMER").await;
        customers.iter().all(|item| item.at("data")["ownerId"] == json!(heir.id)).then_some(())
    };
    eventually("all are moved", SOON, done).await;
    let wrong = || async { disagreements(&again.items().await, Look::Settled).is_empty().then_some(()) };
    eventually("everything agrees", SOON, wrong).await;
    let customers = again.items_of("CUSTOMER").await;
    assert!(customers.len() == ids.len() && customers.iter().all(|item| item.at("version") == &json!(2)), "each was moved once");
}

#[tokio::test]
async fn a_move_that_comes_again_takes_nothing_from_who_came_back() {
    let crm = Crm::start().await;
    let admin = crm.admin().await;
    let rep = crm.person("SALES_REP", None).await;
    let path = format!("/customers/{}", text(&admin.customer(json!({"ownerId": rep.id})).await["id"]));
    admin.delete(&format!("/users/{}", rep.id)).await.expect(204);
    let owner = |wanted: Value| {
        let (admin, path) = (&admin, &path);
        async move { (admin.get(path).await.data()["ownerId"] == wanted).then_some(()) }
    };
    eventually("the pool has it", SOON, || owner(Value::Null)).await;
    admin.patch(&format!("/users/{}", rep.id), json!({"status": "ACTIVE"})).await.expect(200);
    admin.patch(&format!("{path}/assign"), json!({"ownerId": rep.id})).await.expect(200);
    let again = json!({"task": "move_records", "user": rep.id, "to": null, "by": null});
    let message =
        json!({"messageId": "01900000-0000-7000-8000-000000000001", "body": again.to_string(), "eventSourceARN": "arn:aws:sqs:r:1:crm-work"});
    assert_eq!(crm.hand("work", json!({"Records": [message]})).await, json!({"batchItemFailures": []}));
    assert_eq!(admin.get(&path).await.data()["ownerId"], json!(rep.id));
}

#[tokio::test]
async fn work_in_conflict_with_people_waits_and_loses_no_change() {
    let (table, faults) = Faults::table();
    let crm = Crm::on(table).await;
    let admin = crm.admin().await;
    let rep = crm.person("SALES_REP", None).await;
    let path = format!("/customers/{}", text(&admin.customer(json!({"ownerId": rep.id})).await["id"]));
    let count = AtomicU32::new(0);
    faults.before(move |operation| {
        let hit = operation.role == Some("work") && operation.name == "TransactWriteItems" && count.fetch_add(1, Ordering::SeqCst) < 3;
        if hit { Err(conflict(operation)) } else { Ok(()) }
    });
    admin.patch(&format!("/users/{}", rep.id), json!({"lastName": "Renamed"})).await.expect(200);
    admin.patch(&path, json!({"company": "Meanwhile"})).await.expect(200);
    let customer = eventually("the name follows", SOON, || async {
        let found = admin.get(&path).await.data().clone();
        (found["ownerName"] == "Test Renamed").then_some(found)
    })
    .await;
    assert_eq!((&customer["company"], &customer["version"]), (&json!("Meanwhile"), &json!(2)));
}

#[tokio::test]
async fn what_somebody_did_goes_to_the_new_team_though_he_may_not_sign_in() {
    let crm = Crm::start().await;
    let admin = crm.admin().await;
    let (here, there) = (crm.team().await, crm.team().await);
    let rep = crm.person("SALES_REP", Some(&here)).await;
    let (old, new) = (crm.person("MANAGER", Some(&here)).await, crm.person("MANAGER", Some(&there)).await);
    let task = format!("/tasks/{}", text(&rep.make("/tasks", json!({"title": "Done"})).await["id"]));
    rep.patch(&format!("{task}/status"), json!({"status": "DONE"})).await.expect(200);
    admin.delete(&format!("/users/{}", rep.id)).await.expect(204);
    admin.patch(&format!("/users/{}", rep.id), json!({"teamId": there})).await.expect(200);
    eventually("the new team's manager reads it", SOON, || async { (new.get(&task).await.status == 200).then_some(()) }).await;
    old.get(&task).await.expect(404);
}
