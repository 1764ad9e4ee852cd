//! What takes long: a bus that is away for an hour, and a move that dies again and again. The numbers are small; `BUS_CHANGES` and
//! `MOVED` make them what a company has.

use crate::faults::Faults;
use domain::event::Event;
use domain::event::EventKind;
use futures::future::BoxFuture;
use local::{Fault, Table};
use messaging::{Depth, EventBus, MessagingError, Queue, Queues};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tests::background::settle;
use tests::people::text;
use tests::random::Random;
use tests::recount::{Look, disagreements};
use tests::{Crm, Passing, number_in_environment};

/// When everything begins, milliseconds.
const START: i64 = 1_798_797_600_000;

/// A bus that can be away, and remembers what it took.
struct Away {
    bus: Arc<dyn EventBus>,
    away: AtomicBool,
    taken: Mutex<BTreeMap<String, usize>>,
}

impl Away {
    fn took(&self, events: &[Event]) {
        let mut taken = self.taken.lock().expect("lock");
        events.iter().for_each(|event| *taken.entry(event.id.to_string()).or_default() += 1);
    }
}

impl EventBus for Away {
    fn publish<'a>(&'a self, events: &'a [Event]) -> BoxFuture<'a, Result<Vec<Event>, MessagingError>> {
        Box::pin(async move {
            if self.away.load(Ordering::SeqCst) {
                return Err(MessagingError("no answer".into()));
            }
            self.took(events);
            self.bus.publish(events).await
        })
    }
}

#[tokio::test(start_paused = true)]
async fn what_happens_while_the_bus_is_away_for_an_hour_is_acted_on_once_when_it_is_back() {
    let changes = number_in_environment("BUS_CHANGES").unwrap_or(200);
    let crm = Crm::timed(Table::memory().expect("memory"), Passing::by_hand(START)).await;
    let mut posts = crm.posts().await;
    let mut admin = crm.admin().await;
    let reps = [crm.person("SALES_REP", None).await, crm.person("SALES_REP", None).await];
    settle(&mut posts).await;
    let relay = posts.iter_mut().find(|post| post.worker.name == "relay").expect("a relay");
    let bus = crm.embedded().bus.clone();
    let away = Arc::new(Away { bus: Arc::new(bus), away: AtomicBool::new(true), taken: Mutex::default() });
    relay.app = relay.app.clone().with_bus(away.clone());
    let mut random = Random::new(number_in_environment("FAULT_SEED").unwrap_or(7));
    let mut leads: Vec<String> = Vec::new();
    for n in 0..changes {
        match (random.below(3), leads.is_empty()) {
            (0, _) | (_, true) => leads.push(text(&admin.lead(json!({"title": format!("Lead {n}"), "ownerId": random.of(&reps).id})).await["id"])),
            (1, _) => drop(admin.patch(&format!("/leads/{}/assign", random.of(&leads)), json!({"ownerId": random.of(&reps).id})).await.expect(200)),
            _ => drop(admin.patch(&format!("/leads/{}", random.of(&leads)), json!({"company": format!("Company {n}")})).await.expect(200)),
        }
        // Everybody is at work, and the relay tries again and again.
        if n % (changes / 10) == 0 {
            admin = crm.admin().await;
            for post in &mut posts {
                post.step().await;
            }
        }
        crm.time.advance(Duration::from_millis(3_600_000 / changes));
    }
    assert_eq!(away.taken.lock().expect("lock").len(), 0);
    away.away.store(false, Ordering::SeqCst);
    for _ in 0..3 {
        settle(&mut posts).await;
        crm.time.advance(Duration::from_secs(61));
    }
    let items = crm.items().await;
    assert_eq!(disagreements(&items, Look::Told), Vec::<String>::new());
    let events: BTreeSet<String> = items
        .iter()
        .filter(|item| item.text("type") == "EVENT" && item.at("data")["entityType"] == "LEAD")
        .map(|item| text(&item.at("data")["id"]))
        .collect();
    let taken = away.taken.lock().expect("lock").clone();
    assert!(events.iter().all(|event| taken.get(event) == Some(&1)), "each of {} was published once", events.len());
    assert_eq!(items.iter().filter(|item| item.text("type") == "PARKED").count(), 0, "an outage is waited for");
    eprintln!("{} events of {changes} changes were published once each, after an hour", events.len());
}

/// Queues that remember how far the work has been handed on.
struct Handed {
    inner: Arc<dyn Queues>,
    hops: Mutex<Vec<u64>>,
}

impl Queues for Handed {
    fn send<'a>(&'a self, queue: Queue, body: String, delay_seconds: u32) -> BoxFuture<'a, Result<(), MessagingError>> {
        let piece: Value = serde_json::from_str(&body).expect("JSON");
        self.hops.lock().expect("lock").extend(piece["hops"].as_u64());
        self.inner.send(queue, body, delay_seconds)
    }

    fn depths(&self) -> BoxFuture<'_, Result<Vec<Depth>, MessagingError>> {
        self.inner.depths()
    }
}

#[tokio::test(start_paused = true)]
async fn a_move_that_dies_again_and_again_moves_each_record_once() {
    let moved = number_in_environment("MOVED").unwrap_or(650) as usize;
    let (table, faults) = Faults::table();
    let crm = Crm::timed(table, Passing::by_hand(START)).await;
    let mut posts = crm.posts().await;
    let admin = crm.admin().await;
    let (rep, heir) = (crm.person("SALES_REP", None).await, crm.person("SALES_REP", None).await);
    for n in 0..moved {
        admin.customer(json!({"name": format!("Moving {n}"), "ownerId": rep.id})).await;
        if n % 100 == 99 {
            settle(&mut posts).await;
        }
    }
    settle(&mut posts).await;
    let path = format!("/users/{}?reassignTo={}", rep.id, heir.id);
    admin.delete(&path).await.expect(204);
    let at = posts.iter().position(|post| post.worker.name == "work").expect("a worker");
    let handed = Arc::new(Handed { inner: Arc::new(local::adapters::LocalQueues(crm.embedded().queues.clone())), hops: Mutex::default() });
    posts[at].app = posts[at].app.clone().with_queues(handed.clone());
    // The worker dies amid its writes; what it was at comes again when it was hidden for long enough.
    let times = if moved < 5000 { 1 } else { 10 };
    let every = moved / (times + 1) + 1;
    let (writes, deaths) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (count, died) = (writes.clone(), deaths.clone());
    let dead = Arc::new(AtomicBool::new(false));
    let is_dead = dead.clone();
    faults.before(move |operation| {
        if operation.role != Some("work") {
            return Ok(());
        }
        if operation.name == "TransactWriteItems"
            && (count.fetch_add(1, Ordering::SeqCst) + 1).is_multiple_of(every)
            && died.load(Ordering::SeqCst) < times
        {
            died.fetch_add(1, Ordering::SeqCst);
            is_dead.store(true, Ordering::SeqCst);
        }
        if is_dead.load(Ordering::SeqCst) { Err(Fault::TimedOut) } else { Ok(()) }
    });
    for _ in 0..100 {
        settle(&mut posts).await;
        dead.store(false, Ordering::SeqCst);
        crm.time.advance(Duration::from_secs(400));
    }
    faults.none();
    assert_eq!(deaths.load(Ordering::SeqCst), times);
    let items = crm.items().await;
    let customers: Vec<_> = items.iter().filter(|item| item.text("type") == "CUSTOMER").collect();
    let once = customers.iter().filter(|item| item.at("data")["ownerId"] == json!(heir.id) && item.at("version") == &json!(2)).count();
    assert_eq!((customers.len(), once), (moved, moved), "each was moved once");
    let told = items.iter().filter(|item| item.text("type") == "EVENT" && item.at("data")["type"] == EventKind::CustomerAssigned.as_str());
    // One of the creation, for somebody else, and one of the move.
    assert_eq!(told.count(), 2 * moved, "each was told of once");
    let hops = handed.hops.lock().expect("lock").clone();
    let most = hops.iter().copied().max().unwrap_or_default();
    // The move and its second look a minute later share what there is. What a dead one had moved is not in the list any more, so a
    // piece that comes again has more of the rest.
    let pieces = moved / 300;
    assert!(hops.len() >= pieces.saturating_sub(times) && (1..=pieces + 1).contains(&(most as usize)), "{hops:?} for {moved} records at 300 each");
    let counted = |at: usize| hops[at] == 1 || hops[..at].contains(&(hops[at] - 1));
    assert!((0..hops.len()).all(counted), "each counts on from the one before it: {hops:?}");
    assert_eq!(disagreements(&items, Look::Settled), Vec::<String>::new());
    assert_eq!(items.iter().filter(|item| item.text("type") == "PARKED").count(), 0);
    // The message of the move, once more, long after: who left is back and has something again.
    let admin = crm.admin().await;
    admin.patch(&format!("/users/{}", rep.id), json!({"status": "ACTIVE"})).await.expect(200);
    let own = format!("/customers/{}", text(&admin.customer(json!({"ownerId": rep.id})).await["id"]));
    settle(&mut posts).await;
    let again = json!({"task": "move_records", "user": rep.id, "to": heir.id, "by": admin.id}).to_string();
    crm.embedded().queues.send("work", vec![again], Duration::ZERO).await.expect("sent");
    settle(&mut posts).await;
    assert_eq!(admin.get(&own).await.expect(200).data()["ownerId"], json!(rep.id), "nothing happens");
    eprintln!("{moved} records were moved once each, with {times} deaths and {most} hops");
}
