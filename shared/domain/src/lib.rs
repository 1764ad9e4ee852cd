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
pub mod activity;
pub mod campaign;
pub mod credential;
pub mod customer;
pub mod customer_promotion;
pub mod dead_letter;
pub mod discount;
pub mod engagement;
pub mod event;
pub mod figures;
pub mod follow_up;
pub mod granting;
pub mod id;
pub mod job;
pub mod json;
pub mod lead;
pub mod level;
pub mod message;
pub mod message_template;
pub mod money;
pub mod notification;
pub mod order;
pub mod overview;
pub mod owner;
pub mod party;
pub mod password;
pub mod permission;
pub mod personal;
pub mod product;
pub mod project;
pub mod promotion;
pub mod purchase;
pub mod reach;
pub mod record;
pub mod recurrence;
pub mod refused;
pub mod reminder;
pub mod rfm;
pub mod search;
pub mod settings;
pub mod task;
pub mod team;
pub mod text;
pub mod time;
pub mod transaction;
pub mod unsubscribe;
pub mod user;
pub mod value;
pub mod work_log;

pub use activity::ActivityId;
pub use follow_up::FollowUpId;
pub use id::{
    CustomerId, EventId, LeadId, OrderId, ParkedId, ProductId, ProjectId, PromotionId, Reference, SessionId, TaskId, TeamId, TransactionId, UserId,
};
pub use message::{CampaignId, MessageId};
pub use notification::NotificationId;
pub use overview::{Overview, Sales};
pub use owner::{Owned, Owner};
pub use party::{Parent, Party, PartyId};
pub use permission::{Grants, Permission, Role};
pub use reach::{Caller, Reach, Scope};
pub use record::{Access, Entity, Order, Record, Row};
pub use refused::{FieldFault, Refused};
pub use time::Time;
pub use work_log::WorkLogId;
