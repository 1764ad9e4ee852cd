//! A company over many nights of one job.

use domain::Time;
use local::Table;
use serde_json::{Value, json};
use tests::background::{Post, settle};
use tests::{Crm, Passing, Person};

/// A company whose time passes by hand.
pub struct Nights {
    pub crm: Crm,
    pub posts: Vec<Post>,
    /// Who works there: a manager.
    pub rep: Person,
    job: &'static str,
}

impl Nights {
    /// A new one at a moment, milliseconds.
    pub async fn of(job: &'static str, start: i64, settings: &[(&str, &str)]) -> Self {
        Self::on(Table::memory().expect("memory"), job, start, settings).await
    }

    /// The same on a table.
    pub async fn on(table: Table, job: &'static str, start: i64, settings: &[(&str, &str)]) -> Self {
        let settings = [&[("ACCESS_TTL", "86400"), ("REFRESH_TTL", "7776000")], settings].concat();
        let crm = Crm::set(table, Passing::by_hand(start), &settings).await;
        let posts = crm.posts().await;
        let rep = crm.person("MANAGER", None).await;
        Self { crm, posts, rep, job }
    }

    pub fn now(&self) -> Time {
        self.crm.embedded().app().clock.now()
    }

    /// Lets time pass; who was signed in is so again.
    pub async fn pass(&mut self, seconds: i64) {
        self.crm.advance(seconds);
        self.rep = self.crm.sign_in(&self.rep.email, tests::crm::PASSWORD).await;
    }

    /// The runs of the job, the last one first.
    pub async fn runs(&self) -> Vec<Value> {
        let jobs = self.crm.admin().await.all("/admin/jobs").await;
        let job = jobs.iter().find(|job| job["name"] == self.job).expect("listed");
        job["lastRuns"].as_array().expect("runs").clone()
    }

    /// The night's run, and what it counted.
    pub async fn night(&mut self) -> Value {
        settle(&mut self.posts).await;
        let run = self.crm.start_job(self.job, 1).await.remove(0);
        settle(&mut self.posts).await;
        assert!(self.crm.items_of("PARKED").await.is_empty());
        let runs = self.crm.items_of("RUN").await;
        let run = runs.iter().map(|item| item.at("data").clone()).find(|found| found["runId"] == json!(run)).expect("the run");
        assert_eq!(run["state"], "SUCCEEDED", "{run}");
        run
    }
}
