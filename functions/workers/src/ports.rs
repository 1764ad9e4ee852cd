//! What workers are given.

use api::clock::Clock;
use aws::Secrets;
use domain::event::Act;
use jiff::tz::TimeZone;
use messaging::{EventBus, Queues};
use std::sync::Arc;
use store::Store;

/// The ports of a worker; one that it was not given makes it fail with that reason.
#[derive(Clone)]
pub struct Ports {
    /// The table.
    pub store: Store,
    /// Time and ids.
    pub clock: Clock,
    /// The deployment's time zone.
    pub zone: TimeZone,
    /// The bus.
    pub bus: Option<Arc<dyn EventBus>>,
    /// The queues.
    pub queues: Option<Arc<dyn Queues>>,
    /// The deployment's secret.
    pub secrets: Option<Arc<dyn Secrets>>,
}

/// Why a worker gave up on something.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The table.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The bus or a queue.
    #[error(transparent)]
    Messaging(#[from] messaging::MessagingError),
    /// Keys or the secret.
    #[error(transparent)]
    Keys(#[from] api::tokens::KeyError),
    /// A message that makes no sense.
    #[error("{0}")]
    Nonsense(String),
    /// A port the function was not given.
    #[error("this function was not given {0}")]
    NotGiven(&'static str),
}

impl Failure {
    /// Whether trying again can help. What cannot be read stays unreadable.
    pub fn may_pass(&self) -> bool {
        !matches!(self, Self::Nonsense(_) | Self::Store(store::Error::Unreadable { .. }))
    }
}

impl Ports {
    /// The bus.
    pub fn bus(&self) -> Result<&dyn EventBus, Failure> {
        self.bus.as_deref().ok_or(Failure::NotGiven("the bus"))
    }

    /// The queues.
    pub fn queues(&self) -> Result<&dyn Queues, Failure> {
        self.queues.as_deref().ok_or(Failure::NotGiven("the queues"))
    }

    /// The secret.
    pub fn secrets(&self) -> Result<&dyn Secrets, Failure> {
        self.secrets.as_deref().ok_or(Failure::NotGiven("the secret"))
    }

    /// The system acting now.
    pub fn act(&self) -> Act {
        Act { at: self.clock.now(), actor: None, actor_name: "System".to_owned(), ids: self.clock.ids.clone() }
    }
}
