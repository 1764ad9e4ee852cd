//! Campaigns: whom they go to, when they start, and that each customer is written to once whatever dies on the way. `CAMPAIGN` makes
//! the number of customers what a company has.

use crate::faults::Faults;
use local::{Fault, Table};
use messaging::{Mail, Mailer, Senders, Sending};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tests::background::{Post, settle};
use tests::crm::PASSWORD;
use tests::people::text;
use tests::random::Random;
use tests::recount::{Look, disagreements};
use tests::{Crm, Passing, Person, number_in_environment};

/// 2026-03-02T09:00:00Z, a Monday.
const START: i64 = 1_772_442_000_000;

/// Takes mails, and notes which ones.
#[derive(Default)]
struct Provider {
    mails: Mutex<BTreeMap<String, usize>>,
}

impl Mailer for Provider {
    fn mail<'a>(&'a self, mail: &'a Mail) -> Sending<'a> {
        Box::pin(async move {
            *self.mails.lock().expect("lock").entry(mail.id.clone()).or_default() += 1;
            Ok(Some(mail.id.clone()))
        })
    }
}

impl Provider {
    fn sent(&self) -> usize {
        self.mails.lock().expect("lock").values().sum()
    }
}

struct Drive {
    crm: Crm,
    posts: Vec<Post>,
    admin: Person,
    mailer: Arc<Provider>,
}

impl Drive {
    async fn on(table: Table, rate: &str) -> Self {
        let settings = [("ACCESS_TTL", "864000"), ("MESSAGES_PER_SECOND", rate)];
        let crm = Crm::set(table, Passing::by_hand(START), &settings).await;
        let mut posts = crm.posts().await;
        let (admin, mailer) = (crm.admin().await, Arc::new(Provider::default()));
        settle(&mut posts).await;
        let post = posts.iter_mut().find(|post| post.worker.name == "messenger").expect("a post");
        post.app = post.app.clone().with_senders(Senders { mailer: Some(mailer.clone()), ..post.app.senders().clone() });
        Self { crm, posts, admin, mailer }
    }

    async fn start() -> Self {
        Self::on(Table::memory().expect("memory"), "1000").await
    }

    /// Somebody who may become a customer, whom mails reach and nobody welcomes.
    async fn prospect(&self, name: &str, more: Value) -> String {
        let mut body = json!({"name": name, "email": format!("{}@works.example", name.to_lowercase()), "lifecycle": "PROSPECT"});
        body.as_object_mut().expect("fields").extend(more.as_object().expect("fields").clone());
        text(&self.admin.make("/customers", body).await["id"])
    }

    async fn campaign(&self, by: &Person, more: Value) -> String {
        let mut body = json!({"name": "Spring", "channel": "EMAIL", "subject": "Hello", "body": "Dear {{ name }}"});
        body.as_object_mut().expect("fields").extend(more.as_object().expect("fields").clone());
        format!("/campaigns/{}", text(&by.make("/campaigns", body).await["id"]))
    }

    /// So many seconds from now.
    fn later(&self, seconds: i64) -> String {
        self.crm.time.clock().now().plus_seconds(seconds).to_string()
    }

    async fn get(&self, campaign: &str) -> Value {
        self.admin.get(campaign).await.expect(200).data().clone()
    }

    async fn stats(&self, campaign: &str) -> Stats {
        Stats::of(&self.get(campaign).await)
    }

    async fn tick(&mut self) {
        let tick = json!({"task": "tick"}).to_string();
        self.crm.embedded().queues.send("jobs", vec![tick], std::time::Duration::ZERO).await.expect("sent");
        settle(&mut self.posts).await;
    }

    /// What the owner of campaigns was told of them.
    async fn told(&self, person: &Person) -> usize {
        person.all("/notifications?type=IN_APP").await.iter().filter(|told| told["event"] == "CAMPAIGN_FINISHED").count()
    }

    async fn check(&self) {
        assert_eq!(disagreements(&self.crm.items().await, Look::Settled), Vec::<String>::new());
        assert!(self.crm.items_of("PARKED").await.is_empty());
    }
}

/// Status, and the stats by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stats {
    targeted: u64,
    queued: u64,
    sent: u64,
    failed: u64,
    skipped: u64,
}

impl Stats {
    fn of(campaign: &Value) -> Self {
        let [targeted, queued, sent, failed, skipped] =
            ["targeted", "queued", "sent", "failed", "skipped"].map(|name| campaign["stats"][name].as_u64().expect("a number"));
        Self { targeted, queued, sent, failed, skipped }
    }
}

#[tokio::test(start_paused = true)]
async fn a_campaign_that_dies_again_and_again_writes_to_each_customer_once() {
    let customers = number_in_environment("CAMPAIGN").unwrap_or(330) as usize;
    let rate = 100.max(customers / 10);
    let (table, faults) = Faults::table();
    let mut drive = Drive::on(table, &rate.to_string()).await;
    for n in 0..customers {
        drive.prospect(&format!("P{n}"), json!({"marketingOptOut": n % 10 == 0})).await;
        if n % 100 == 99 {
            settle(&mut drive.posts).await;
        }
    }
    settle(&mut drive.posts).await;
    let campaign = drive.campaign(&drive.admin, json!({"segment": {"lifecycle": ["PROSPECT"]}})).await;
    drive.admin.post(&format!("{campaign}/execute"), json!({})).await.expect(202);
    drive.admin.post(&format!("{campaign}/execute"), json!({})).await.expect(409);
    // Whoever makes the messages dies once amid them, and whoever sends them twice; each comes back when what it was at was hidden for
    // long enough.
    let (writes, deaths) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let dead = Arc::new(AtomicBool::new(false));
    let (count, died, is_dead) = (writes.clone(), deaths.clone(), dead.clone());
    faults.before(move |operation| {
        let Some(role @ ("work" | "messenger")) = operation.role else { return Ok(()) };
        if operation.name == "TransactWriteItems" {
            let at = count.fetch_add(1, Ordering::SeqCst);
            let death = died.load(Ordering::SeqCst);
            if death < 3 && at >= (death + 1) * customers / 2 && (role == "work") == (death == 0) {
                died.fetch_add(1, Ordering::SeqCst);
                is_dead.store(true, Ordering::SeqCst);
            }
        }
        if is_dead.load(Ordering::SeqCst) { Err(Fault::TimedOut) } else { Ok(()) }
    });
    let (mut sent, mut seen, mut under_way) = (0, Stats::of(&drive.get(&campaign).await), 0);
    for second in 0.. {
        settle(&mut drive.posts).await;
        let now = drive.mailer.sent();
        assert!(now - sent <= rate, "{now} after {sent} in one second");
        sent = now;
        let stats = drive.stats(&campaign).await;
        assert_eq!(stats.targeted, stats.queued + stats.sent + stats.failed + stats.skipped);
        assert!(stats.targeted >= seen.targeted && stats.sent >= seen.sent, "it goes on: {stats:?} after {seen:?}");
        under_way += usize::from(stats.queued > 0);
        seen = stats;
        if drive.get(&campaign).await["status"] != "RUNNING" {
            break;
        }
        assert!(second < 2000 + customers, "it comes to its end: {stats:?}");
        // Who died comes back, and what it was at is seen again.
        let waits = if dead.swap(false, Ordering::SeqCst) { 400 } else { 1 };
        drive.crm.advance(waits);
    }
    faults.none();
    assert!(under_way > 2, "its progress was seen {under_way} times");
    assert_eq!(deaths.load(Ordering::SeqCst), 3);
    let out = customers.div_ceil(10) as u64;
    let all = customers as u64;
    let ended = drive.get(&campaign).await;
    assert_eq!(ended["status"], "COMPLETED");
    assert_eq!(Stats::of(&ended), Stats { targeted: all, queued: 0, sent: all - out, failed: 0, skipped: out });
    let mails = drive.mailer.mails.lock().expect("lock").clone();
    let twice = mails.values().sum::<usize>() - mails.len();
    assert_eq!(mails.len() as u64, all - out, "none was lost");
    assert!(twice <= 2, "{twice} came twice, of two deaths of whoever sends");
    drive.crm.advance(4000);
    settle(&mut drive.posts).await;
    let messages = drive.crm.items_of("MESSAGE").await;
    assert_eq!(messages.len(), customers, "one for each");
    assert_eq!(drive.told(&drive.admin).await, 1);
    drive.check().await;
    eprintln!("{} of {customers} customers were written to, {twice} twice, with 3 deaths", mails.len());
}

#[tokio::test(start_paused = true)]
async fn a_campaign_starts_at_its_time_and_goes_to_those_whom_its_starter_reaches() {
    let mut drive = Drive::start().await;
    let team = drive.crm.team().await;
    let (manager, rep) = (drive.crm.person("MANAGER", Some(&team)).await, drive.crm.person("SALES_REP", Some(&team)).await);
    let other = drive.crm.person("SALES_REP", None).await;
    for (name, owner) in [("Ours", json!(rep.id)), ("Theirs", json!(other.id)), ("Nobodys", Value::Null)] {
        drive.prospect(name, json!({"ownerId": owner})).await;
    }
    settle(&mut drive.posts).await;
    let campaign = drive.campaign(&manager, json!({"scheduledAt": drive.later(3600)})).await;
    drive.tick().await;
    let waits = drive.get(&campaign).await;
    assert_eq!((&waits["status"], &waits["starterId"], &waits["startedAt"]), (&json!("SCHEDULED"), &json!(manager.id), &Value::Null));
    drive.crm.advance(3600);
    for _ in 0..3 {
        drive.tick().await;
    }
    let done = drive.get(&campaign).await;
    assert_eq!((&done["status"], Stats::of(&done).sent, drive.mailer.sent()), (&json!("COMPLETED"), 2, 2), "the team's and the pool's");
    assert_eq!((drive.told(&manager).await, drive.told(&drive.admin).await), (1, 0));
    // An administrator reaches everybody, and what the administrator scheduled the manager has go to the team alone.
    let changed = drive.campaign(&drive.admin, json!({"scheduledAt": drive.later(60)})).await;
    manager.patch(&changed, json!({"body": "Buy!"})).await.expect(200);
    let everybody = drive.campaign(&drive.admin, json!({"scheduledAt": drive.later(60)})).await;
    drive.crm.advance(60);
    drive.tick().await;
    assert_eq!((drive.stats(&changed).await.targeted, drive.stats(&everybody).await.targeted), (2, 3));
    // Who may do less by then has it fail; who left has it go to another, who is asked before it goes to customers.
    let (fails, heirs) = (drive.campaign(&manager, json!({"scheduledAt": drive.later(60)})).await, drive.crm.person("MANAGER", None).await);
    let left = drive.campaign(&heirs, json!({"scheduledAt": drive.later(60)})).await;
    drive.admin.patch(&format!("/users/{}", manager.id), json!({"role": "SALES_REP"})).await.expect(200);
    drive.admin.delete(&format!("/users/{}?reassignTo={}", heirs.id, drive.admin.id)).await.expect(204);
    settle(&mut drive.posts).await;
    drive.crm.advance(60);
    drive.tick().await;
    let failed = drive.get(&fails).await;
    assert_eq!((&failed["status"], Stats::of(&failed).targeted), (&json!("FAILED"), 0));
    assert!(text(&failed["error"]).contains("may not start campaigns"), "{failed}");
    let taken = drive.get(&left).await;
    assert_eq!((&taken["status"], &taken["ownerId"], &taken["scheduledAt"]), (&json!("DRAFT"), &json!(drive.admin.id), &Value::Null));
    drive.check().await;
}

#[tokio::test(start_paused = true)]
async fn what_was_not_sent_when_a_campaign_was_cancelled_is_not_sent() {
    let mut drive = Drive::on(Table::memory().expect("memory"), "3").await;
    for n in 0..10 {
        drive.prospect(&format!("P{n}"), json!({})).await;
    }
    settle(&mut drive.posts).await;
    let campaign = drive.campaign(&drive.admin, json!({})).await;
    drive.admin.post(&format!("{campaign}/execute"), json!({})).await.expect(202);
    settle(&mut drive.posts).await;
    assert_eq!(drive.stats(&campaign).await, Stats { targeted: 10, queued: 7, sent: 3, failed: 0, skipped: 0 });
    drive.admin.patch(&campaign, json!({"name": "Other"})).await.expect(409);
    let cancelled = drive.admin.patch(&campaign, json!({"status": "CANCELLED"})).await.expect(200);
    assert!(cancelled.data()["finishedAt"].is_string(), "{}", cancelled.text);
    drive.crm.advance(600);
    settle(&mut drive.posts).await;
    assert_eq!(drive.stats(&campaign).await, Stats { targeted: 10, queued: 0, sent: 3, failed: 0, skipped: 7 });
    let skipped = drive.admin.all(&format!("/messages?campaignId={}&status=SKIPPED", campaign.trim_start_matches("/campaigns/"))).await;
    assert!(skipped.len() == 7 && skipped.iter().all(|message| message["skipReason"] == "CAMPAIGN_CANCELLED"));
    assert_eq!((drive.get(&campaign).await["status"].clone(), drive.told(&drive.admin).await), (json!("CANCELLED"), 0));
    for (method, path, body) in [("POST", format!("{campaign}/execute"), json!({})), ("PATCH", campaign.clone(), json!({"status": "DRAFT"}))] {
        let refused = drive.admin.ask(method, &path, Some(&body), &[]).await.expect(409);
        assert_eq!((&refused.body["code"], &refused.body["allowed"]), (&json!("CAMPAIGN_TRANSITION"), &json!([])));
    }
    // Of two with one address one is written to, and whoever has no other is not.
    let shared = json!({"name": "Twin", "email": "P0@works.example", "lifecycle": "PROSPECT"});
    drive.admin.make("/customers?allowDuplicate=true", shared).await;
    settle(&mut drive.posts).await;
    let both = drive.campaign(&drive.admin, json!({})).await;
    drive.admin.post(&format!("{both}/execute"), json!({})).await.expect(202);
    for _ in 0..20 {
        drive.crm.advance(1);
        settle(&mut drive.posts).await;
    }
    assert_eq!(drive.stats(&both).await, Stats { targeted: 11, queued: 0, sent: 10, failed: 0, skipped: 1 });
    let skipped = drive.admin.all(&format!("/messages?campaignId={}&status=SKIPPED", both.trim_start_matches("/campaigns/"))).await;
    assert_eq!(skipped[0]["skipReason"], "DUPLICATE");
    // One that reaches nobody is over at once.
    let nobody = drive.campaign(&drive.admin, json!({"segment": {"minTotalSpent": 1}})).await;
    drive.admin.post(&format!("{nobody}/execute"), json!({})).await.expect(202);
    settle(&mut drive.posts).await;
    let over = drive.get(&nobody).await;
    assert_eq!((&over["status"], Stats::of(&over).targeted), (&json!("COMPLETED"), 0));
    drive.check().await;
}

#[tokio::test(start_paused = true)]
async fn who_may_not_start_campaigns_any_more_writes_to_nobody() {
    let mut drive = Drive::start().await;
    drive.prospect("Ours", json!({})).await;
    settle(&mut drive.posts).await;
    let manager = drive.crm.person("MANAGER", None).await;
    let campaign = drive.campaign(&manager, json!({})).await;
    manager.post(&format!("{campaign}/execute"), json!({})).await.expect(202);
    drive.admin.patch(&format!("/users/{}", manager.id), json!({"role": "SALES_REP"})).await.expect(200);
    settle(&mut drive.posts).await;
    let failed = drive.get(&campaign).await;
    assert_eq!((&failed["status"], Stats::of(&failed).targeted, drive.mailer.sent()), (&json!("FAILED"), 0, 0));
    let told = manager.all("/notifications?type=IN_APP").await.into_iter().find(|told| told["event"] == "CAMPAIGN_FINISHED").expect("told");
    let message = text(&told["message"]);
    assert!(
        text(&told["title"]).starts_with("A campaign failed")
            && message.contains("may not start campaigns")
            && message.contains("0 messages were sent"),
        "{told}"
    );
    drive.check().await;
}

#[tokio::test(start_paused = true)]
async fn scheduling_takes_the_permission_to_execute() {
    let drive = Drive::start().await;
    let grants: Vec<Value> = drive.admin.get("/roles").await.expect(200).data().as_array().expect("roles").clone();
    let manager = grants.iter().find(|role| role["code"] == "MANAGER").expect("a role");
    let held: Vec<&Value> =
        manager["permissions"].as_array().expect("permissions").iter().filter(|held| **held != json!("campaigns:execute")).collect();
    drive.admin.put("/roles/MANAGER/permissions", json!({"permissions": held})).await.expect(200);
    drive.crm.advance(60);
    let writer = drive.crm.person("MANAGER", None).await;
    let body = json!({"name": "Spring", "channel": "EMAIL", "subject": "Hello", "body": "Hello", "scheduledAt": drive.later(60)});
    writer.post("/campaigns", body).await.expect(403);
    let draft = drive.campaign(&writer, json!({})).await;
    writer.patch(&draft, json!({"scheduledAt": drive.later(60)})).await.expect(403);
    writer.post(&format!("{draft}/execute"), json!({})).await.expect(403);
    writer.patch(&draft, json!({"name": "Summer"})).await.expect(200);
    drive.admin.patch(&draft, json!({"scheduledAt": drive.later(60)})).await.expect(200);
    writer.patch(&draft, json!({"body": "Buy from another!"})).await.expect(403);
    writer.patch(&draft, json!({"status": "CANCELLED"})).await.expect(200);
    assert!(drive.crm.sign_in(&writer.email, PASSWORD).await.get(&draft).await.expect(200).data()["starterId"].is_string());
}

/// Whether a customer, as it is shown, is in a segment.
fn is_in(segment: &Value, customer: &Value) -> bool {
    let listed = |list: &str, field: &str| {
        let wanted = segment[list].as_array().expect("a list");
        wanted.is_empty() || wanted.contains(&customer[field])
    };
    let spent = segment["minTotalSpent"].as_i64().is_none_or(|least| customer["totalSpentMinor"].as_i64() >= Some(least));
    let quiet = segment["notContactedSince"].as_str().is_none_or(|day| customer["lastContactedAt"].as_str().is_none_or(|last| &last[..10] < day));
    listed("lifecycle", "lifecycle")
        && listed("engagement", "engagement")
        && listed("levelCodes", "levelCode")
        && listed("ownerIds", "ownerId")
        && spent
        && quiet
}

#[tokio::test(start_paused = true)]
async fn a_segment_has_whom_one_would_pick_from_everybody_inside_reach() {
    let seed = number_in_environment("SEGMENT_SEED").unwrap_or(1);
    let mut drive = Drive::start().await;
    let mut random = Random::new(seed);
    let team = drive.crm.team().await;
    let manager = drive.crm.person("MANAGER", Some(&team)).await;
    let owners = [drive.crm.person("SALES_REP", Some(&team)).await.id, drive.crm.person("SALES_REP", None).await.id, manager.id.clone()];
    let product = drive.admin.make("/products", json!({"sku": "ONE", "name": "One", "priceMinor": 10_000})).await["id"].clone();
    for n in 0..60 {
        let owner = if random.below(5) == 0 { Value::Null } else { json!(random.of(&owners)) };
        let lifecycle = *random.of(&["PROSPECT", "CUSTOMER", "CUSTOMER", "FORMER"]);
        let customer =
            drive.prospect(&format!("P{n}"), json!({"ownerId": owner, "lifecycle": lifecycle, "marketingOptOut": random.below(6) == 0})).await;
        match random.below(6) {
            0 => drop(drive.admin.delete(&format!("/customers/{customer}")).await.expect(204)),
            1 => drop(drive.admin.patch(&format!("/customers/{customer}"), json!({"engagement": random.of(&["HOT", "INACTIVE"])})).await.expect(200)),
            2 => drop(drive.admin.make("/activities", json!({"type": "CALL", "customerId": customer, "occurredAt": "2026-02-20T10:00:00Z"})).await),
            3 => {
                let items = json!([{"productId": product, "quantity": 1 + random.below(9)}]);
                drive.admin.make("/orders", json!({"customerId": customer, "items": items})).await;
            }
            _ => {}
        }
    }
    drive.crm.advance(86_400);
    settle(&mut drive.posts).await;
    drive.crm.start_job("rfm-scoring", 1).await;
    settle(&mut drive.posts).await;
    drive.admin = drive.crm.admin().await;
    let manager = drive.crm.sign_in(&manager.email, PASSWORD).await;
    let everybody = [drive.admin.all("/customers?limit=100").await, manager.all("/customers?limit=100").await];
    assert!(everybody[0].len() > everybody[1].len() && everybody[1].len() > 10);
    let mut some = |values: &[&str]| values.iter().filter(|_| random.below(3) == 0).map(|value| json!(value)).collect::<Vec<_>>();
    let mut segments: Vec<Value> = Vec::new();
    for n in 0..40 {
        let mut segment = json!({
            "lifecycle": some(&["PROSPECT", "CUSTOMER", "FORMER"]), "engagement": if n % 2 == 0 { some(&["HOT", "WARM", "INACTIVE"]) } else { Vec::new() },
            "levelCodes": some(&["BRONZE", "SILVER", "GOLD", "PLATINUM"]),
            "ownerIds": some(&owners.iter().map(String::as_str).collect::<Vec<_>>()),
            "minTotalSpent": null, "notContactedSince": null,
        });
        if n % 5 == 0 {
            segment["minTotalSpent"] = json!(30_000);
        }
        if n % 7 == 0 {
            segment["notContactedSince"] = json!("2026-02-19");
        }
        segments.push(segment);
    }
    let mut found = 0;
    for segment in segments {
        for (caller, customers) in [&drive.admin, &manager].into_iter().zip(&everybody) {
            let campaign = drive.campaign(&drive.admin, json!({"segment": segment})).await;
            let preview = caller.get(&format!("{campaign}/preview")).await.expect(200).data().clone();
            let expected: Vec<&Value> = customers.iter().filter(|customer| is_in(&segment, customer)).collect();
            let reachable = expected.iter().filter(|customer| customer["marketingOptOut"] == json!(false)).count();
            let expected_preview = json!({"customers": expected.len(), "reachable": reachable, "complete": true});
            assert_eq!(preview, expected_preview, "SEGMENT_SEED={seed} {segment}");
            caller.post(&format!("{campaign}/execute"), json!({})).await.expect(202);
            settle(&mut drive.posts).await;
            let stats = drive.stats(&campaign).await;
            assert_eq!((stats.targeted as usize, stats.sent as usize), (expected.len(), reachable), "SEGMENT_SEED={seed} {segment}");
            found += expected.len();
        }
    }
    assert!(found > 200, "segments have customers: {found}");
}
