//! Seeded runs: random changes with random faults beneath, then a recount of everything.

use crate::faults::{Faults, conflict};
use local::{Fault, Operation};
use serde_json::{Value, json};
use std::time::Duration;
use tests::crm::unique;
use tests::people::text;
use tests::random::Random;
use tests::recount::{Look, disagreements};
use tests::{Crm, Person, Reply, eventually};

/// How many CRMs run at once, and how many seeds each runs one after another.
const CRMS: u64 = 12;
const SEEDS: u64 = 10;
/// How many changes one seed makes.
const CHANGES: usize = 8;
/// One operation of so many fails under a request, and behind it, where one change makes many.
const ODDS: usize = 25;
const ODDS_BEHIND: usize = 150;

/// A fault now and then, decided by the seed.
fn now_and_then(seed: u64, odds: usize, committed: bool) -> impl FnMut(&Operation) -> Result<(), Fault> + Send + 'static {
    let mut random = Random::new(seed);
    move |operation| {
        if random.below(odds) > 0 {
            return Ok(());
        }
        let is_write = operation.name == "TransactWriteItems";
        Err(match random.below(5) {
            0 => Fault::Lost,
            1 => Fault::TimedOut,
            2 => Fault::server_error(),
            3 if !committed && is_write => conflict(operation),
            _ if committed => Fault::Lost,
            _ => Fault::throttled(),
        })
    }
}

/// What a client does: the same request again while the answer is 5xx.
async fn insist(what: &str, send: impl AsyncFn() -> Reply) -> Reply {
    for _ in 0..20 {
        let reply = send().await;
        if reply.status < 500 {
            return reply;
        }
        assert!(matches!(reply.status, 500 | 503), "{what}: {}", reply.text);
    }
    panic!("{what}: 5xx twenty times");
}

/// The changes of one seed; gives how many customers it made.
async fn run(seed: u64, admin: &Person, owners: &[String]) -> usize {
    let mut random = Random::new(seed);
    let mark = unique();
    let emails: Vec<Value> = (0..3).map(|n| json!(format!("{n}-{mark}@seed.example"))).chain([Value::Null]).collect();
    let phones: Vec<Value> = (0..2).map(|n| json!(format!("+49{seed:06}{n}00"))).chain([Value::Null]).collect();
    let names = ["Acme Holdings", "Quick Brown", "Zebra", "Lazy Dog Ltd", "Zoë"];
    let mut ids: Vec<String> = Vec::new();
    for step in 0..CHANGES {
        let what = format!("seed {seed} step {step}");
        let allow = if random.below(2) == 0 { "?allowDuplicate=true" } else { "" };
        let (name, email, phone) = (*random.of(&names), random.of(&emails).clone(), random.of(&phones).clone());
        let body = json!({"name": name, "email": email, "phone": phone});
        let id = if ids.is_empty() { String::new() } else { random.of(&ids).clone() };
        let path = format!("/customers/{id}");
        let reply = match random.below(6) {
            0 | 1 => {
                let key = format!("{mark}-{step}");
                let reply =
                    insist(&what, async || admin.ask("POST", &format!("/customers{allow}"), Some(&body), &[("idempotency-key", &key)]).await).await;
                if reply.status == 201 {
                    ids.push(text(&reply.data()["id"]));
                }
                reply
            }
            _ if ids.is_empty() => continue,
            2 => insist(&what, async || admin.patch(&format!("{path}{allow}"), body.clone()).await).await,
            3 => insist(&what, async || admin.delete(&path).await).await,
            4 => insist(&what, async || admin.patch(&path, json!({"archived": false})).await).await,
            _ => {
                let owner = random.of(owners).clone();
                let owner = if owner.is_empty() { Value::Null } else { json!(owner) };
                insist(&what, async || admin.patch(&format!("{path}/assign"), json!({"ownerId": owner})).await).await
            }
        };
        assert!(matches!(reply.status, 200 | 201 | 204 | 409), "{what}: {} {}", reply.status, reply.text);
    }
    ids.len()
}

/// What one seed made of leads and below, as the answers told.
#[derive(Default)]
struct Made {
    leads: usize,
    activities: usize,
    follow_ups: usize,
    tasks: usize,
}

/// The changes of one seed to leads and to what hangs below them.
async fn sell(seed: u64, admin: &Person, owners: &[String], made: &mut Made) {
    let mut random = Random::new(seed);
    let mark = unique();
    let mut parents: Vec<Value> = vec![json!({"customerId": admin.customer(json!({})).await["id"]})];
    let (mut activities, mut follow_ups, mut tasks) = (Vec::new(), Vec::new(), Vec::new());
    let with = |fields: &Value, parent: &Value| {
        let mut fields = fields.clone();
        fields.as_object_mut().expect("object").extend(parent.as_object().expect("object").clone());
        fields
    };
    for step in 0..CHANGES * 2 {
        let what = format!("seed {seed} step {step}");
        let key = format!("{mark}-{step}");
        let create =
            async |path: &str, body: Value| insist(&what, async || admin.ask("POST", path, Some(&body), &[("idempotency-key", &key)]).await).await;
        let change = async |path: &str, body: Value| insist(&what, async || admin.patch(path, body.clone()).await).await;
        let parent = random.of(&parents).clone();
        let lead = parent["leadId"].as_str().map(|id| format!("/leads/{id}"));
        let moment = format!("2026-0{}-01T10:00:00Z", 1 + random.below(9));
        let kind = *random.of(&["CALL", "NOTE", "MEETING"]);
        let reply = match random.below(10) {
            0 | 1 => {
                let reply = create("/leads", json!({"title": format!("Lead {step}"), "email": format!("{step}-{mark}@seed.example")})).await;
                if reply.status == 201 {
                    made.leads += 1;
                    parents.push(json!({"leadId": reply.data()["id"]}));
                }
                reply
            }
            2 | 3 => {
                let body = json!({"type": kind, "body": "Text", "occurredAt": moment});
                let reply = create("/activities", with(&body, &parent)).await;
                if reply.status == 201 {
                    made.activities += 1;
                    activities.push(text(&reply.data()["id"]));
                }
                reply
            }
            4 => {
                let reply = create("/follow-ups", with(&json!({"dueAt": moment}), &parent)).await;
                if reply.status == 201 {
                    made.follow_ups += 1;
                    follow_ups.push(text(&reply.data()["id"]));
                }
                reply
            }
            5 => {
                let reply = create("/tasks", with(&json!({"title": "Task"}), &parent)).await;
                if reply.status == 201 {
                    made.tasks += 1;
                    tasks.push(text(&reply.data()["id"]));
                }
                reply
            }
            6 if !activities.is_empty() && random.below(2) == 0 => {
                let id = activities.swap_remove(random.below(activities.len()));
                made.activities -= 1;
                insist(&what, async || admin.delete(&format!("/activities/{id}")).await).await
            }
            6 if !activities.is_empty() => {
                change(&format!("/activities/{}", random.of(&activities)), json!({"type": kind, "occurredAt": moment})).await
            }
            7 if !follow_ups.is_empty() => {
                let status = *random.of(&["PENDING", "COMPLETED", "CANCELLED"]);
                change(&format!("/follow-ups/{}", random.of(&follow_ups)), json!({"status": status, "dueAt": moment})).await
            }
            8 if !tasks.is_empty() => {
                let status = *random.of(&["TODO", "IN_PROGRESS", "DONE"]);
                change(&format!("/tasks/{}/status", random.of(&tasks)), json!({"status": status})).await
            }
            9 if lead.is_some() && random.below(2) == 0 => create(&format!("{}/convert", lead.expect("a lead")), json!({})).await,
            _ => match lead {
                Some(lead) => {
                    let owner = random.of(owners).clone();
                    let owner = if owner.is_empty() { Value::Null } else { json!(owner) };
                    change(&format!("{lead}/assign"), json!({"ownerId": owner})).await
                }
                None => continue,
            },
        };
        assert!(matches!(reply.status, 200 | 201 | 204 | 404 | 409), "{what}: {} {}", reply.status, reply.text);
    }
}

async fn crm_with_faults(first: u64, selling: bool) {
    let (table, faults) = Faults::table();
    let crm = Crm::on(table).await;
    let team = crm.team().await;
    let (admin, rep, mate) = (crm.admin().await, crm.person("SALES_REP", Some(&team)).await, crm.person("SALES_REP", None).await);
    let owners = [admin.id.clone(), rep.id, mate.id, String::new()];
    let (mut made, mut sold) = (0, Made::default());
    for seed in first..first + SEEDS {
        let (mut before, mut after) = (now_and_then(seed, ODDS, false), now_and_then(seed ^ 0xFFFF, ODDS, true));
        let (mut behind, mut behind_after) = (now_and_then(seed ^ 0xAAAA, ODDS_BEHIND, false), now_and_then(seed ^ 0x5555, ODDS_BEHIND, true));
        let is_worker = |operation: &Operation| workers::WORKERS.iter().any(|worker| Some(worker.name) == operation.role);
        faults.before(move |operation| if is_worker(operation) { behind(operation) } else { before(operation) });
        faults.after(move |operation| if is_worker(operation) { behind_after(operation) } else { after(operation) });
        match selling {
            true => sell(seed, &admin, &owners, &mut sold).await,
            false => made += run(seed, &admin, &owners).await,
        }
        faults.none();
        let items = crm.items().await;
        assert_eq!(disagreements(&items, Look::AtOnce), Vec::<String>::new(), "seed {seed}");
        let count = |kind: &str| items.iter().filter(|item| item.text("type") == kind).count();
        let found = [count("LEAD"), count("ACTIVITY"), count("FOLLOWUP"), count("TASK")];
        assert_eq!(found, [sold.leads, sold.activities, sold.follow_ups, sold.tasks], "seed {seed}: nothing is lost and nothing doubled");
        assert!(selling || count("CUSTOMER") == made, "seed {seed}: nothing is lost and nothing doubled");
    }
    // The words follow in the background, each change within what a failed batch waits for.
    let wrong = || async {
        let wrong = disagreements(&crm.items().await, Look::Settled);
        wrong.is_empty().then_some(())
    };
    eventually("what follows has followed", Duration::from_secs(60), wrong).await;
}

#[tokio::test]
async fn after_every_seeded_run_with_faults_everything_agrees() {
    futures::future::join_all((0..CRMS).map(|n| crm_with_faults(1000 + n * SEEDS, n % 2 == 0))).await;
}
