//! The events in `events/` are real: each is played to its function, in the company that it tells of,
//! and does there what it is the sample of.

pub mod routes;
mod shape;
mod workers;

use serde_json::Value;
use std::path::Path;

/// A sample as it stands in its file.
fn text(folder: &str, name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../events/{folder}/{name}.json"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}; cargo run -p local --bin generate", path.display()))
}

/// The same, read.
fn event(folder: &str, name: &str) -> Value {
    serde_json::from_str(&text(folder, name)).expect("JSON")
}
