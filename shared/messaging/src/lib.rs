//! How changes travel: the event bus, the queues, who listens to what.
//!
//! Owns: the ports [`EventBus`], [`Queues`], [`Senders`] and [`Probes`] with their AWS adapters, the list of subscriptions
//! from which both the template and the embedded bus are made, the messages on the work queue, and
//! the batch runners. Does not own: what a consumer does (the workers) or where local messages are
//! kept (`local`).

#[cfg(feature = "probes")]
mod accounts;
#[cfg(any(feature = "bus", feature = "queues"))]
mod adapters;
pub mod batch;
pub mod cron;
mod jobs;
#[cfg(feature = "mime")]
pub mod mime;
mod ports;
mod probes;
#[cfg(feature = "sending")]
mod providers;
mod sending;
mod subscriptions;
mod work;

#[cfg(feature = "bus")]
pub use adapters::EventBridge;
#[cfg(feature = "queues")]
pub use adapters::Sqs;
pub use jobs::{JOBS, Job, TICK, TICK_RATE, Timed};
pub use ports::{DEAD_BATCH, Depth, EventBus, MessagingError, Queue, Queues, STREAM};
pub use probes::{Probe, Probes, Probing, Unwell};
#[cfg(feature = "sending")]
pub use providers::{Ses, Sns};
pub use sending::{Mail, Mailer, Push, Pusher, SendError, Senders, Sending, TextMessage, Texter};
pub use subscriptions::{SUBSCRIPTIONS, Subscription};
pub use work::{ItemKey, Place, Recounting, Work};
