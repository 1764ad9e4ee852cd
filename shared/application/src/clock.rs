//! Time and ids: from the system, or from a test.

use domain::Time;
use std::sync::Arc;
use uuid::Uuid;

/// Where time and ids come from.
#[derive(Clone)]
pub struct Clock {
    now: Arc<dyn Fn() -> Time + Send + Sync>,
    /// Makes ids.
    pub ids: Arc<dyn Fn() -> Uuid + Send + Sync>,
}

impl Clock {
    /// The system's time and UUIDv7 ids.
    pub fn system() -> Self {
        Self::new(|| Time::new(jiff::Timestamp::now()))
    }

    /// Another source of time; ids still carry the system's.
    pub fn new(now: impl Fn() -> Time + Send + Sync + 'static) -> Self {
        Self { now: Arc::new(now), ids: Arc::new(Uuid::now_v7) }
    }

    /// Now.
    pub fn now(&self) -> Time {
        (self.now)()
    }
}

impl std::fmt::Debug for Clock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Clock")
    }
}
