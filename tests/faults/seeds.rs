//! Seeded runs: random changes with random faults beneath, then a recount of everything.

use crate::faults::{Faults, conflict};
use local::{Fault, Operation};
use serde_json::{Value, json};
use std::time::Duration;
use tests::crm::unique;
use tests::items::disagreements;
use tests::people::text;
use tests::random::Random;
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

async fn crm_with_faults(first: u64) {
    let (table, faults) = Faults::table();
    let crm = Crm::on(table).await;
    let team = crm.team().await;
    let (admin, rep, mate) = (crm.admin().await, crm.person("SALES_REP", Some(&team)).await, crm.person("SALES_REP", None).await);
    let owners = [admin.id.clone(), rep.id, mate.id, String::new()];
    let mut made = 0;
    for seed in first..first + SEEDS {
        let (mut before, mut after) = (now_and_then(seed, ODDS, false), now_and_then(seed ^ 0xFFFF, ODDS, true));
        let (mut behind, mut behind_after) = (now_and_then(seed ^ 0xAAAA, ODDS_BEHIND, false), now_and_then(seed ^ 0x5555, ODDS_BEHIND, true));
        let is_worker = |operation: &Operation| workers::WORKERS.iter().any(|worker| Some(worker.name) == operation.role);
        faults.before(move |operation| if is_worker(operation) { behind(operation) } else { before(operation) });
        faults.after(move |operation| if is_worker(operation) { behind_after(operation) } else { after(operation) });
        made += run(seed, &admin, &owners).await;
        faults.none();
        let items = crm.items().await;
        assert_eq!(disagreements(&items, false), Vec::<String>::new(), "seed {seed}");
        let customers = items.iter().filter(|item| item.text("type") == "CUSTOMER").count();
        assert_eq!(customers, made, "seed {seed}: nothing is lost and nothing doubled");
    }
    // The words follow in the background, each change within what a failed batch waits for.
    let wrong = || async {
        let wrong = disagreements(&crm.items().await, true);
        wrong.is_empty().then_some(())
    };
    eventually("the words are those of the records", Duration::from_secs(60), wrong).await;
}

#[tokio::test]
async fn after_every_seeded_run_with_faults_everything_agrees() {
    futures::future::join_all((0..CRMS).map(|n| crm_with_faults(1000 + n * SEEDS))).await;
}
