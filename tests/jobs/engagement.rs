//! Engagement: random companies over many nights against the rule, said again in plain words.

use super::counts::counted;
use super::nights::Nights;
use application::metric::Metric;
use domain::Time;
use domain::text::TextValue;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use tests::background::settle;
use tests::log;
use tests::people::text;
use tests::random::Random;
use tests::recount::{Look, disagreements};

/// Five to midnight, UTC: 2026-03-01T23:55:00Z.
const START: i64 = 1_772_409_300_000;
const HOUR: i64 = 3600;
const DAY: i64 = 86_400;

const JOB: &str = "customer-engagement";

impl Nights {
    async fn start() -> Self {
        Self::of(JOB, START, &[]).await
    }

    async fn contact(&self, customer: &str, at: Time) -> String {
        let body = json!({"customerId": customer, "type": "CALL", "occurredAt": at});
        text(&self.rep.make("/activities", body).await["id"])
    }

    async fn engagement(&self, customer: &str) -> Value {
        self.rep.get(&format!("/customers/{customer}")).await.expect(200).data()["engagement"].clone()
    }

    /// What the rule says of each customer at a moment, from what the table holds of contacts.
    async fn by_the_rule(&self, at: Time) -> BTreeMap<String, &'static str> {
        let mut contacts: BTreeMap<String, Vec<Time>> = BTreeMap::new();
        let time = |value: &Value| Time::read(&text(value)).expect("a time");
        for activity in self.crm.items_of("ACTIVITY").await {
            let data = activity.at("data");
            if activity.text("sk") == "ACTIVITY" && data["type"] != "NOTE" {
                contacts.entry(text(&data["customerId"])).or_default().push(time(&data["occurredAt"]));
            }
        }
        let customers = self.crm.items_of("CUSTOMER").await.into_iter().filter(|item| item.text("sk") == "CUSTOMER");
        let live = customers.filter(|item| item.at("data")["archivedAt"].is_null());
        live.map(|item| {
            let id = item.text("pk").trim_start_matches("CUSTOMER#").to_owned();
            let mine = contacts.remove(&id).unwrap_or_default();
            let lately = mine.iter().filter(|contact| contact.plus_seconds(7 * DAY) > at).count();
            let since = mine.into_iter().max().unwrap_or_else(|| time(&item.at("head")["c"])).plus_seconds(30 * DAY);
            let says = match lately {
                3.. => "HOT",
                _ if since <= at => "INACTIVE",
                _ => "WARM",
            };
            (id, says)
        })
        .collect()
    }

    async fn shown(&self) -> BTreeMap<String, String> {
        let rows = self.rep.all("/customers?limit=100").await;
        rows.iter().map(|row| (text(&row["id"]), text(&row["engagement"]))).collect()
    }
}

#[tokio::test(start_paused = true)]
async fn a_night_says_what_the_rule_says() {
    log::listen();
    let before = counted(Metric::JobDone, JOB);
    for seed in 0..2 {
        let mut random = Random::new(seed);
        let mut nights = Nights::start().await;
        let (mut customers, mut calls): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
        for _ in 0..30 {
            for _ in 0..random.below(6) {
                match random.below(10) {
                    0 | 1 => {
                        let engagement = *random.of(&["HOT", "WARM", "INACTIVE"]);
                        customers.push(text(&nights.rep.customer(json!({"engagement": engagement})).await["id"]));
                    }
                    2..=5 if !customers.is_empty() => {
                        // To the second at the edges of the rule, as seen from the next run, and anywhere.
                        let anywhere = (random.below(40) as i64) * DAY;
                        let edge = *random.of(&[0, 7 * DAY, 30 * DAY, anywhere]);
                        // The night comes in an hour.
                        let at = nights.now().plus_seconds((HOUR - edge + *random.of(&[-1, 0, 1])).min(300));
                        let customer = random.of(&customers).clone();
                        calls.push(nights.contact(&customer, at).await);
                    }
                    6 if !calls.is_empty() => {
                        let call = calls.swap_remove(random.below(calls.len()));
                        nights.rep.delete(&format!("/activities/{call}")).await.expect(204);
                    }
                    7 if !calls.is_empty() => {
                        let at = nights.now().plus_seconds(-(random.below(35) as i64) * DAY);
                        nights.rep.patch(&format!("/activities/{}", random.of(&calls)), json!({"occurredAt": at})).await.expect(200);
                    }
                    8 if !customers.is_empty() => {
                        let set = json!({"engagement": random.of(&["HOT", "WARM", "INACTIVE"])});
                        nights.rep.patch(&format!("/customers/{}", random.of(&customers)), set).await.expect(200);
                    }
                    9 if !customers.is_empty() => {
                        let customer = random.of(&customers).clone();
                        let archived = json!({"archived": random.below(2) == 0});
                        nights.crm.admin().await.patch(&format!("/customers/{customer}"), archived).await;
                    }
                    _ => {}
                }
            }
            if random.below(4) > 0 {
                settle(&mut nights.posts).await;
                nights.pass(HOUR).await;
                let at = nights.now();
                nights.night().await;
                let rule: BTreeMap<String, String> = nights.by_the_rule(at).await.into_iter().map(|(id, says)| (id, says.to_owned())).collect();
                assert_eq!(nights.shown().await, rule, "seed {seed}, the night of {at}");
            }
            // On to the next five to midnight, or a little beside it.
            let into = nights.now().seconds().rem_euclid(DAY);
            let evening = (START / 1000).rem_euclid(DAY) - into;
            let days = random.below(5) as i64 + i64::from(evening <= 300);
            nights.pass(days * DAY + evening + *random.of(&[-1, 0, 1])).await;
        }
        settle(&mut nights.posts).await;
        let disagreeing = disagreements(&nights.crm.items().await, Look::Settled);
        assert_eq!(disagreeing, Vec::<String>::new(), "seed {seed}");
    }
    assert!(counted(Metric::JobDone, JOB) > before, "what the alarm waits for");
}

#[tokio::test(start_paused = true)]
async fn it_changes_to_the_second() {
    let mut nights = Nights::start().await;
    let customer = text(&nights.rep.customer(json!({})).await["id"]);
    nights.pass(1).await;
    let first = nights.now();
    for seconds in [0, 10, 20] {
        nights.contact(&customer, first.plus_seconds(-seconds)).await;
    }
    nights.night().await;
    assert_eq!(nights.engagement(&customer).await, "HOT");
    let version = nights.rep.get(&format!("/customers/{customer}")).await.data()["version"].clone();
    // The third latest is twenty seconds old.
    nights.pass(7 * DAY - 21).await;
    nights.night().await;
    assert_eq!(nights.engagement(&customer).await, "HOT", "a second before");
    nights.pass(1).await;
    nights.night().await;
    assert_eq!(nights.engagement(&customer).await, "WARM", "seven days after the third latest");
    nights.pass(23 * DAY + 19).await;
    nights.night().await;
    assert_eq!(nights.engagement(&customer).await, "WARM", "a second before");
    nights.pass(1).await;
    nights.night().await;
    assert_eq!(nights.engagement(&customer).await, "INACTIVE", "thirty days after the latest");
    let feed = nights.rep.all(&format!("/feed?entityType=CUSTOMER&entityId={customer}&limit=100")).await;
    let told: Vec<&Value> = feed.iter().filter(|event| event["type"] == "customer.engagement_changed").collect();
    assert_eq!(told.len(), 3, "each change once");
    assert_eq!((&told[0]["actorName"], &told[0]["changes"]["engagement"]), (&json!("System"), &json!({"old": "WARM", "new": "INACTIVE"})));
    assert_eq!(nights.rep.get(&format!("/customers/{customer}")).await.data()["version"], version, "no person's change");
}

#[tokio::test(start_paused = true)]
async fn a_night_looks_at_those_whose_moment_has_come_and_a_missed_one_is_made_up_for() {
    let mut nights = Nights::start().await;
    let due = text(&nights.rep.customer(json!({})).await["id"]);
    let first = nights.night().await;
    assert_eq!(first["counts"]["looked"], 1, "a first run looks at everybody");
    nights.pass(10 * DAY).await;
    for _ in 0..5 {
        nights.rep.customer(json!({})).await;
    }
    let by_hand = text(&nights.rep.customer(json!({"engagement": "HOT"})).await["id"]);
    nights.night().await;
    assert_eq!(nights.engagement(&by_hand).await, "HOT", "it holds until the next night");
    nights.pass(HOUR).await;
    assert_eq!(nights.night().await["counts"]["changed"], 1, "the one that was set by hand");
    assert_eq!(nights.engagement(&by_hand).await, "WARM");
    assert_eq!(nights.night().await["counts"], json!({}), "and nobody once more");
    // No run for three weeks; then the one whose thirty days were over in between.
    nights.pass(22 * DAY).await;
    assert_eq!(nights.engagement(&due).await, "WARM");
    assert_eq!(nights.night().await["counts"], json!({"looked": 1, "changed": 1}));
    assert_eq!(nights.engagement(&due).await, "INACTIVE");
}

#[tokio::test(start_paused = true)]
async fn customers_of_an_earlier_release_are_put_down_by_the_first_run() {
    let mut nights = Nights::start().await;
    let old = text(&nights.rep.customer(json!({})).await["id"]);
    settle(&mut nights.posts).await;
    // As a release without reviews left it.
    let key = json!({"pk": {"S": format!("CUSTOMER#{old}")}, "sk": {"S": "CUSTOMER"}});
    let strip = json!({"TableName": local::TABLE, "Key": key, "UpdateExpression": "REMOVE derived.reviewAt, d"});
    nights.crm.embedded().table.request("UpdateItem", strip).await.expect("stripped");
    nights.pass(31 * DAY).await;
    assert_eq!(nights.night().await["counts"], json!({"looked": 1, "changed": 1}));
    assert_eq!(nights.engagement(&old).await, "INACTIVE");
    nights.pass(1).await;
    nights.contact(&old, nights.now()).await;
    assert_eq!(nights.night().await["counts"], json!({"looked": 1, "changed": 1}));
    assert_eq!(nights.engagement(&old).await, "WARM");
}
