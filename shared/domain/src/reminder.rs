//! Reminders: who holds something with a date is told on that day, and each day after it until it is done.

use crate::event::{Act, Event, EventKind};
use crate::record::{Entity, Record, Row};
use crate::time::{DateBound, Day, Time};
use jiff::tz::TimeZone;
use serde_json::json;

/// Work that has a date and is to be done by it: follow-ups and tasks.
pub trait Dated: Entity {
    /// The event that it is due.
    const DUE: EventKind;

    /// When it is to be done; `None` where it is done, or has no date.
    fn due(row: &Row<Self>) -> Option<Time>;

    /// The local date of the last reminder.
    fn reminded_on(derived: &mut Self::Derived) -> &mut Option<Day>;
}

/// The first moment after a day: what is due before it is due on that day or was before.
pub fn end_of(day: Day, zone: &TimeZone) -> Time {
    DateBound::Day(day).until(zone).unwrap_or_else(|| day.start(zone))
}

/// What is due by the end of this day, with the date of this reminder, and the event that tells of it. `None`
/// where there is nothing to be done, or where a reminder of this day or a later one was given: so a day's run can
/// be repeated, and one that comes late takes nothing back.
pub fn remind<E: Dated>(record: &Record<E>, act: &Act, day: Day, zone: &TimeZone) -> Option<(Record<E>, Event)> {
    let due = E::due(record).filter(|due| *due < end_of(day, zone))?;
    let mut next = record.clone();
    let last = E::reminded_on(&mut next.derived);
    if last.is_some_and(|last| last >= day) {
        return None;
    }
    *last = Some(day);
    let event = next.event(act, E::DUE, format!("{} is due", E::label(record)), json!({"dueAt": due}));
    Some((next, event))
}
