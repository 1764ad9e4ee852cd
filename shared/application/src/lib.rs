//! What resources and workers share of the application, without a word of HTTP.
//!
//! Owns: who reaches which record ([`Reached`]), the one way to change something ([`decide()`]), parties,
//! owners, references and duplicates; and what a running process has: the table, the clock, the
//! configuration, the ports. Does not own: what a change means (`domain`), keys and items (`store`).
//!
//! A handler reads through the caller's reach, because nothing else gives it a record it can change:
//!
//! ```compile_fail
//! # use application::App;
//! # use domain::lead::Lead;
//! async fn handler(app: &App, id: domain::LeadId) {
//!     app.store.get::<Lead>(id).await; // the table is private
//! }
//! ```
//!
//! ```compile_fail
//! # use application::Change;
//! # use domain::lead::Lead;
//! fn handler(change: &mut Change, read: domain::Record<Lead>, next: &domain::Record<Lead>) {
//!     change.update(&read, next); // only what was reached is changed
//! }
//! ```
//!
//! ```compile_fail
//! # use application::Change;
//! # use domain::lead::Lead;
//! fn handler(change: &mut Change, row: domain::Row<Lead>) {
//!     change.create(&row); // a row of a list lacks the long texts
//! }
//! ```
//!
//! ```compile_fail
//! # use application::Reached;
//! # use domain::lead::Lead;
//! fn handler(record: domain::Record<Lead>) -> Reached<Lead> {
//!     Reached { record } // made by the application alone
//! }
//! ```
//!
//! ```compile_fail
//! # use domain::{Reach, Scope};
//! fn handler(scope: &Scope) -> Scope {
//!     Scope { reach: Reach::All, ..scope.clone() } // comes from the caller's grants alone
//! }
//! ```

pub mod account;
mod app;
mod campaigns;
mod checks;
pub mod clock;
pub mod config;
mod dashboard;
mod dates;
pub mod decide;
pub mod duplicates;
mod ed25519;
mod error;
mod feed;
mod grants;
mod guesses;
mod inbox;
mod jobs;
mod kept;
pub mod keys;
mod level_names;
mod levels;
pub mod links;
mod lists;
pub mod log;
pub mod metric;
mod orders;
mod owners;
mod parked;
mod projects;
mod promotions;
mod reach;
mod references;
mod settings;
mod subject;
mod teams;
pub mod tokens;
mod unsubscribing;
mod verifier;

pub use account::ReachedAccount;
pub use app::{App, NotGiven};
pub use campaigns::Preview;
pub use checks::Checks;
pub use config::Config;
pub use dashboard::{Dashboard, TeamDashboard};
pub use decide::{Change, Decision, decide};
pub use error::Error;
pub use feed::{FEED_DAYS, FeedOf, RecordId};
pub use grants::GrantsOfRoles;
pub use guesses::{Client, Guess, counted_by};
pub use levels::{Scoring, floors_of};
pub use links::{UNSUBSCRIBE, UnsubscribeToken};
pub use orders::{Buyer, LATEST_TRANSACTIONS, OrderWithPromotions};
pub use owners::Chosen;
pub use parked::NotSent;
pub use promotions::{CountedPromotion, Gift, Giving};
pub use reach::{Purpose, Reached, ReachedPage, Unscoped};
pub use references::{ABSENT, Parents, Referral};
pub use settings::{Stand, WellKnown};
pub use store::filters::*;
pub use store::{Filter, Page, Paging, Parked, Stored, Which};
pub use subject::Subject;
pub use teams::{Candidate, TeamPatch, TeamPeople};
pub use verifier::{Verified, Verifier};
