//! The log: JSON, one line per request and one per fault. No bodies, addresses or tokens.

use serde_json::{Value, json};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Off,
    Error,
    Info,
}

fn level() -> Level {
    static LEVEL: OnceLock<Level> = OnceLock::new();
    *LEVEL.get_or_init(|| match std::env::var("LOG_LEVEL").as_deref() {
        Ok("off") => Level::Off,
        Ok("error") => Level::Error,
        _ => Level::Info,
    })
}

type Sink = Box<dyn Fn(&str) + Send + Sync>;

static SINK: OnceLock<Sink> = OnceLock::new();

/// Hands every line, whatever the level, to `sink` from now on instead of printing it: for reading
/// what a request used. Only the first call counts.
pub fn send_to(sink: impl Fn(&str) + Send + Sync + 'static) {
    SINK.get_or_init(|| Box::new(sink));
}

fn write(line: &Value) {
    match SINK.get() {
        Some(sink) => sink(&line.to_string()),
        None => println!("{line}"),
    }
}

static QUIET: AtomicBool = AtomicBool::new(false);

/// Leaves out the lines about requests, or has them again: for work that no person asked for.
pub fn quiet(quiet: bool) {
    QUIET.store(quiet, Ordering::Relaxed);
}

/// A line about a request that was answered.
pub fn request(fields: Value) {
    if SINK.get().is_some() || (level() >= Level::Info && !QUIET.load(Ordering::Relaxed)) {
        write(&fields);
    }
}

/// A line about something that went wrong: where, and the cause.
pub fn fault(place: &str, cause: &str) {
    if SINK.get().is_some() || level() >= Level::Error {
        write(&json!({"level": "error", "at": place, "cause": cause}));
    }
}
