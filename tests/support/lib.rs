//! What tests use: a CRM to talk to (embedded, or deployed somewhere), people who talk to it, and
//! the scenarios that hold for both.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on has to fail")]

pub mod background;
pub mod crm;
pub mod example;
pub mod items;
pub mod lanes;
pub mod log;
pub mod messages;
pub mod people;
pub mod random;
pub mod recount;
pub mod scenarios;
pub mod schemas;
pub mod time;

pub use crm::{Crm, Reply, eventually, together};
pub use people::Person;
pub use random::number_in_environment;
pub use time::Passing;
