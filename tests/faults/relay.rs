//! The relay and a bus that takes some events and not others.

use domain::event::Event;
use futures::future::BoxFuture;
use local::{TABLE, Table};
use messaging::{EventBus, MessagingError};
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use tests::background::Post;
use tests::{Crm, Passing, log};

/// Takes what this says, by the number of the call and of the event in it.
type Takes = fn(usize, usize) -> bool;

struct Picky {
    takes: Takes,
    /// The events of each call, and whether they were taken.
    calls: Mutex<Vec<Vec<(String, bool)>>>,
}

impl EventBus for Picky {
    fn publish<'a>(&'a self, events: &'a [Event]) -> BoxFuture<'a, Result<Vec<Event>, MessagingError>> {
        Box::pin(async move {
            let mut calls = self.calls.lock().expect("lock");
            let call = calls.len();
            let taken = |at: usize| (self.takes)(call, at);
            calls.push(events.iter().enumerate().map(|(at, event)| (event.id.to_string(), taken(at))).collect());
            Ok(events.iter().enumerate().filter(|(at, _)| !taken(*at)).map(|(_, event)| event.clone()).collect())
        })
    }
}

/// A CRM with its relay, before a bus like this, after so many leads were made.
async fn relay(takes: Takes, leads: usize) -> (Crm, Post, Arc<Picky>) {
    let crm = Crm::timed(Table::memory().expect("memory"), Passing::by_hand(1_774_679_400_000)).await;
    let mut posts = crm.posts().await;
    let place = posts.iter().position(|post| post.worker.name == "relay").expect("a relay");
    let mut post = posts.swap_remove(place);
    let bus = Arc::new(Picky { takes, calls: Mutex::default() });
    post.app = post.app.with_bus(bus.clone());
    let admin = crm.admin().await;
    while post.step().await {}
    bus.calls.lock().expect("lock").clear();
    for _ in 0..leads {
        admin.lead(json!({})).await;
    }
    (crm, post, bus)
}

async fn written(crm: &Crm) -> BTreeSet<String> {
    let events = crm.items_of("EVENT").await.into_iter().filter(|event| event.at("data")["type"] == "lead.created");
    events.map(|event| event.at("data")["id"].as_str().unwrap_or_default().to_owned()).collect()
}

fn taken(bus: &Picky) -> Vec<String> {
    bus.calls.lock().expect("lock").iter().flatten().filter(|(_, taken)| *taken).map(|(id, _)| id.clone()).collect()
}

#[tokio::test(start_paused = true)]
async fn what_the_bus_did_not_take_is_sent_again_alone() {
    let (crm, mut post, bus) = relay(|call, at| call > 0 || at % 3 != 1, 12).await;
    while post.step().await {}
    let taken = taken(&bus);
    assert_eq!(taken.iter().cloned().collect::<BTreeSet<_>>(), written(&crm).await);
    assert_eq!(taken.len(), 12, "none of them twice");
    let calls: Vec<usize> = bus.calls.lock().expect("lock").iter().map(Vec::len).collect();
    assert_eq!(calls, [12, 4], "one call for the batch, one for the rest");
}

#[tokio::test(start_paused = true)]
async fn a_bus_that_takes_nothing_for_a_while_loses_nothing() {
    let (crm, mut post, bus) = relay(|call, at| call >= 7 || at < 5, 12).await;
    let mut steps = 0;
    while post.step().await {
        steps += 1;
        assert!(steps < 20, "it comes to an end");
    }
    assert_eq!(taken(&bus).into_iter().collect::<BTreeSet<_>>(), written(&crm).await);
    assert!(crm.items_of("PARKED").await.is_empty(), "an outage is waited for");
}

#[tokio::test(start_paused = true)]
async fn an_event_that_somebody_restored_is_not_published_as_new() {
    log::listen();
    let (crm, mut post, bus) = relay(|_, _| true, 1).await;
    let events = crm.items_of("EVENT").await;
    let event = events.iter().find(|event| event.at("data")["type"] == "lead.created").expect("an event");
    let key = json!({"pk": {"S": event.text("pk")}, "sk": {"S": event.text("sk")}});
    let mut old = crm.embedded().table.request("GetItem", json!({"TableName": TABLE, "Key": key})).await.expect("an item")["Item"].clone();
    while post.step().await {}
    let before = taken(&bus).len();
    old["pk"] = json!({"S": "LEAD#0190a7c8-5b7e-7cc1-a2f1-3f0e6c1d2b4a"});
    old["data"]["M"]["at"] = json!({"S": "2026-03-25T06:00:00.000Z"});
    crm.embedded().table.request("PutItem", json!({"TableName": TABLE, "Item": old})).await.expect("put");
    while post.step().await {}
    assert_eq!(taken(&bus).len(), before);
    let told = log::lines_where(|line| line["cause"].as_str().is_some_and(|cause| cause.contains("was not published again")));
    assert!(!told.is_empty(), "it is told");
}
