//! A table that is throttled for an hour: who asks is told to come back, what was acknowledged stays, and the workers
//! make good what they could not do.

use crate::faults::Faults;
use local::Fault;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tests::background::{Post, settle};
use tests::people::text;
use tests::random::Random;
use tests::recount::{Look, disagreements};
use tests::{Crm, Passing, Person, Reply};

const MINUTES: usize = 60;
const MINUTE: Duration = Duration::from_secs(60);
/// When everything begins, milliseconds.
const START: i64 = 1_798_797_600_000;

/// Everybody behind the API tries once.
async fn try_once(posts: &mut [Post]) {
    for post in posts {
        post.step().await;
    }
}

/// A create that can be repeated; refused for now, or done.
async fn create(person: &Person, number: usize) -> Reply {
    let body = json!({"name": format!("Patient {number}"), "email": format!("patient-{number}@throttled.example")});
    let reply = person.ask("POST", "/customers", Some(&body), &[("idempotency-key", &format!("patient-{number}"))]).await;
    assert!(matches!(reply.status, 201 | 503), "{}", reply.text);
    assert_eq!(reply.header("retry-after").is_some(), reply.status == 503);
    reply
}

#[tokio::test(start_paused = true)]
async fn an_hour_without_capacity_loses_nothing_doubles_nothing_and_is_made_good() {
    let (table, faults) = Faults::table();
    let crm = Crm::set(table, Passing::by_hand(START), &[("ACCESS_TTL", "86400")]).await;
    let mut posts = crm.posts().await;
    let admin = crm.admin().await;
    let (rep, heir) = (crm.person("SALES_REP", None).await, crm.person("SALES_REP", None).await);
    let mut given = Vec::new();
    for number in 0..5 {
        given.push(text(&admin.customer(json!({"ownerId": rep.id, "name": format!("Given {number}")})).await["id"]));
    }
    settle(&mut posts).await;
    // The workers have work when it begins: events on the stream, and messages that follow from them.
    admin.delete(&format!("/users/{}?reassignTo={}", rep.id, heir.id)).await.expect(204);
    try_once(&mut posts).await;

    // Half an hour nothing gets through, then one operation of five.
    let (minute, mut chance) = (Arc::new(AtomicUsize::new(0)), Random::new(7));
    let now = minute.clone();
    faults.before(move |_| if now.load(Ordering::SeqCst) < MINUTES / 2 || chance.below(5) > 0 { Err(Fault::throttled()) } else { Ok(()) });
    let (mut acknowledged, mut refused) = (HashMap::new(), Vec::new());
    for number in 0..MINUTES {
        minute.store(number, Ordering::SeqCst);
        let reply = create(&admin, number).await;
        match reply.status {
            201 => drop(acknowledged.insert(number, text(&reply.data()["id"]))),
            _ => refused.push(number),
        }
        try_once(&mut posts).await;
        crm.time.advance(MINUTE);
    }
    assert!(refused.len() > MINUTES / 2 && !acknowledged.is_empty(), "{} refused, {} acknowledged", refused.len(), acknowledged.len());
    faults.none();

    let before = crm.items().await;
    let is_there = |id: &String| before.iter().any(|item| item.text("type") == "CUSTOMER" && item.text("pk") == format!("CUSTOMER#{id}"));
    assert!(acknowledged.values().all(is_there), "what was acknowledged is there");
    // Who was refused asks again, and so does who was not and never heard of it.
    for number in 0..MINUTES {
        let again = create(&admin, number).await.expect(201);
        if let Some(id) = acknowledged.get(&number) {
            assert_eq!((&text(&again.data()["id"]), again.header("idempotency-replayed")), (id, Some("true")));
        }
    }
    // The longest pause of a message, and the second look at what moved.
    for _ in 0..4 {
        settle(&mut posts).await;
        crm.time.advance(6 * MINUTE);
    }
    let items = crm.items().await;
    assert_eq!(disagreements(&items, Look::Told), Vec::<String>::new());
    let patients: Vec<&Value> = items.iter().filter(|item| item.text("type") == "CUSTOMER").map(|item| item.at("data")).collect();
    assert_eq!(patients.iter().filter(|data| text(&data["name"]).starts_with("Patient")).count(), MINUTES, "each once");
    assert!(items.iter().all(|item| item.text("type") != "PARKED"), "no message was given up");
    for id in given {
        let customer = admin.get(&format!("/customers/{id}")).await.expect(200);
        assert_eq!((&customer.data()["ownerId"], &customer.data()["version"]), (&json!(heir.id), &json!(2)), "moved once");
    }
    for number in [0, MINUTES / 2, MINUTES - 1] {
        assert_eq!(admin.ids(&format!("/customers?q=patient-{number}@throttled.example")).await.len(), 1, "found by what the stream brought");
    }
}
