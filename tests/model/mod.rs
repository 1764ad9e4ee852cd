//! Seeded runs of random calls against plain models: what the CRM answers has to be what the model
//! predicts.
//!
//! `SEED=7 cargo test -p tests model` runs one seed again.

mod activities;
mod calendar;
mod rules;
mod selling;

/// The seeds to run: these, or the one of the environment variable `SEED`.
fn seeds(from: u64, count: u64) -> Vec<u64> {
    match std::env::var("SEED") {
        Ok(seed) => vec![seed.parse().expect("SEED is a number")],
        Err(_) => (from..from + count).collect(),
    }
}
