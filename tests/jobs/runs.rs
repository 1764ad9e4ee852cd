//! Runs of jobs: started twice, by hand, missed, killed, given up.

use crate::faults::Faults;
use local::{Fault, Table};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tests::background::{Post, settle};
use tests::people::text;
use tests::{Crm, Passing, Person};

/// Half past seven in Berlin, on the day before its clocks go forward: 2026-03-28T06:30Z.
const START: i64 = 1_774_679_400_000;
const HOUR: i64 = 3600;
const DAY: i64 = 86_400;

struct Clockwork {
    crm: Crm,
    posts: Vec<Post>,
    admin: Person,
}

impl Clockwork {
    async fn on(table: Table) -> Self {
        let settings = [("TIME_ZONE", "Europe/Berlin"), ("ACCESS_TTL", "864000")];
        let crm = Crm::set(table, Passing::by_hand(START), &settings).await;
        let (posts, admin) = (crm.posts().await, crm.admin().await);
        Self { crm, posts, admin }
    }

    async fn start() -> Self {
        Self::on(Table::memory().expect("memory")).await
    }

    async fn send(&mut self, message: Value, times: usize) {
        let bodies = vec![message.to_string(); times];
        self.crm.embedded().queues.send("jobs", bodies, Duration::ZERO).await.expect("sent");
        settle(&mut self.posts).await;
    }

    async fn tick(&mut self) {
        self.send(json!({"task": "tick"}), 1).await;
    }

    async fn runs(&self, job: &str) -> Vec<Value> {
        let jobs = self.admin.all("/admin/jobs").await;
        jobs.iter().find(|found| found["name"] == job).expect("listed")["lastRuns"].as_array().expect("a list").clone()
    }

    async fn states(&self, job: &str) -> Vec<String> {
        self.runs(job).await.iter().map(|run| text(&run["state"])).collect()
    }

    /// Makes so many tasks that are due.
    async fn due(&self, count: usize) -> Vec<String> {
        let mut made = Vec::new();
        for number in 0..count {
            let body = json!({"title": format!("Task {number}"), "dueAt": "2026-03-28T10:00:00Z"});
            made.push(text(&self.admin.make("/tasks", body).await["id"]));
        }
        made
    }

    async fn reminded(&self) -> usize {
        self.crm.items_of("TASK").await.iter().filter(|task| task.at("derived")["lastNotifiedOn"] == "2026-03-28").count()
    }

    async fn told(&self) -> usize {
        self.admin.all("/notifications?limit=100").await.iter().filter(|told| told["event"] == "TASK_DUE").count()
    }
}

#[tokio::test(start_paused = true)]
async fn the_clock_does_a_day_once_however_often_it_says_so() {
    let mut clockwork = Clockwork::start().await;
    clockwork.due(3).await;
    let start = json!({"task": "start", "job": "tasks-due"});
    clockwork.send(start.clone(), 3).await;
    let runs = clockwork.runs("tasks-due").await;
    assert_eq!(runs.len(), 1, "{runs:?}");
    assert_eq!((&runs[0]["state"], &runs[0]["trigger"], &runs[0]["date"]), (&json!("SUCCEEDED"), &json!("SCHEDULE"), &json!("2026-03-28")));
    assert_eq!((&runs[0]["counts"], &runs[0]["startedBy"]), (&json!({"looked": 3, "reminded": 3}), &Value::Null));
    clockwork.crm.advance(DAY);
    clockwork.send(start, 2).await;
    let runs = clockwork.runs("tasks-due").await;
    assert_eq!((runs.len(), &runs[0]["date"]), (2, &json!("2026-03-29")), "the day on which the clocks go forward is one");
    assert_eq!(clockwork.told().await, 6);
}

#[tokio::test(start_paused = true)]
async fn what_was_missed_is_made_good_by_the_tick_and_once() {
    let mut clockwork = Clockwork::start().await;
    clockwork.due(2).await;
    clockwork.tick().await;
    assert_eq!(clockwork.states("tasks-due").await, Vec::<String>::new(), "it is not eight yet");
    assert_eq!(clockwork.states("recurring-tasks").await, ["SUCCEEDED"], "six has passed");
    assert_eq!(clockwork.states("customer-engagement").await, ["SUCCEEDED"]);
    // At eight the clock's own message is on its way; a few minutes later it is lost.
    clockwork.crm.advance(HOUR / 2 + 60);
    clockwork.tick().await;
    assert_eq!(clockwork.states("tasks-due").await, Vec::<String>::new());
    clockwork.crm.advance(5 * 60);
    for _ in 0..3 {
        clockwork.tick().await;
    }
    assert_eq!((clockwork.states("tasks-due").await, clockwork.told().await), (vec!["SUCCEEDED".to_owned()], 2));
    // Three days on which nothing ran: the last of them is made up for.
    clockwork.crm.advance(3 * DAY);
    clockwork.tick().await;
    let runs = clockwork.runs("tasks-due").await;
    assert_eq!((runs.len(), &runs[0]["date"]), (2, &json!("2026-03-31")));
    assert_eq!(clockwork.told().await, 4);
    let list = clockwork.admin.get("/admin/jobs").await.expect(200);
    let job = list.data().as_array().expect("a list").iter().find(|job| job["name"] == "tasks-due").expect("listed").clone();
    assert_eq!((&job["schedule"], &job["nextRunAt"]), (&json!("cron(0 8 * * ? *)"), &json!("2026-04-01T06:00:00.000Z")));
}

#[tokio::test(start_paused = true)]
async fn by_hand_it_counts_first_and_does_it_then() {
    let mut clockwork = Clockwork::start().await;
    clockwork.due(2).await;
    let run = "/admin/jobs/tasks-due/run";
    let started = clockwork.admin.post(run, json!({"dryRun": true})).await.expect(202);
    settle(&mut clockwork.posts).await;
    let runs = clockwork.runs("tasks-due").await;
    assert_eq!(
        (&runs[0]["runId"], &runs[0]["dryRun"], &runs[0]["counts"]),
        (&started.data()["runId"], &json!(true), &json!({"looked": 2, "reminded": 2}))
    );
    assert_eq!((clockwork.reminded().await, clockwork.told().await), (0, 0), "a dry run changes nothing");
    clockwork.admin.post(run, json!({})).await.expect(202);
    // While it waits in the queue another may be asked for; the second finds nothing left to do.
    clockwork.admin.post(run, json!({"date": "2026-03-28"})).await.expect(202);
    settle(&mut clockwork.posts).await;
    let runs = clockwork.runs("tasks-due").await;
    assert_eq!((&runs[1]["counts"]["reminded"], &runs[0]["counts"]), (&json!(2), &json!({"looked": 2})));
    assert_eq!((&runs[0]["trigger"], &runs[0]["startedBy"]), (&json!("MANUAL"), &json!(clockwork.admin.id)));
    // Before its hour a run by hand does not stand for the clock's.
    clockwork.crm.advance(HOUR);
    clockwork.tick().await;
    assert_eq!(clockwork.runs("tasks-due").await.len(), 4);

    // Under one key it is one run, however often its answer was lost.
    let again = async || clockwork.admin.ask("POST", run, Some(&json!({"dryRun": true})), &[("idempotency-key", "the same")]).await.expect(202);
    let (first, second) = (again().await, again().await);
    assert_eq!((second.data(), second.header("idempotency-replayed")), (first.data(), Some("true")));
    settle(&mut clockwork.posts).await;
    assert_eq!(clockwork.runs("tasks-due").await.len(), 5);

    assert_eq!(clockwork.admin.post("/admin/jobs/make-coffee/run", json!({})).await.expect(404).code(), "NOT_FOUND");
    let late = clockwork.admin.post(run, json!({"date": "2026-03-29", "dryRun": "no"})).await.expect(422);
    assert_eq!(late.pointers(), ["/date", "/dryRun"]);
    let manager = clockwork.crm.person("MANAGER", None).await;
    manager.post(run, json!({})).await.expect(403);
    manager.get("/admin/jobs").await.expect(403);
}

#[tokio::test(start_paused = true)]
async fn a_run_under_way_is_alone_and_one_that_died_is_taken_over() {
    let mut clockwork = Clockwork::start().await;
    clockwork.due(350).await;
    settle(&mut clockwork.posts).await;
    let step = async |clockwork: &mut Clockwork| clockwork.posts.iter_mut().find(|post| post.worker.name == "jobs").expect("a post").step().await;
    let run = "/admin/jobs/tasks-due/run";
    clockwork.admin.post(run, json!({})).await.expect(202);
    assert!(step(&mut clockwork).await);
    assert_eq!(clockwork.reminded().await, 300);
    assert_eq!(clockwork.runs("tasks-due").await[0]["counts"]["reminded"], 300, "it shows how far it is");
    assert_eq!(clockwork.admin.post(run, json!({})).await.expect(409).code(), "JOB_RUNNING");
    clockwork.admin.post(run, json!({"dryRun": true})).await.expect(202);
    // The message of the next piece is lost.
    let lose = |_: Value| async { Ok::<_, String>(json!({"batchItemFailures": []})) };
    while clockwork.crm.embedded().queues.run_once("jobs", 1, &lose).await.expect("the queue") > 0 {}
    clockwork.crm.advance(HOUR);
    clockwork.tick().await;
    let runs = clockwork.runs("tasks-due").await;
    let states: Vec<&str> = runs.iter().filter_map(|run| run["state"].as_str()).collect();
    assert_eq!(states, ["SUCCEEDED", "FAILED"]);
    assert!(text(&runs[1]["error"]).starts_with("It was silent for too long"), "{}", runs[1]);
    assert_eq!((clockwork.reminded().await, &runs[0]["counts"]["reminded"]), (350, &json!(50)));
    assert_eq!(clockwork.told().await, 350, "nobody is told twice");
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_killed_at_any_operation_is_done_once() {
    let (table, faults) = Faults::table();
    let mut clockwork = Clockwork::on(table).await;
    let (mut at, mut kills) = (0, 0);
    loop {
        let due = clockwork.due(2).await;
        settle(&mut clockwork.posts).await;
        let (before, seen) = (clockwork.told().await, Arc::new(AtomicUsize::new(0)));
        let (count, kill) = (seen.clone(), at);
        // Once after the operation was carried out, and from then on all works again.
        faults.after(move |operation| {
            let killed = operation.role == Some("jobs") && count.fetch_add(1, Ordering::SeqCst) == kill;
            if killed { Err(Fault::server_error()) } else { Ok(()) }
        });
        let run = clockwork.crm.start_job("tasks-due", 1).await.remove(0);
        settle(&mut clockwork.posts).await;
        clockwork.crm.advance(400);
        settle(&mut clockwork.posts).await;
        let runs = clockwork.runs("tasks-due").await;
        let found = runs.iter().find(|found| found["runId"] == json!(run)).unwrap_or_else(|| panic!("killed at {at}: {runs:?}"));
        assert_eq!(found["state"], "SUCCEEDED", "killed at {at}");
        assert_eq!(clockwork.told().await, before + 2, "killed at {at}");
        assert!(clockwork.crm.items_of("PARKED").await.is_empty());
        if seen.load(Ordering::SeqCst) <= at {
            break;
        }
        for task in due {
            clockwork.admin.patch(&format!("/tasks/{task}/status"), json!({"status": "DONE"})).await.expect(200);
        }
        (at, kills) = (at + 1, kills + 1);
    }
    assert!(kills > 8, "a run has more operations than {kills}");
}

#[tokio::test(start_paused = true)]
async fn what_fails_three_times_waits_for_somebody_and_goes_on_where_it_was_sent_again() {
    let (table, faults) = Faults::table();
    let mut clockwork = Clockwork::on(table).await;
    clockwork.due(2).await;
    settle(&mut clockwork.posts).await;
    clockwork.crm.advance(HOUR);
    faults.before(|operation| {
        let asks = operation.role == Some("jobs") && operation.actions.contains(&"Query");
        if asks { Err(Fault::access_denied("Query")) } else { Ok(()) }
    });
    for failures in 1..=3 {
        clockwork.tick().await;
        for _ in 0..3 {
            clockwork.crm.advance(400);
            settle(&mut clockwork.posts).await;
        }
        let states = clockwork.states("tasks-due").await;
        assert_eq!(states, vec!["FAILED"; failures]);
    }
    for _ in 0..3 {
        clockwork.crm.advance(400);
        clockwork.tick().await;
    }
    assert_eq!(clockwork.states("tasks-due").await.len(), 3, "a person has to look");
    let feed = clockwork.admin.all("/feed?limit=100").await;
    assert_eq!(feed.iter().filter(|event| event["type"] == "job.finished" && text(&event["summary"]).contains("tasks-due")).count(), 3);
    faults.before(|_| Ok(()));
    let letters = clockwork.admin.all("/admin/dead-letters?queue=jobs").await;
    let start = letters.iter().find(|letter| text(&letter["body"]).contains("tasks-due")).expect("parked");
    clockwork.admin.post(&format!("/admin/dead-letters/{}/redrive", text(&start["id"])), json!({})).await.expect(202);
    settle(&mut clockwork.posts).await;
    assert_eq!((clockwork.states("tasks-due").await[0].as_str(), clockwork.told().await), ("SUCCEEDED", 2));
    clockwork.tick().await;
    assert_eq!(clockwork.states("tasks-due").await.len(), 4, "and the day is done");
}
