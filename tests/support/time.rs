//! The time and the ids of a CRM under test: the system's, or those of a run that can be repeated.

use crate::crm::Ahead;
use application::clock::Clock;
use domain::Time;
use local::ManualClock;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

/// Where a CRM under test takes its time and its ids from.
#[derive(Clone)]
pub enum Passing {
    /// From the system, so many milliseconds ahead.
    ByItself(Arc<AtomicI64>),
    /// Time passes only when a test says so and ids are counted: the same calls give the same table.
    ByHand {
        /// The time.
        clock: ManualClock,
        /// How many ids were made.
        made: Arc<AtomicU64>,
    },
}

impl Default for Passing {
    fn default() -> Self {
        Self::ByItself(Arc::default())
    }
}

impl Passing {
    /// By hand, from this moment on.
    pub fn by_hand(from_ms: i64) -> Self {
        Self::ByHand { clock: ManualClock::new(from_ms), made: Arc::default() }
    }

    /// By itself, from the next noon on: no job of the night is due for as long as a test takes.
    pub fn from_noon() -> Self {
        const DAY: i64 = 86_400_000;
        let now = i64::try_from(std::time::UNIX_EPOCH.elapsed().expect("after 1970").as_millis()).expect("before 9999");
        Self::ByItself(Arc::new(AtomicI64::new((DAY / 2 - now).rem_euclid(DAY))))
    }

    /// Lets time pass.
    pub fn advance(&self, by: Duration) {
        match self {
            Self::ByItself(ahead) => drop(ahead.fetch_add(i64::try_from(by.as_millis()).unwrap_or(i64::MAX), Ordering::SeqCst)),
            Self::ByHand { clock, .. } => clock.advance(by),
        }
    }

    /// What the CRM's queues and schedules wait with.
    pub fn waiting(&self) -> Arc<dyn local::Clock> {
        match self {
            Self::ByItself(ahead) => Arc::new(Ahead(ahead.clone())),
            Self::ByHand { clock, .. } => Arc::new(clock.clone()),
        }
    }

    /// What the CRM reads time and ids from.
    pub fn clock(&self) -> Clock {
        let waiting = self.waiting();
        let mut clock = Clock::new(move || Time::from_millis(waiting.now_ms()));
        if let Self::ByHand { clock: at, made } = self {
            let (at, made) = (at.clone(), made.clone());
            clock.ids = Arc::new(move || {
                let millis = u64::try_from(local::Clock::now_ms(&at)).unwrap_or_default();
                let mut rest = [0; 10];
                rest[2..].copy_from_slice(&made.fetch_add(1, Ordering::SeqCst).to_be_bytes());
                uuid::Builder::from_unix_timestamp_millis(millis, &rest).into_uuid()
            });
        }
        clock
    }
}
