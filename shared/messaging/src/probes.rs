//! The ports through which it is asked how what the CRM leans on stands.

use crate::ports::MessagingError;
use futures::future::BoxFuture;
use std::sync::Arc;

/// Why something outside does not do what it is for.
#[derive(Debug, thiserror::Error)]
pub enum Unwell {
    /// It says so itself, in words that may be shown.
    #[error("{0}")]
    Said(String),
    /// It does not answer as it should; why is for the log.
    #[error(transparent)]
    Silent(#[from] MessagingError),
}

/// What a probe finds: what else is worth knowing of it, where it works.
pub type Probing<'a> = BoxFuture<'a, Result<Option<String>, Unwell>>;

/// Something outside that can be asked whether it works, without anything being sent.
pub trait Probe: Send + Sync {
    /// Asks.
    fn probe(&self) -> Probing<'_>;
}

/// What can be asked; what is not there is off in this deployment.
#[derive(Clone, Default)]
pub struct Probes {
    /// The event bus.
    pub bus: Option<Arc<dyn Probe>>,
    /// What mails leave through.
    pub email: Option<Arc<dyn Probe>>,
    /// What text messages leave through.
    pub sms: Option<Arc<dyn Probe>>,
}
