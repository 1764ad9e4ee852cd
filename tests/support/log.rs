//! What is written to standard output in the cloud: the log, and the counts in their own format.

use serde_json::Value;
use std::sync::Mutex;

/// Every line of any test of this process, since the process has one log.
static LINES: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Begins to collect lines; those written before are not among them.
pub fn listen() {
    application::log::start_with(|line| LINES.lock().expect("lock").push(line));
    application::metric::start_with("CRM/test".into(), |line| LINES.lock().expect("lock").push(line));
}

/// The lines collected so far.
pub fn lines() -> Vec<String> {
    LINES.lock().expect("lock").clone()
}

/// The lines of which this is so.
pub fn lines_where(wanted: impl Fn(&Value) -> bool) -> Vec<Value> {
    lines().iter().map(|line| serde_json::from_str(line).expect("JSON")).filter(wanted).collect()
}
