//! RFM scores and loyalty levels: random companies over many nights against the rule, said again in plain words.

use super::counts::counted;
use super::nights::Nights;
use crate::faults::Faults;
use application::metric::Metric;
use domain::Time;
use domain::text::TextValue;
use local::{Fault, Table};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tests::background::settle;
use tests::people::text;
use tests::random::Random;
use tests::recount::{Look, disagreements};
use tests::{Crm, log};

const JOB: &str = "rfm-scoring";
/// Two in the night: 2026-03-02T02:00:00Z.
const START: i64 = 1_772_416_800_000;
const HOUR: i64 = 3600;
const DAY: i64 = 86_400;

/// R, F, M, the score in hundredths and the level of a customer, as far as it was scored.
type Shown = (Option<[u64; 4]>, String);

/// What the settings and the levels say now.
struct Words {
    rfm: Value,
    floors: Vec<(String, u64)>,
}

impl Words {
    async fn read(crm: &Crm) -> Self {
        let admin = crm.admin().await;
        let rfm = admin.get("/settings").await.expect(200).data()["rfm"].clone();
        let levels = admin.all("/customer-levels").await;
        Self { rfm, floors: levels.iter().map(|level| (text(&level["code"]), hundredths(&level["minScore"]))).collect() }
    }

    /// The rule, in plain words, of the times and totals of orders that count, on a day.
    fn say(&self, orders: &[(Time, i64)], today: i64) -> Shown {
        let bound = |name: &str, place: usize| self.rfm[name][place].as_i64().expect("a bound");
        let days = orders.iter().map(|(at, _)| today - at.seconds().div_euclid(DAY)).min();
        let count = orders.len() as i64;
        let spent: i64 = orders.iter().map(|(_, total)| total).sum();
        let points = |is_reached: &dyn Fn(usize) -> bool| (0..4).find(|place| is_reached(*place)).map_or(1, |place| 5 - place as u64);
        let r = points(&|place| days.is_some_and(|days| days <= bound("recencyDays", place)));
        let f = points(&|place| count >= bound("frequency", place));
        let m = points(&|place| spent >= 100 * bound("monetary", place));
        let score = ((r + f + m) as f64 / 3.0 * 100.0).round() as u64;
        let level = self.floors.iter().rfind(|(_, floor)| score >= *floor).expect("BRONZE").0.clone();
        (Some([r, f, m, score]), level)
    }
}

fn hundredths(score: &Value) -> u64 {
    (score.as_f64().expect("a number") * 100.0).round() as u64
}

impl Nights {
    async fn scores(settings: &[(&str, &str)]) -> Self {
        Self::of(JOB, START, settings).await
    }

    /// What each customer that is not archived shows.
    async fn shown_scores(&self) -> BTreeMap<String, Shown> {
        let rows = self.crm.admin().await.all("/customers?limit=100").await;
        let scores = |rfm: &Value| {
            let points = ["r", "f", "m"].map(|name| rfm[name].as_u64().expect("points"));
            [points[0], points[1], points[2], hundredths(&rfm["score"])]
        };
        let shown = |row: &Value| (Some(&row["rfm"]).filter(|rfm| rfm.is_object()).map(scores), text(&row["levelCode"]));
        rows.iter().map(|row| (text(&row["id"]), shown(row))).collect()
    }

    /// The same as the rule has it at a moment, from the orders in the table; `scored` are those who had a score before.
    async fn scores_by_the_rule(&self, at: Time, scored: &BTreeSet<String>) -> BTreeMap<String, Shown> {
        let words = Words::read(&self.crm).await;
        let mut orders: BTreeMap<String, Vec<(Time, i64)>> = BTreeMap::new();
        for order in self.crm.items_of("ORDER").await.iter().filter(|order| order.at("data")["status"] != "CANCELLED") {
            let data = order.at("data");
            let placed = Time::read(&text(&data["placedAt"])).expect("a time");
            orders.entry(text(&data["customerId"])).or_default().push((placed, data["totalMinor"].as_i64().expect("a total")));
        }
        let customers = self.crm.items_of("CUSTOMER").await;
        let live = customers.iter().filter(|item| item.text("sk") == "CUSTOMER" && item.at("data")["archivedAt"].is_null());
        live.map(|item| {
            let id = item.text("pk").trim_start_matches("CUSTOMER#").to_owned();
            let mine = orders.remove(&id).unwrap_or_default();
            let says = match mine.is_empty() && !scored.contains(&id) {
                true => (None, "BRONZE".to_owned()),
                false => words.say(&mine, at.seconds().div_euclid(DAY)),
            };
            (id, says)
        })
        .collect()
    }

    /// The runs that look at everyone, the last one first.
    async fn of_everyone(&self) -> Vec<Value> {
        self.runs().await.into_iter().filter(|run| run["everyone"] == json!(true)).collect()
    }

    async fn level(&self, customer: &Value) -> Value {
        self.rep.get(&format!("/customers/{}", text(customer))).await.expect(200).data()["levelCode"].clone()
    }

    async fn set(&self, rfm: Value) {
        self.crm.admin().await.patch("/settings", json!({"rfm": rfm})).await.expect(200);
    }

    async fn put_level(&self, code: &str, floor: f64) {
        let level = json!({"name": code, "minScore": floor});
        self.crm.admin().await.put(&format!("/customer-levels/{code}"), level).await.expect(200);
    }
}

/// Four bounds that rise.
fn bounds(random: &mut Random, most: usize) -> Vec<i64> {
    let mut bounds = BTreeSet::new();
    while bounds.len() < 4 {
        bounds.insert(1 + random.below(most) as i64);
    }
    bounds.into_iter().collect()
}

fn falling(mut bounds: Vec<i64>) -> Vec<i64> {
    bounds.reverse();
    bounds
}

#[tokio::test(start_paused = true)]
async fn a_night_scores_as_the_words_of_the_rule_do() {
    log::listen();
    let before = counted(Metric::JobDone, JOB);
    for seed in 0..2 {
        let mut random = Random::new(seed);
        let mut nights = Nights::scores(&[]).await;
        let (mut customers, mut orders): (Vec<Value>, Vec<String>) = (Vec::new(), Vec::new());
        let mut scored: BTreeSet<String> = BTreeSet::new();
        for _ in 0..25 {
            for _ in 0..random.below(7) {
                match random.below(12) {
                    0 | 1 => customers.push(nights.rep.customer(json!({})).await["id"].clone()),
                    2..=6 if !customers.is_empty() => {
                        let (customer, price) = (random.of(&customers).clone(), *random.of(&[100, 50_099, 50_100, 250_000, 1_000_000]));
                        let body = json!({"customerId": customer, "items": [{"productId": nights.rep.product(price).await, "quantity": 1}]});
                        if let Some(order) = nights.rep.post("/orders", body).await.body["data"]["id"].as_str() {
                            orders.push(order.to_owned());
                        }
                    }
                    7 | 8 if !orders.is_empty() => {
                        let order = orders.swap_remove(random.below(orders.len()));
                        nights.rep.patch(&format!("/orders/{order}/status"), json!({"status": "CANCELLED"})).await.expect(200);
                    }
                    9 if !customers.is_empty() => {
                        let (customer, archived) = (text(random.of(&customers)), random.below(2) == 0);
                        let admin = nights.crm.admin().await;
                        match archived {
                            true => admin.delete(&format!("/customers/{customer}")).await,
                            false => admin.patch(&format!("/customers/{customer}"), json!({"archived": false})).await,
                        };
                    }
                    10 => {
                        let (days, spent) = (bounds(&mut random, 60), falling(bounds(&mut random, 12_000)));
                        nights.set(json!({"recencyDays": days, "frequency": falling(bounds(&mut random, 8)), "monetary": spent})).await;
                    }
                    11 => nights.put_level("GOLD", (261 + random.below(190)) as f64 / 100.0).await,
                    _ => {}
                }
            }
            settle(&mut nights.posts).await;
            scored.extend(nights.shown_scores().await.into_iter().filter(|(_, (score, _))| score.is_some()).map(|(id, _)| id));
            nights.night().await;
            let at = nights.now();
            assert_eq!(nights.shown_scores().await, nights.scores_by_the_rule(at, &scored).await, "seed {seed}, the night of {at}");
            scored.extend(nights.shown_scores().await.into_iter().filter(|(_, (score, _))| score.is_some()).map(|(id, _)| id));
            let days = *random.of(&[1, 1, 2, 6, 7, 8, 30, 60]);
            // Midnight is somewhere between.
            nights.pass(days * DAY - *random.of(&[0, HOUR, 5 * HOUR])).await;
        }
        let disagreeing = disagreements(&nights.crm.items().await, Look::Settled);
        assert_eq!(disagreeing, Vec::<String>::new(), "seed {seed}");
    }
    assert!(counted(Metric::JobDone, JOB) > before, "what the alarm waits for");
}

#[tokio::test(start_paused = true)]
async fn points_are_lost_in_the_night_of_the_day_on_which_they_are() {
    // Late in the evening of 2 March in Tokyo.
    let mut nights = Nights::of(JOB, START + 12 * HOUR * 1000, &[("TIME_ZONE", "Asia/Tokyo")]).await;
    let (customer, never) = (nights.rep.customer(json!({})).await["id"].clone(), nights.rep.customer(json!({})).await["id"].clone());
    nights.night().await;
    nights.rep.order(&customer, 600_000).await;
    assert_eq!(nights.night().await["counts"], json!({"looked": 1, "changed": 1}), "5, 1 and 4");
    assert_eq!(nights.level(&customer).await, "SILVER");
    // Two in the night there, seven days after the order: the last that has its points.
    nights.pass(3 * HOUR + 6 * DAY).await;
    assert_eq!(nights.night().await["counts"], json!({}), "nobody is looked at");
    nights.pass(DAY).await;
    assert_eq!(nights.night().await["counts"], json!({"looked": 1, "changed": 1}), "4, 1 and 4");
    let page = nights.rep.get(&format!("/customers/{}", text(&customer))).await.expect(200).data().clone();
    let rfm = &page["rfm"];
    assert_eq!((&rfm["r"], &rfm["recencyDays"], hundredths(&rfm["score"]), &page["levelCode"]), (&json!(4), &json!(8), 300, &json!("SILVER")));
    // No run for weeks; the days passed all the same.
    nights.pass(40 * DAY).await;
    assert_eq!(nights.night().await["counts"]["changed"], 1);
    assert_eq!(nights.night().await["counts"], json!({}), "and nobody once more");
    assert_eq!(nights.level(&customer).await, "SILVER");
    nights.pass(50 * DAY).await;
    nights.night().await;
    assert_eq!(nights.level(&customer).await, "BRONZE", "2, 1 and 4 are 2.33");
    let page = nights.rep.get(&format!("/customers/{}", text(&customer))).await.expect(200).data().clone();
    assert_eq!(page["version"], 1, "no person's change");
    assert_eq!(nights.rep.get(&format!("/customers/{}", text(&never))).await.expect(200).data()["rfm"], Value::Null);
    let feed = nights.rep.all(&format!("/feed?entityType=CUSTOMER&entityId={}&limit=100", text(&customer))).await;
    assert_eq!(feed.iter().filter(|event| event["type"] == "customer.level_changed").count(), 1, "within the days that the feed tells of");
}

/// So many customers with an order of this price, scored.
async fn buyers(nights: &mut Nights, count: usize, price: i64) -> Vec<Value> {
    let product = nights.rep.product(price).await;
    let mut made = Vec::new();
    for _ in 0..count {
        let customer = nights.rep.customer(json!({})).await["id"].clone();
        nights.rep.make("/orders", json!({"customerId": customer, "items": [{"productId": product, "quantity": 1}]})).await;
        made.push(customer);
    }
    nights.night().await;
    made
}

/// Thresholds by which a first order of 1,000 and more is worth so many points for money, and its frequency the most.
fn worth(points: i64) -> Value {
    let monetary: Vec<i64> = (0..4).map(|place| if place < 5 - points { 1_000_000 - place } else { 1_000 - place }).collect();
    json!({"recencyDays": [7, 30, 90, 180], "frequency": [4, 3, 2, 1], "monetary": monetary})
}

async fn at_level(nights: &Nights, level: &str) -> usize {
    nights.shown_scores().await.values().filter(|(_, shown)| shown == level).count()
}

#[tokio::test(start_paused = true)]
async fn after_other_thresholds_everyone_is_scored_and_what_died_amid_it_goes_on() {
    let mut nights = Nights::scores(&[]).await;
    let made = buyers(&mut nights, 310, 200_000).await.len();
    for _ in 0..5 {
        nights.rep.customer(json!({})).await;
    }
    settle(&mut nights.posts).await;
    assert_eq!(at_level(&nights, "SILVER").await, made, "5, 1 and 3");
    // 5, 2 and 5.
    nights.set(worth(5)).await;
    let mut busy = true;
    while busy {
        busy = false;
        for post in nights.posts.iter_mut().filter(|post| post.worker.name != "jobs") {
            busy |= post.step().await;
        }
    }
    let step = async |nights: &mut Nights| nights.posts.iter_mut().find(|post| post.worker.name == "jobs").expect("a post").step().await;
    assert!(step(&mut nights).await);
    let run = nights.of_everyone().await[0].clone();
    assert_eq!(
        (&run["everyone"], &run["state"], &run["counts"]["changed"]),
        (&json!(true), &json!("RUNNING"), &json!(300)),
        "it shows how far it is"
    );
    // The message of the next piece is lost, and another change comes, which finds the run under way.
    let lose = |_: Value| async { Ok::<_, String>(json!({"batchItemFailures": []})) };
    while nights.crm.embedded().queues.run_once("jobs", 1, &lose).await.expect("the queue") > 0 {}
    nights.put_level("PLATINUM", 4.0).await;
    settle(&mut nights.posts).await;
    assert_eq!(nights.of_everyone().await.len(), 1, "the one that is silent");
    nights.pass(HOUR).await;
    let tick = vec![json!({"task": "tick"}).to_string()];
    nights.crm.embedded().queues.send("jobs", tick.clone(), Duration::ZERO).await.expect("sent");
    settle(&mut nights.posts).await;
    let runs = nights.of_everyone().await;
    let states: Vec<_> = runs.iter().map(|run| (text(&run["state"]), run["everyone"] == json!(true))).collect();
    assert_eq!(states[..2], [("SUCCEEDED".to_owned(), true), ("FAILED".to_owned(), true)], "{runs:?}");
    assert_eq!((at_level(&nights, "PLATINUM").await, at_level(&nights, "BRONZE").await), (made, 5), "{}", runs[0]["counts"]);
    assert_eq!(runs[0]["counts"]["looked"], made, "who never bought is not looked at");
    nights.crm.embedded().queues.send("jobs", tick, Duration::ZERO).await.expect("sent");
    settle(&mut nights.posts).await;
    assert_eq!(nights.of_everyone().await.len(), runs.len(), "once");
    // A change of something else is none of its business.
    nights.crm.admin().await.patch("/settings", json!({"dueSoonDays": 5})).await.expect(200);
    nights.crm.admin().await.put("/customer-levels/SILVER", json!({"name": "Silver medal", "minScore": 2.6})).await.expect(200);
    settle(&mut nights.posts).await;
    assert_eq!(nights.of_everyone().await.len(), runs.len());
}

#[tokio::test(start_paused = true)]
async fn everyone_is_scored_wherever_a_piece_is_killed() {
    let (table, faults) = Faults::table();
    let mut nights = Nights::on(table, JOB, START, &[]).await;
    buyers(&mut nights, 2, 200_000).await;
    let (mut at, mut kills) = (0, 0);
    loop {
        let seen = Arc::new(AtomicUsize::new(0));
        let (count, kill) = (seen.clone(), at);
        faults.after(move |operation| {
            let killed = operation.role == Some("jobs") && count.fetch_add(1, Ordering::SeqCst) == kill;
            if killed { Err(Fault::server_error()) } else { Ok(()) }
        });
        let (points, level) = if at % 2 == 0 { (5, "GOLD") } else { (1, "SILVER") };
        nights.set(worth(points)).await;
        settle(&mut nights.posts).await;
        nights.pass(400).await;
        settle(&mut nights.posts).await;
        assert_eq!(at_level(&nights, level).await, 2, "killed at {at}: {:?}", nights.of_everyone().await);
        assert_eq!((&nights.of_everyone().await[0]["state"], nights.crm.items_of("PARKED").await.len()), (&json!("SUCCEEDED"), 0), "killed at {at}");
        if seen.load(Ordering::SeqCst) <= at {
            break;
        }
        (at, kills) = (at + 1, kills + 1);
    }
    assert!(kills > 8, "a run has more operations than {kills}");
}

#[tokio::test(start_paused = true)]
async fn a_change_that_is_told_again_has_nobody_scored_again() {
    let mut nights = Nights::scores(&[]).await;
    buyers(&mut nights, 1, 200_000).await;
    let queues = nights.crm.embedded().queues.clone();
    nights.set(worth(5)).await;
    for post in nights.posts.iter_mut().filter(|post| post.worker.name == "relay") {
        while post.step().await {}
    }
    let told: Vec<Value> = queues.peek("automation", 100).await.expect("peeks");
    let body = told.iter().map(|message| text(&message["body"])).find(|body| body.contains("settings.updated")).expect("it was told");
    settle(&mut nights.posts).await;
    let runs = nights.of_everyone().await.len();
    for _ in 0..2 {
        queues.send("automation", vec![body.clone()], Duration::ZERO).await.expect("sent");
        settle(&mut nights.posts).await;
    }
    assert_eq!(nights.of_everyone().await.len(), runs);
}

#[tokio::test(start_paused = true)]
async fn who_bought_before_there_were_scores_is_scored_by_the_first_run() {
    let mut nights = Nights::scores(&[]).await;
    let customer = nights.rep.customer(json!({})).await["id"].clone();
    nights.rep.order(&customer, 1_000_000).await;
    settle(&mut nights.posts).await;
    // As a release without scores left it.
    let pk = json!({"S": format!("CUSTOMER#{}", text(&customer))});
    let strip = json!({"TableName": local::TABLE, "Key": {"pk": pk, "sk": {"S": "CUSTOMER"}}, "UpdateExpression": "REMOVE derived.rfmReviewAt"});
    let table: &Table = &nights.crm.embedded().table;
    table.request("UpdateItem", strip).await.expect("stripped");
    let due = json!({"TableName": local::TABLE, "Key": {"pk": pk, "sk": {"S": "DUE#RFM"}}});
    table.request("DeleteItem", due).await.expect("stripped");
    assert_eq!(nights.night().await["counts"], json!({"looked": 1, "changed": 1}));
    assert_eq!(nights.level(&customer).await, "GOLD", "5, 1 and 5");
}

#[tokio::test(start_paused = true)]
async fn floors_rise_whoever_changes_two_of_them_at_the_same_moment() {
    let crm = Crm::start().await;
    let admin = crm.admin().await;
    for _ in 0..10 {
        for (code, floor) in [("SILVER", 2.0), ("GOLD", 3.0), ("PLATINUM", 4.9)] {
            admin.put(&format!("/customer-levels/{code}"), json!({"name": code, "minScore": floor})).await.expect(200);
        }
        // Each is allowed beside the others as they are, and not both.
        let level = |code: &'static str, floor: f64| {
            let admin = &admin;
            async move { admin.put(&format!("/customer-levels/{code}"), json!({"name": code, "minScore": floor})).await.status }
        };
        let (silver, gold) = tokio::join!(level("SILVER", 2.8), level("GOLD", 2.5));
        let mut statuses = [silver, gold];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 422]);
        let floors: Vec<u64> = admin.all("/customer-levels").await.iter().map(|level| hundredths(&level["minScore"])).collect();
        assert!(floors.is_sorted_by(|below, above| below < above), "{floors:?}");
    }
}
