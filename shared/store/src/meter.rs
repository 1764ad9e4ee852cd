//! What a request read and wrote: capacity units and round trips.

use aws_sdk_dynamodb::types::ConsumedCapacity;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

/// Consumed capacity and round trips so far.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Usage {
    /// Read capacity units.
    pub read: f64,
    /// Write capacity units.
    pub write: f64,
    /// Calls to the table.
    pub calls: u32,
    /// Round trips one after another: calls in flight at the same time count once.
    pub trips: u32,
}

/// Adds up the usage of one request.
#[derive(Debug, Default)]
pub struct Meter {
    usage: Mutex<Usage>,
    in_flight: AtomicU32,
}

/// Notes the end of a call when it is dropped.
pub(crate) struct InFlight<'a>(&'a Meter);

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Meter {
    /// The sums so far.
    pub fn usage(&self) -> Usage {
        self.usage.lock().map(|usage| *usage).unwrap_or_default()
    }

    pub(crate) fn begin(&self) -> InFlight<'_> {
        let first = self.in_flight.fetch_add(1, Ordering::SeqCst) == 0;
        if let Ok(mut usage) = self.usage.lock() {
            usage.calls += 1;
            usage.trips += u32::from(first);
        }
        InFlight(self)
    }

    /// Adds what a call consumed. Some engines report only the sum, hence the kind of the call.
    pub(crate) fn add<'a>(&self, capacity: impl IntoIterator<Item = &'a ConsumedCapacity>, is_write: bool) {
        let Ok(mut usage) = self.usage.lock() else { return };
        for consumed in capacity {
            let total = consumed.capacity_units().unwrap_or_default();
            if is_write {
                usage.write += consumed.write_capacity_units().unwrap_or(total);
            } else {
                usage.read += consumed.read_capacity_units().unwrap_or(total);
            }
        }
    }
}
