//! Timed jobs: what EventBridge Scheduler does for the deployed system.

use crate::clock::Clock;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use messaging::cron::{Expression, ExpressionError};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use tokio::task::JoinSet;

/// What a schedule starts, given the moment it was due.
pub type Job = Arc<dyn Fn(Timestamp) -> BoxFuture<'static, Result<(), String>> + Send + Sync>;

/// A set of named schedules in one time zone.
///
/// A schedule that was due several times while nothing looked (the machine slept) runs once.
pub struct Scheduler {
    zone: TimeZone,
    entries: Vec<Entry>,
}

struct Entry {
    name: String,
    expression: Expression,
    job: Job,
    next: Option<Timestamp>,
}

impl Scheduler {
    /// An empty scheduler whose cron expressions are read in `zone`.
    pub fn new(zone: TimeZone) -> Self {
        Self { zone, entries: Vec::new() }
    }

    /// Adds a schedule that fires first after `since_ms`: the present, or an earlier moment to
    /// catch up on a run that was missed.
    pub fn add(&mut self, name: &str, expression: &str, since_ms: i64, job: Job) -> Result<(), ExpressionError> {
        let expression: Expression = expression.parse()?;
        let next = expression.next_after(instant(since_ms), &self.zone);
        self.entries.push(Entry { name: name.to_owned(), expression, job, next });
        Ok(())
    }

    /// Every schedule's name and next firing.
    pub fn upcoming(&self) -> Vec<(&str, Option<Timestamp>)> {
        let entries = self.entries.iter();
        entries.map(|entry| (entry.name.as_str(), entry.next)).collect()
    }

    /// The jobs due at `now_ms`, each once, and moves their schedules on.
    pub fn due(&mut self, now_ms: i64) -> Vec<(String, Timestamp, Job)> {
        let now = instant(now_ms);
        let mut due = Vec::new();
        for entry in &mut self.entries {
            let Some(at) = entry.next.filter(|at| *at <= now) else {
                continue;
            };
            // Following ones are counted from the due moment, so a rate keeps its rhythm.
            let mut next = entry.expression.next_after(at, &self.zone);
            if next.is_some_and(|next| next <= now) {
                next = entry.expression.next_after(now, &self.zone);
            }
            entry.next = next;
            due.push((entry.name.clone(), at, Arc::clone(&entry.job)));
        }
        due
    }

    /// Runs what becomes due until `shutdown` completes; jobs under way are finished first.
    pub async fn run(mut self, clock: Arc<dyn Clock>, shutdown: impl Future<Output = ()> + Send) {
        let mut running = JoinSet::new();
        let mut shutdown = std::pin::pin!(shutdown);
        loop {
            for (name, at, job) in self.due(clock.now_ms()) {
                running.spawn(fire(name, at, job));
            }
            let next = self.entries.iter().filter_map(|entry| entry.next).min();
            let due = async {
                match next {
                    Some(at) => clock.sleep_until(at.as_millisecond()).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                () = &mut shutdown => break,
                () = due => {}
                Some(_) = running.join_next() => {}
            }
        }
        while running.join_next().await.is_some() {}
    }
}

async fn fire(name: String, at: Timestamp, job: Job) {
    let outcome = AssertUnwindSafe(async { job(at).await }).catch_unwind().await;
    match outcome {
        Ok(Ok(())) => {}
        Ok(Err(error)) => application::log::fault(&name, &format!("of {at}: {error}")),
        Err(_) => application::log::fault(&name, &format!("of {at}: it panicked")),
    }
}

fn instant(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(ms).unwrap_or_default()
}
