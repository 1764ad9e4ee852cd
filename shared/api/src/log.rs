//! The log: JSON, one line per request and one per fault. No bodies, addresses or tokens.

use serde_json::{Value, json};
use std::sync::OnceLock;

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

/// A line about a request that was answered.
pub fn request(fields: Value) {
    if level() >= Level::Info {
        println!("{fields}");
    }
}

/// A line about something that went wrong: where, and the cause.
pub fn fault(place: &str, cause: &str) {
    if level() >= Level::Error {
        println!("{}", json!({"level": "error", "at": place, "cause": cause}));
    }
}
