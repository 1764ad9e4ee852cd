//! Birthdays and silence: whom the clock writes to, by hand on a clock that is put forward.

use super::counts::counted;
use application::metric::Metric;
use local::Table;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use tests::background::{Post, settle};
use tests::people::text;
use tests::recount::{Look, disagreements};
use tests::{Crm, Passing, Person, log};

/// 2026-03-02T11:00:00Z, a Monday.
const START: i64 = 1_772_449_200_000;
const DAY: i64 = 86_400;

struct Office {
    crm: Crm,
    posts: Vec<Post>,
    admin: Person,
}

impl Office {
    async fn start() -> Self {
        let crm = Crm::set(Table::memory().expect("memory"), Passing::by_hand(START), &[("ACCESS_TTL", "31536000")]).await;
        let (posts, admin) = (crm.posts().await, crm.admin().await);
        Self { crm, posts, admin }
    }

    async fn customer(&self, name: &str, more: Value) -> String {
        let mut body = json!({"name": name, "email": format!("{}@works.example", name.to_lowercase())});
        body.as_object_mut().expect("fields").extend(more.as_object().expect("fields").clone());
        text(&self.admin.make("/customers", body).await["id"])
    }

    /// Runs a job so many times; gives who was written to since it was asked last, and why.
    async fn run(&mut self, job: &str, kind: &str, times: usize, seen: &mut BTreeSet<String>) -> Vec<(String, String)> {
        self.admin = self.crm.admin().await;
        self.crm.start_job(job, times).await;
        settle(&mut self.posts).await;
        assert!(self.crm.items_of("PARKED").await.is_empty());
        let mut new = Vec::new();
        for message in self.admin.all(&format!("/messages?kind={kind}&limit=100")).await {
            if seen.insert(text(&message["id"])) {
                let customer = self.admin.get(&format!("/customers/{}", text(&message["customerId"]))).await.expect(200);
                let reason = text(&message["skipReason"]);
                new.push((text(&customer.data()["name"]), if reason.is_empty() { text(&message["status"]) } else { reason }));
            }
        }
        new.sort();
        new
    }
}

fn told(who: &[(&str, &str)]) -> Vec<(String, String)> {
    who.iter().map(|(name, fate)| ((*name).to_owned(), (*fate).to_owned())).collect()
}

#[tokio::test(start_paused = true)]
async fn whose_birthday_it_is_gets_one_message_a_year() {
    log::listen();
    let mut office = Office::start().await;
    for (name, more) in [
        ("Ada", json!({"birthday": "1980-03-02"})),
        ("Bob", json!({"birthday": "1980-03-03"})),
        ("Cy", json!({"birthday": "1980-03-02", "lifecycle": "PROSPECT"})),
        ("Dot", json!({"birthday": "1990-03-02", "marketingOptOut": true})),
        ("Eve", json!({"birthday": "2000-02-29"})),
        ("Fay", json!({})),
    ] {
        office.customer(name, more).await;
    }
    let gone = office.customer("Gus", json!({"birthday": "1980-03-02"})).await;
    office.admin.delete(&format!("/customers/{gone}")).await.expect(204);
    settle(&mut office.posts).await;
    let (mut seen, before) = (BTreeSet::new(), counted(Metric::JobDone, "birthday-messages"));
    assert_eq!(office.run("birthday-messages", "BIRTHDAY", 3, &mut seen).await, told(&[("Ada", "SENT"), ("Dot", "OPTED_OUT")]));
    assert!(counted(Metric::JobDone, "birthday-messages") >= before + 3, "what the alarm waits for");
    let letters = office.crm.embedded().mailbox.letters().await.expect("reads");
    let greetings: Vec<_> = letters.iter().filter(|letter| letter.subject.as_deref() == Some("Happy birthday")).map(|letter| &letter.to).collect();
    assert_eq!(greetings, ["ada@works.example"]);
    // The next day is another's, and 2027 has no 29 February.
    office.crm.advance(DAY);
    assert_eq!(office.run("birthday-messages", "BIRTHDAY", 1, &mut seen).await, told(&[("Bob", "SENT")]));
    office.crm.advance(362 * DAY);
    assert_eq!(office.run("birthday-messages", "BIRTHDAY", 1, &mut seen).await, told(&[("Eve", "SENT")]));
    office.crm.advance(2 * DAY);
    assert_eq!(office.run("birthday-messages", "BIRTHDAY", 2, &mut seen).await, told(&[("Ada", "SENT"), ("Dot", "OPTED_OUT")]));
    assert_eq!(disagreements(&office.crm.items().await, Look::Settled), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn of_whom_nobody_heard_is_asked_once_in_thirty_days() {
    log::listen();
    let mut office = Office::start().await;
    for (name, more) in [
        ("Ada", json!({"engagement": "INACTIVE"})),
        ("Bob", json!({"engagement": "WARM"})),
        ("Cy", json!({"engagement": "INACTIVE", "lifecycle": "FORMER"})),
        ("Dot", json!({"engagement": "INACTIVE", "email": null})),
    ] {
        office.customer(name, more).await;
    }
    settle(&mut office.posts).await;
    let (mut seen, before) = (BTreeSet::new(), counted(Metric::JobDone, "inactivity-messages"));
    assert_eq!(office.run("inactivity-messages", "INACTIVITY", 2, &mut seen).await, told(&[("Ada", "SENT"), ("Dot", "NO_ADDRESS")]));
    assert!(counted(Metric::JobDone, "inactivity-messages") >= before + 2, "what the alarm waits for");
    for days in [7, 14, 21, 28] {
        office.crm.advance(7 * DAY);
        assert_eq!(office.run("inactivity-messages", "INACTIVITY", 1, &mut seen).await, told(&[]), "after {days} days");
    }
    office.crm.advance(7 * DAY);
    assert_eq!(office.run("inactivity-messages", "INACTIVITY", 1, &mut seen).await, told(&[("Ada", "SENT"), ("Dot", "NO_ADDRESS")]));
    let jobs = office.admin.get("/admin/jobs").await.expect(200);
    let job = jobs.data().as_array().and_then(|jobs| jobs.iter().find(|job| job["name"] == "inactivity-messages")).expect("listed").clone();
    assert_eq!(job["lastRuns"][0]["counts"]["written"], json!(2), "{job}");
}
