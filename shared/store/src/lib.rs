//! The single table.
//!
//! Owns: every key, index, item, transaction, list and cursor; it alone names DynamoDB. Does not
//! own: who may do what (the callers pass a [`domain::Scope`]) nor what a change means (`domain`).
//! `ACCESS_PATTERNS.md` beside this crate has a row for every question the table answers.

mod accounts;
mod auth;
mod error;
mod events;
mod idempotency;
pub mod item;
mod jobs;
mod jwks;
pub mod keys;
pub mod list;
mod markers;
mod meter;
mod overview;
mod parked;
pub mod records;
pub mod schema;
pub mod search;
mod table;
mod throttle;
pub mod tx;

pub use auth::NewAuth;
pub use error::Error;
pub use idempotency::{IdempotencyKey, SavedAnswer};
pub use item::Item;
pub use jwks::PublicKey;
pub use keys::Key;
pub use list::{Cursor, Page, Plan};
pub use meter::{Meter, Usage};
pub use overview::Overview;
pub use parked::Parked;
pub use records::{CustomerFilter, FollowUpFilter, LeadFilter, Parent, ProjectFilter, TaskFilter, UserFilter, WorkLogFilter};
pub use search::TokenChange;
pub use table::Store;
pub use tx::{Refusal, Tx};
