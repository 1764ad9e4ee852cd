//! The security matrix: every route, every kind of caller, records of every standing; in paths, in
//! lists and their filters, in bodies, and in whatever hangs below them.
//!
//! Which probes there are comes from the route table alone, so a route that is added is tested at
//! once, and one that no probe can be built for fails with what to add. `UPDATE=1 cargo test --workspace
//! matrix` writes `docs/security-matrix.md`.

mod answers;
mod bodies;
mod children;
mod document;
mod feed;
mod kinds;
mod lists;
mod requests;
mod rules;
mod single;
mod world;
