//! What was read and is kept for a while.

use domain::Time;

/// For how long it is kept, milliseconds: a change is in force everywhere after it.
const KEPT_MILLIS: i64 = 10_000;

/// Something with the moment in which it was read.
#[derive(Debug, Clone)]
pub(crate) struct Kept<T> {
    at: i64,
    /// As it was then.
    pub(crate) value: T,
}

impl<T> Kept<T> {
    pub(crate) fn new(value: T, now: Time) -> Self {
        Self { at: now.millis(), value }
    }

    /// It, unless it is too old, or of a time to come, since a clock was put back.
    pub(crate) fn fresh(&self, now: Time) -> Option<&T> {
        (0..KEPT_MILLIS).contains(&(now.millis() - self.at)).then_some(&self.value)
    }
}
