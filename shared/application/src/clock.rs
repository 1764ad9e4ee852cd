//! Time and ids: from the system, or from a test.

use domain::Time;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use uuid::Uuid;

/// How long after something that was looked for in vain the next is not looked for, milliseconds: whoever makes ids
/// up does not buy reads with them.
const PAUSE_MILLIS: i64 = 3_000;

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
        Self::new(system_time)
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

/// The machine's time, whatever time it is for what the application does.
pub(crate) fn system_time() -> Time {
    Time::new(jiff::Timestamp::now())
}

impl std::fmt::Debug for Clock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Clock")
    }
}

/// Whether less than this has passed. A clock that was set back has nothing to say.
pub(crate) fn within(since: i64, now: Time, millis: i64) -> bool {
    (0..millis).contains(&(now.millis() - since))
}

/// When something was looked for that was not there.
#[derive(Debug, Default)]
pub(crate) struct InVain(AtomicI64);

impl InVain {
    /// Notes that it is so now.
    pub(crate) fn note(&self, now: Time) {
        self.0.store(now.millis(), Ordering::Relaxed);
    }

    /// Whether that was so lately that it is not looked for again.
    pub(crate) fn was_lately(&self, now: Time) -> bool {
        within(self.0.load(Ordering::Relaxed), now, PAUSE_MILLIS)
    }
}
