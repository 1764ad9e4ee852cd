//! Reminders of follow-ups and tasks, by hand on a clock that is put forward by days.

use super::counts::counted;
use application::metric::Metric;
use local::Table;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use tests::background::{Post, settle};
use tests::people::text;
use tests::recount::{Look, disagreements_in};
use tests::{Crm, Passing, Person, eventually, log};

/// Half past seven in Berlin, on the day before its clocks go forward: 2026-03-28T06:30Z.
const START: i64 = 1_774_679_400_000;
const DAY: i64 = 86_400;

struct Morning {
    crm: Crm,
    posts: Vec<Post>,
}

impl Morning {
    async fn start() -> Self {
        let settings = [("TIME_ZONE", "Europe/Berlin"), ("ACCESS_TTL", "864000")];
        let crm = Crm::set(Table::memory().expect("memory"), Passing::by_hand(START), &settings).await;
        let posts = crm.posts().await;
        Self { crm, posts }
    }

    /// Both jobs, so many times.
    async fn remind(&mut self, times: usize) {
        for job in ["followups-due", "tasks-due"] {
            self.crm.start_job(job, times).await;
        }
        settle(&mut self.posts).await;
        assert!(self.crm.items_of("PARKED").await.is_empty());
    }

    /// What is new in an inbox, which is read by that.
    async fn told(&self, person: &Person) -> BTreeSet<String> {
        let new = person.all("/notifications?unread=true").await;
        let titles: Vec<String> = new.iter().filter(|told| text(&told["event"]).ends_with("_DUE")).map(|told| text(&told["title"])).collect();
        let once: BTreeSet<String> = titles.iter().cloned().collect();
        assert_eq!(once.len(), titles.len(), "each once: {titles:?}");
        person.patch("/notifications/all/read", json!({})).await.expect(200);
        once
    }
}

fn set(titles: &[&str]) -> BTreeSet<String> {
    titles.iter().map(|title| (*title).to_owned()).collect()
}

#[tokio::test(start_paused = true)]
async fn who_has_something_to_do_is_reminded_each_day_until_it_is_done() {
    log::listen();
    let mut morning = Morning::start().await;
    let rep = morning.crm.person("SALES_REP", None).await;
    let lead = rep.lead(json!({"title": "A mill"})).await["id"].clone();
    let task = async |title: &str, due: Value| text(&rep.make("/tasks", json!({"title": title, "dueAt": due})).await["id"]);
    // The day ends at eleven in the evening, UTC.
    let late = task("Late today", json!("2026-03-28T22:59:59Z")).await;
    task("Early tomorrow", json!("2026-03-28T23:00:00Z")).await;
    task("Long ago", json!("2026-03-01T12:00:00Z")).await;
    task("Whenever", Value::Null).await;
    let done = task("Done", json!("2026-03-27T12:00:00Z")).await;
    rep.patch(&format!("/tasks/{done}/status"), json!({"status": "DONE"})).await.expect(200);
    let follow_up = async |due: &str| text(&rep.make("/follow-ups", json!({"leadId": lead, "dueAt": due})).await["id"]);
    let call = follow_up("2026-03-28T08:00:00Z").await;
    let off = follow_up("2026-03-28T09:00:00Z").await;
    rep.patch(&format!("/follow-ups/{off}"), json!({"status": "CANCELLED"})).await.expect(200);

    let jobs = || (counted(Metric::JobDone, "followups-due"), counted(Metric::JobDone, "tasks-due"));
    let before = jobs();
    morning.remind(3).await;
    assert!(jobs().0 >= before.0 + 3 && jobs().1 >= before.1 + 3, "what the alarms wait for");
    let today = ["A task is due today: Late today", "A task is overdue: Long ago", "A follow-up is due today: A mill"];
    assert_eq!(morning.told(&rep).await, set(&today));
    let shown = rep.get(&format!("/follow-ups/{call}")).await.expect(200);
    assert_eq!((&shown.data()["lastNotifiedOn"], &shown.data()["version"]), (&json!("2026-03-28"), &json!(1)), "no person's change");
    morning.remind(1).await;
    assert_eq!(morning.told(&rep).await, set(&[]), "once a day");

    morning.crm.advance(DAY);
    morning.remind(2).await;
    let tomorrow =
        ["A task is overdue: Late today", "A task is due today: Early tomorrow", "A task is overdue: Long ago", "A follow-up is overdue: A mill"];
    assert_eq!(morning.told(&rep).await, set(&tomorrow));

    // Done in the evening, and not told of again.
    rep.patch(&format!("/tasks/{late}/status"), json!({"status": "DONE"})).await.expect(200);
    rep.patch(&format!("/follow-ups/{call}"), json!({"status": "COMPLETED"})).await.expect(200);
    morning.crm.advance(DAY);
    morning.remind(1).await;
    assert_eq!(morning.told(&rep).await, set(&["A task is overdue: Early tomorrow", "A task is overdue: Long ago"]));
    let feed = rep.all("/feed?limit=100").await;
    assert!(feed.iter().all(|event| !text(&event["type"]).ends_with(".due")), "nobody did anything");
    let zone = jiff::tz::TimeZone::get("Europe/Berlin").expect("a zone");
    assert_eq!(disagreements_in(&zone, &morning.crm.items().await, Look::Told), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn who_holds_it_when_it_is_told_is_reminded_and_nobody_else() {
    let mut morning = Morning::start().await;
    let crm = morning.crm.clone();
    let admin = crm.admin().await;
    let (first, second, off) = (crm.person("SALES_REP", None).await, crm.person("SALES_REP", None).await, crm.person("SALES_REP", None).await);
    off.patch(&format!("/users/{}", off.id), json!({"notificationPrefs": {"TASK_DUE": {"IN_APP": false}}})).await.expect(200);
    let due = "2026-03-28T10:00:00Z";
    let task = text(&admin.make("/tasks", json!({"title": "Given on", "dueAt": due, "ownerId": first.id})).await["id"]);
    admin.make("/tasks", json!({"title": "Not told", "dueAt": due, "ownerId": off.id})).await;
    let left = text(&admin.make("/tasks", json!({"title": "Finished", "dueAt": due, "ownerId": first.id})).await["id"]);
    settle(&mut morning.posts).await;
    // The events stand, and before they come to the inboxes one task is given on and one is finished.
    crm.start_job("tasks-due", 1).await;
    let work = morning.posts.iter_mut().find(|post| post.worker.name == "jobs").expect("a post");
    while work.step().await {}
    admin.patch(&format!("/tasks/{task}"), json!({"ownerId": second.id})).await.expect(200);
    admin.patch(&format!("/tasks/{left}/status"), json!({"status": "DONE"})).await.expect(200);
    settle(&mut morning.posts).await;
    assert_eq!(morning.told(&first).await, set(&[]));
    assert_eq!(morning.told(&second).await, set(&["A task is due today: Given on"]));
    assert_eq!(morning.told(&off).await, set(&[]));
}

#[tokio::test(start_paused = true)]
async fn what_was_given_on_or_put_off_meanwhile_is_told_to_nobody_else() {
    let mut morning = Morning::start().await;
    let crm = morning.crm.clone();
    let admin = crm.admin().await;
    let (first, second) = (crm.person("SALES_REP", None).await, crm.person("SALES_REP", None).await);
    // Given on and renamed before the first event comes.
    let lead = text(&admin.lead(json!({"title": "Open", "ownerId": first.id})).await["id"]);
    admin.patch(&format!("/leads/{lead}/assign"), json!({"ownerId": second.id})).await.expect(200);
    admin.patch(&format!("/leads/{lead}"), json!({"title": "Secret"})).await.expect(200);
    // Put off before its reminder comes, and one whose reminder comes a day late.
    let body = |title: &str| json!({"title": title, "dueAt": "2026-03-28T10:00:00Z", "ownerId": first.id});
    let task = text(&admin.make("/tasks", body("Put off")).await["id"]);
    crm.start_job("tasks-due", 1).await;
    let post = async |morning: &mut Morning, name: &str| {
        let post = morning.posts.iter_mut().find(|post| post.worker.name == name).expect("a post");
        while post.step().await {}
    };
    post(&mut morning, "jobs").await;
    admin.patch(&format!("/tasks/{task}"), json!({"dueAt": "2027-06-01T12:00:00Z"})).await.expect(200);
    settle(&mut morning.posts).await;
    assert_eq!(first.all("/notifications").await.iter().filter(|told| text(&told["title"]).contains("Secret")).count(), 0, "it is another's");
    assert_eq!(second.ids("/notifications").await.len(), 2, "the welcome and the lead");
    assert_eq!(morning.told(&first).await, set(&[]), "it is due next year");
    admin.make("/tasks", body("Late")).await;
    crm.start_job("tasks-due", 1).await;
    post(&mut morning, "jobs").await;
    morning.crm.advance(DAY);
    settle(&mut morning.posts).await;
    assert_eq!(morning.told(&first).await, set(&[]), "the next day has a reminder of its own");
    morning.remind(1).await;
    assert_eq!(morning.told(&first).await, set(&["A task is overdue: Late"]));
}

#[tokio::test(start_paused = true)]
async fn one_that_cannot_be_reminded_of_holds_up_none_of_the_others() {
    let mut morning = Morning::start().await;
    let crm = morning.crm.clone();
    let rep = crm.person("SALES_REP", None).await;
    let first = text(&rep.make("/tasks", json!({"title": "Broken", "dueAt": "2026-03-01T10:00:00Z"})).await["id"]);
    rep.make("/tasks", json!({"title": "Behind it", "dueAt": "2026-03-28T10:00:00Z"})).await;
    settle(&mut morning.posts).await;
    let key = json!({"pk": {"S": format!("TASK#{first}")}, "sk": {"S": "TASK"}});
    let broken = json!({"TableName": local::TABLE, "Key": key, "UpdateExpression": "SET #data.title = :wrong",
        "ExpressionAttributeNames": {"#data": "data"}, "ExpressionAttributeValues": {":wrong": {"N": "7"}}});
    crm.embedded().table.request("UpdateItem", broken).await.expect("broken");
    crm.start_job("tasks-due", 1).await;
    settle(&mut morning.posts).await;
    assert_eq!(morning.told(&rep).await, set(&["A task is due today: Behind it"]));
    let jobs = crm.admin().await.all("/admin/jobs").await;
    let run = &jobs.iter().find(|job| job["name"] == "tasks-due").expect("listed")["lastRuns"][0];
    assert_eq!((&run["state"], &run["counts"]), (&json!("PARTIAL"), &json!({"looked": 2, "reminded": 1, "failed": 1})));
    assert!(text(&run["error"]).starts_with(&format!("TASK#{first}: ")), "somebody has to look at it: {run}");
    assert_eq!(crm.admin().await.all("/feed?limit=100").await.iter().filter(|event| event["type"] == "job.finished").count(), 1);
    assert_eq!(crm.items_of("PARKED").await.len(), 1, "it is not counted either");
}

#[tokio::test]
async fn a_first_start_after_eight_makes_good_what_the_morning_missed() {
    // Half past ten in the morning, UTC.
    let crm = Crm::timed(Table::memory().expect("memory"), Passing::by_hand(START + 4 * 3_600_000)).await;
    let rep = crm.person("SALES_REP", None).await;
    rep.make("/tasks", json!({"title": "Today", "dueAt": "2026-03-28T18:00:00Z"})).await;
    let working = crm.working().await;
    let rep = working.sign_in(&rep.email, tests::crm::PASSWORD).await;
    eventually("it is told", super::SOON, || async {
        let told = rep.all("/notifications").await;
        told.iter().any(|told| told["title"] == "A task is due today: Today").then_some(())
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn many_that_are_due_are_told_in_pieces_and_a_run_that_ends_early_goes_on() {
    let mut morning = Morning::start().await;
    let rep = morning.crm.person("SALES_REP", None).await;
    for number in 0..350 {
        rep.make("/tasks", json!({"title": format!("Task {number}"), "dueAt": "2026-03-28T10:00:00Z"})).await;
    }
    settle(&mut morning.posts).await;
    // One message does three hundred, and the next does the rest.
    morning.crm.start_job("tasks-due", 1).await;
    let work = morning.posts.iter_mut().find(|post| post.worker.name == "jobs").expect("a post");
    assert!(work.step().await);
    let reminded = async |crm: &Crm| crm.items_of("TASK").await.iter().filter(|task| task.at("derived")["lastNotifiedOn"] == "2026-03-28").count();
    assert_eq!(reminded(&morning.crm).await, 300);
    morning.crm.advance(3600);
    settle(&mut morning.posts).await;
    assert_eq!(reminded(&morning.crm).await, 350);
    assert_eq!(morning.told(&rep).await.len(), 350);
}
