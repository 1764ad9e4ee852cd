//! The rules of the CRM, and nothing else.
//!
//! Owns: what a customer, a user or a team is, which values are valid, who may do what, how a
//! record changes and which events that fires. Does not own: HTTP, the table, queues, time or
//! randomness. Time and ids come in as arguments, so every rule is a plain function of its input.

// The macros of this crate name it by its own name, also inside it.
extern crate self as domain;

#[doc(hidden)]
pub use {serde, serde_json};

pub mod account;
pub mod customer;
pub mod event;
pub mod id;
pub mod input;
pub mod password;
pub mod permission;
pub mod reach;
pub mod record;
pub mod search;
pub mod settings;
pub mod team;
pub mod time;
pub mod user;
pub mod value;

pub use id::{CustomerId, EventId, LeadId, ParkedId, SessionId, TeamId, UserId};
pub use input::{FieldError, Parse};
pub use permission::{Grants, Permission, Role};
pub use reach::{Caller, Reach, Scope};
pub use record::{Entity, Record};
pub use time::Time;
