//! The log: JSON on standard output, one line per request, one per message that a worker handled, one per
//! fault and one per sign-in that failed. No bodies, addresses or tokens, but where a failed sign-in came from.
//!
//! Every line that is written because of a request has the request's id ([`of_request`]), however many
//! queues lie between them.
//!
//! A line is a `tracing` event with [`TARGET`]. Whatever else says something, first of all the AWS SDK
//! about its requests, is left out: it may hold personal data. Nothing is written until [`start`].

use crate::clock::system_time;
use domain::Time;
use serde_json::{Map, Value};
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// The target of what belongs into the log.
pub const TARGET: &str = "crm";

/// The cause of what runs.
struct Request {
    /// What the caller calls it, who may say what he likes.
    id: Arc<str>,
    /// What the gateway calls it, which nobody else chooses.
    gateway_id: Option<Arc<str>>,
}

tokio::task_local! {
    static REQUEST: Request;
}

/// Runs something that a request, or what followed from one, asked for: its lines and its events have
/// the request's id, and the lines that of the gateway where it came from there.
pub async fn of_request<F: Future>(id: Arc<str>, gateway_id: Option<Arc<str>>, future: F) -> F::Output {
    REQUEST.scope(Request { id, gateway_id }, future).await
}

/// The id of the request that is the cause of what runs now; `None` where there is none.
pub fn request_id() -> Option<Arc<str>> {
    REQUEST.try_with(|request| request.id.clone()).ok()
}

/// Whether this is the first thing that this process does; true once.
pub fn is_cold() -> bool {
    static COLD: AtomicBool = AtomicBool::new(true);
    COLD.swap(false, Ordering::Relaxed)
}

/// Begins to log to standard output what `LOG_LEVEL` asks for.
pub fn start() {
    begin(Lines::new(wanted(), print));
}

/// Begins to hand every line, whatever `LOG_LEVEL` says, to `write`: for reading what a request used.
/// Only the first of these calls counts.
pub fn start_with(write: impl Fn(String) + Send + Sync + 'static) {
    begin(Lines::new(LevelFilter::INFO, write));
}

/// The log without the lines about requests: for work that no person asked for.
pub fn quiet() -> impl Subscriber + Send + Sync {
    Lines::new(wanted().min(LevelFilter::ERROR), print)
}

/// A line about something that went wrong: where, and the cause.
pub fn fault(at: &str, cause: &str) {
    tracing::error!(target: TARGET, at, cause);
}

/// Milliseconds since then, as lines have them.
pub fn ms_since(started: Instant) -> f64 {
    started.elapsed().as_micros() as f64 / 1000.0
}

/// A line about a message that a worker began to handle then.
pub fn handled(worker: &str, message: &str, tries: u32, started: Instant) {
    tracing::info!(target: TARGET, cold = is_cold(), worker, message, tries, ms = ms_since(started));
}

/// A line about a piece of a migration, begun then: how far its run is.
pub fn migrated(progress: &store::Progress, started: Instant) {
    let store::Progress { name, dry_run, run, looked, changed, skipped, failed, .. } = progress;
    let (name, finished) = (name.as_str(), progress.finished_at.is_some());
    tracing::info!(target: TARGET, migration = name, run, dryRun = dry_run, looked, changed, skipped, failed, finished, ms = ms_since(started));
}

/// A line about a run of a job: how far it is, or how it ended.
pub fn job_moved(run: &domain::job::JobRun) {
    let domain::job::JobRun { job, run_id, trigger, state, date, dry_run, pieces, counts, .. } = run;
    let counts = serde_json::to_string(counts).unwrap_or_default();
    tracing::info!(target: TARGET, job = job.as_str(), run = %run_id, trigger = trigger.as_str(), state = state.as_str(), %date, dryRun = dry_run, pieces, counts);
}

/// A line about somebody who did not get in: whose account it was, where there is one, from where, and
/// why. Who tries to get in is found by these.
pub fn failed_sign_in(account: Option<&str>, address: &str, reason: &str) {
    tracing::warn!(target: TARGET, account, address, failedSignIn = reason);
}

fn begin(lines: impl Subscriber + Send + Sync) {
    // Refused where there is a log already.
    let _ = tracing::subscriber::set_global_default(lines);
}

fn wanted() -> LevelFilter {
    match std::env::var("LOG_LEVEL").as_deref() {
        Ok("off") => LevelFilter::OFF,
        Ok("error") => LevelFilter::ERROR,
        _ => LevelFilter::INFO,
    }
}

pub(crate) fn print(line: String) {
    // Nobody may be listening any more.
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// Makes a line of each event: when, by which function, because of which request, its level, and its
/// fields, `null` where one has no value.
struct Lines<W> {
    most: LevelFilter,
    write: W,
    function: Option<String>,
    clock: fn() -> Time,
}

impl<W: Fn(String) + Send + Sync + 'static> Lines<W> {
    fn new(most: LevelFilter, write: W) -> Self {
        Self { most, write, function: std::env::var("AWS_LAMBDA_FUNCTION_NAME").ok(), clock: system_time }
    }
}

impl<W: Fn(String) + Send + Sync + 'static> Subscriber for Lines<W> {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event() && metadata.target() == TARGET && *metadata.level() <= self.most
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.most)
    }

    fn event(&self, event: &Event<'_>) {
        let metadata = event.metadata();
        let mut line = Members(metadata.fields().iter().map(|field| (field.name().to_owned(), Value::Null)).collect());
        line.0.insert("level".to_owned(), metadata.level().as_str().to_ascii_lowercase().into());
        line.0.insert("time".to_owned(), (self.clock)().to_string().into());
        if let Some(function) = &self.function {
            line.0.insert("function".to_owned(), function.as_str().into());
        }
        // There is none where nobody asked.
        let _ = REQUEST.try_with(|request| {
            line.0.insert("requestId".to_owned(), (&*request.id).into());
            if let Some(id) = &request.gateway_id {
                line.0.insert("gatewayRequestId".to_owned(), (&**id).into());
            }
        });
        event.record(&mut line);
        (self.write)(Value::Object(line.0).to_string());
    }

    // Spans are never enabled.
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

/// The members of a line.
struct Members(Map<String, Value>);

impl Members {
    fn put(&mut self, field: &Field, value: impl Into<Value>) {
        self.0.insert(field.name().to_owned(), value.into());
    }
}

impl Visit for Members {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.put(field, format!("{value:?}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    /// What is written at this level.
    fn written(most: LevelFilter) -> Vec<String> {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let sink = lines.clone();
        let lines_of = Lines {
            function: Some("f".into()),
            clock: || Time::from_millis(0),
            ..Lines::new(most, move |line| sink.lock().expect("lock").push(line))
        };
        tracing::subscriber::with_default(lines_of, || {
            let request = of_request("r\"1".into(), Some("g1".into()), async {
                tracing::info!(target: TARGET, user = None::<&str>, status = 200_u16, ms = 1.5);
            });
            futures::executor::block_on(request);
            fault("somewhere", "a cause");
            tracing::error!(target: "aws_sdk_dynamodb", email = "a@b.example");
            tracing::error!(email = "a@b.example", "ours, but not meant for the log");
            let _entered = tracing::error_span!(target: TARGET, "span", email = "a@b.example").entered();
        });
        lines.lock().expect("lock").clone()
    }

    #[test]
    fn a_line_has_the_fields_of_the_event_and_nothing_of_others_gets_in() {
        let request = r#"{"function":"f","gatewayRequestId":"g1","level":"info","ms":1.5,"requestId":"r\"1","status":200,"time":"1970-01-01T00:00:00.000Z","user":null}"#;
        let fault = r#"{"at":"somewhere","cause":"a cause","function":"f","level":"error","time":"1970-01-01T00:00:00.000Z"}"#;
        assert_eq!(written(LevelFilter::INFO), [request, fault]);
        assert_eq!(written(LevelFilter::ERROR), [fault]);
        assert_eq!(written(LevelFilter::OFF), Vec::<String>::new());
    }
}
