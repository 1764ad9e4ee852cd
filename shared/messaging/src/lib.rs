//! How changes travel: the event bus, the queues, who listens to what.
//!
//! Owns: the ports [`EventBus`] and [`Queues`] with their AWS adapters, the list of subscriptions
//! from which both the template and the embedded bus are made, the messages on the work queue, and
//! the batch runners. Does not own: what a consumer does (the workers) or where local messages are
//! kept (`local`).

#[cfg(any(feature = "bus", feature = "queues"))]
mod adapters;
pub mod batch;
mod ports;
mod schedules;
mod subscriptions;
mod work;

#[cfg(feature = "bus")]
pub use adapters::EventBridge;
#[cfg(feature = "queues")]
pub use adapters::Sqs;
pub use ports::{Depth, EventBus, MessagingError, Queue, Queues, STREAM};
pub use schedules::{FOLLOW_UPS_DUE, RECURRING_TASKS, SCHEDULES, Schedule, TASKS_DUE};
pub use subscriptions::{SUBSCRIPTIONS, Subscription};
pub use work::{Place, Recounting, Work};
