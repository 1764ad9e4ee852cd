//! The plain types of the queues: settings, counts and errors.

use crate::table::TableError;
use std::time::Duration;

/// Why a queue could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum QueueError {
    /// There is no queue of this name.
    #[error("there is no queue {0}")]
    Unknown(String),
    /// A message is larger than SQS takes.
    #[error("a message of {0} bytes is larger than 256 KiB")]
    TooLarge(usize),
    /// The database failed.
    #[error(transparent)]
    Table(#[from] TableError),
}

/// How one queue behaves.
#[derive(Debug, Clone)]
pub struct QueueSettings {
    /// The queue's name.
    pub name: String,
    /// How long a received message stays hidden, and the longest pause before a retry.
    pub visibility_timeout: Duration,
    /// The pause after the first failure; it doubles with each further one.
    pub backoff: Duration,
    /// How often a message is tried before it moves to the dead-letter queue.
    pub max_receives: u32,
    /// Where it moves; without one it is tried for ever.
    pub dead_letter: Option<String>,
}

impl QueueSettings {
    /// The usual settings: 30 s, back-off from 1 s, five tries, no dead-letter queue.
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            visibility_timeout: Duration::from_secs(30),
            backoff: Duration::from_secs(1),
            max_receives: 5,
            dead_letter: None,
        }
    }

    /// Sends messages that failed `max_receives` times to `queue`.
    #[must_use]
    pub fn dead_letter(mut self, queue: &str, max_receives: u32) -> Self {
        self.dead_letter = Some(queue.to_owned());
        self.max_receives = max_receives;
        self
    }
}

/// How many messages a queue holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Depth {
    /// Ready to be received.
    pub visible: usize,
    /// Received and not yet settled.
    pub in_flight: usize,
    /// Waiting for a delay or a retry.
    pub delayed: usize,
}
