//! The single table.
//!
//! Owns: every key, index, item, transaction, list and cursor; it alone names DynamoDB. Does not
//! own: who may do what (the callers pass a [`domain::Scope`]) nor what a change means (`domain`).
//! `ACCESS_PATTERNS.md` beside this crate has a row for every question the table answers.

mod accounts;
mod action;
mod auth;
mod backfill;
mod error;
mod events;
mod feed;
mod figures;
mod fit;
pub mod found;
mod idempotency;
pub mod item;
mod jobs;
mod jwks;
pub mod keys;
pub mod list;
mod markers;
mod meter;
pub mod migrations;
mod overview;
mod parked;
mod protection;
pub mod records;
pub mod schema;
mod table;
mod throttle;
pub mod tx;

pub use action::Action;
pub use auth::{NewAuth, OpenedSession, USER_AGENT};
pub use backfill::{Backfilled, Failed, MIGRATED, Progress};
pub use error::{Error, cause_of};
pub use feed::Lately;
pub use figures::{FIGURED, FiguredList};
pub use found::Refound;
pub use idempotency::{IdempotencyKey, SavedAnswer, sha256};
pub use item::{Item, Stored};
pub use jobs::KeptJob;
pub use jwks::{PublicKey, Published};
pub use keys::{Key, Shards};
pub use list::{Cursor, Filter, Page, Paging, Plan};
pub use markers::UniqueHolder;
pub use meter::{Meter, Usage};
pub use overview::Beside;
pub use parked::{Parked, Which};
pub use records::{SalesSeq, UsesSeq, filters};
pub use table::{Store, pause};
pub use throttle::{Counted, Room};
pub use tx::{FailedCondition, Tx};
