//! What of tasks is both taken and answered.

use domain::recurrence::{MAX_EVERY, Recurrence, RecurrenceUnit};
use domain::time::Day;
use domain::value::Whole;

crate::object! {
    Recurrence {
        every: Whole<1, MAX_EVERY>,
        unit: RecurrenceUnit,
        /// The last day on which it may come.
        until: Option<Day>,
    }
}
