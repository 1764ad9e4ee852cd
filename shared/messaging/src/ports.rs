//! The ports: what the workers need of a bus and of queues.

use domain::event::Event;
use futures::future::BoxFuture;

/// A queue of the deployment; each has a dead-letter queue beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Queue {
    /// Domain events that the CRM itself acts on.
    Automation,
    /// Domain events that users are told of.
    Notifications,
    /// Messages to customers: what welcomes them, and what waits to be sent.
    Messages,
    /// What SES tells of mails that did not arrive or were reported as spam.
    Bounces,
    /// Larger work, cut into messages: moving, re-stamping, migrating and cleaning up records.
    Work,
    /// What is done again: records of the stream, events, figures.
    Repair,
    /// Parked messages that go back to their queues.
    Redrive,
    /// What the clock starts, cut into messages.
    Jobs,
}

/// The table's stream among what was given up on: batches that a mapping gave up on are parked under this name.
pub const STREAM: &str = "stream";

/// How many dead letters the parker is given at once.
pub const DEAD_BATCH: u32 = 10;

impl Queue {
    /// Every queue.
    pub const ALL: [Self; 8] =
        [Self::Automation, Self::Notifications, Self::Messages, Self::Bounces, Self::Work, Self::Repair, Self::Redrive, Self::Jobs];

    /// Its name: in the API, in the template and in the embedded run.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Automation => "automation",
            Self::Notifications => "notifications",
            Self::Messages => "messages",
            Self::Bounces => "bounces",
            Self::Work => "work",
            Self::Repair => "repair",
            Self::Redrive => "redrive",
            Self::Jobs => "jobs",
        }
    }

    /// The name of its dead-letter queue.
    pub fn dead_name(self) -> String {
        format!("{}-dead", self.name())
    }

    /// How often a message is tried before its consumer parks it.
    pub const fn tries(self) -> u32 {
        match self {
            Self::Automation | Self::Notifications | Self::Messages | Self::Bounces => 5,
            Self::Work | Self::Repair | Self::Redrive | Self::Jobs => 3,
        }
    }

    /// How many messages its consumer is given at once: pieces of work, each of which takes its time, come alone.
    pub const fn batch(self) -> u32 {
        match self {
            Self::Automation | Self::Bounces => 10,
            // A provider that does not answer holds each of them for seconds; before, a message waits for room in its second.
            Self::Notifications => 5,
            Self::Messages => 3,
            Self::Work | Self::Repair | Self::Redrive | Self::Jobs => 1,
        }
    }

    /// How many of its consumer run at once; `None` is as many as there is to do. Pieces of work are not so many that requests find
    /// the table busy, and those who share a rate wait for one another: two are the fewest there can be
    /// (<https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html>).
    pub const fn at_once(self) -> Option<u32> {
        match self {
            Self::Automation | Self::Notifications | Self::Bounces => None,
            Self::Messages => Some(2),
            Self::Work | Self::Repair | Self::Redrive | Self::Jobs => Some(5),
        }
    }

    /// How often a message is received before it becomes a dead letter: often enough that one whose consumer finds
    /// no table to work on waits for more than an hour, six minutes between two tries.
    pub const fn max_receives(self) -> u32 {
        12
    }

    /// The queue of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|queue| queue.name() == name)
    }
}

/// What waits in a queue and in its dead-letter queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Depth {
    /// The queue.
    pub queue: Queue,
    /// Messages waiting or in flight.
    pub depth: u64,
    /// Dead letters not parked yet.
    pub dead: u64,
}

/// A message or an event could not be handed over.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct MessagingError(pub String);

/// Where domain events are published.
pub trait EventBus: Send + Sync {
    /// Publishes events and gives back those that were not taken.
    fn publish<'a>(&'a self, events: &'a [Event]) -> BoxFuture<'a, Result<Vec<Event>, MessagingError>>;
}

/// The queues.
pub trait Queues: Send + Sync {
    /// Sends a message, to be seen after a delay (seconds, at most 900: SQS's limit).
    fn send<'a>(&'a self, queue: Queue, body: String, delay_seconds: u32) -> BoxFuture<'a, Result<(), MessagingError>>;
    /// What waits in each queue.
    fn depths(&self) -> BoxFuture<'_, Result<Vec<Depth>, MessagingError>>;
}
