//! Recurrences: when a task comes again.

use crate::time::{Day, Time};
use crate::value::Whole;
use jiff::tz::TimeZone;
use jiff::{Span, Unit};
use serde::{Deserialize, Serialize};

crate::choice! {
    /// In what a recurrence counts.
    pub enum RecurrenceUnit {
        /// Days.
        Day = "DAY",
        /// Weeks.
        Week = "WEEK",
        /// Months; a day that a month does not have becomes its last.
        Month = "MONTH",
    }
}

/// The most units between two occurrences: ten years of days would outlive the deployment.
pub const MAX_EVERY: i64 = 365;

/// How often something comes again, and until when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recurrence {
    /// Every so many units.
    pub every: Whole<1, MAX_EVERY>,
    /// Of these.
    pub unit: RecurrenceUnit,
    /// The last day on which it may come, included.
    pub until: Option<Day>,
}

impl Recurrence {
    /// Occurrence number `n` of a series that began at `first`, at the same time of day in the zone.
    /// Each is counted from the first, so a series from 31 January has its 28 or 29 February and
    /// its 31 March. `None` beyond the calendar.
    fn occurrence(&self, first: Time, n: i64, zone: &TimeZone) -> Option<Time> {
        let count = self.every.get().checked_mul(n)?;
        let span = match self.unit {
            RecurrenceUnit::Day => Span::new().try_days(count),
            RecurrenceUnit::Week => Span::new().try_weeks(count),
            RecurrenceUnit::Month => Span::new().try_months(count),
        };
        // Civil time first, then the zone: a daily task at nine stays at nine when clocks change.
        let local = zone.to_datetime(first.timestamp()).checked_add(span.ok()?).ok()?;
        local.to_zoned(zone.clone()).ok().map(|zoned| Time::new(zoned.timestamp()))
    }

    /// The first occurrence after a moment, of a series that began at `first`; `None` when the
    /// series ended by then.
    pub fn next_after(&self, first: Time, after: Time, zone: &TimeZone) -> Option<Time> {
        let (begun, now) = (zone.to_datetime(first.timestamp()), zone.to_datetime(after.timestamp()));
        let passed = begun.until((Unit::Day, now)).map_or(0, |span| i64::from(span.get_days()));
        let days = match self.unit {
            RecurrenceUnit::Day => 1,
            RecurrenceUnit::Week => 7,
            RecurrenceUnit::Month => 31,
        };
        // Never beyond the answer: months are taken at their longest. From there it is a few steps.
        let start = (passed / (days * self.every.get()) - 1).max(1);
        let mut n = start;
        loop {
            let found = self.occurrence(first, n, zone)?;
            if self.until.is_some_and(|until| found.date_in(zone) > until.0) {
                return None;
            }
            if found > after {
                return Some(found);
            }
            n += 1;
        }
    }

    /// The latest occurrence up to a moment, after an earlier one that was handled; what a late run
    /// makes good for. `None` where there is none.
    pub fn latest_until(&self, first: Time, after: Time, until: Time, zone: &TimeZone) -> Option<Time> {
        let mut found = None;
        let mut at = after;
        while let Some(next) = self.next_after(first, at, zone).filter(|next| *next <= until) {
            found = Some(next);
            at = next;
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::TextValue;

    fn time(text: &str) -> Time {
        Time::read(text).expect("time")
    }

    fn series(every: i64, unit: RecurrenceUnit, first: &str, zone: &str, count: usize) -> Vec<String> {
        let zone = TimeZone::get(zone).expect("zone");
        let rule = Recurrence { every: Whole::new(every).expect("inside"), unit, until: None };
        let first = time(first);
        let mut at = first;
        let next = |at: &mut Time| {
            *at = rule.next_after(first, *at, &zone).expect("endless");
            at.to_string()
        };
        (0..count).map(|_| next(&mut at)).collect()
    }

    #[test]
    fn the_end_of_a_month_is_its_last_day_and_comes_back() {
        let from = |first: &str| series(1, RecurrenceUnit::Month, first, "UTC", 3).iter().map(|t| t[..10].to_owned()).collect::<Vec<_>>();
        assert_eq!(from("2026-01-31T09:00:00Z"), ["2026-02-28", "2026-03-31", "2026-04-30"]);
        assert_eq!(from("2028-01-31T09:00:00Z"), ["2028-02-29", "2028-03-31", "2028-04-30"]);
        let yearly = series(12, RecurrenceUnit::Month, "2024-02-29T09:00:00Z", "UTC", 4);
        assert_eq!(yearly.iter().map(|t| &t[..10]).collect::<Vec<_>>(), ["2025-02-28", "2026-02-28", "2027-02-28", "2028-02-29"]);
    }

    #[test]
    fn the_time_of_day_stays_when_clocks_change() {
        let days = series(1, RecurrenceUnit::Day, "2026-03-27T08:00:00Z", "Europe/Oslo", 3);
        assert_eq!(days, ["2026-03-28T08:00:00.000Z", "2026-03-29T07:00:00.000Z", "2026-03-30T07:00:00.000Z"]);
        let weeks = series(2, RecurrenceUnit::Week, "2026-10-12T07:00:00Z", "Europe/Oslo", 2);
        assert_eq!(weeks, ["2026-10-26T08:00:00.000Z", "2026-11-09T08:00:00.000Z"]);
    }

    #[test]
    fn every_step_is_found_however_late_one_asks() {
        for unit in RecurrenceUnit::ALL {
            for every in [1, 2, 5, 13] {
                let zone = TimeZone::UTC;
                let rule = Recurrence { every: Whole::new(every).expect("inside"), unit: *unit, until: None };
                let first = time("2024-01-31T10:00:00Z");
                let all: Vec<Time> = (1..1000).filter_map(|n| rule.occurrence(first, n, &zone)).collect();
                for days in (0..900).step_by(7) {
                    let after = first.plus_seconds(days * 86_400);
                    let wanted = all.iter().copied().find(|at| *at > after);
                    assert_eq!(rule.next_after(first, after, &zone), wanted, "{every} {unit} after {days} days");
                }
            }
        }
    }

    #[test]
    fn a_series_ends_with_its_last_day_and_a_late_run_finds_the_latest() {
        let every = Whole::new(1).expect("inside");
        let rule = Recurrence { every, unit: RecurrenceUnit::Week, until: Some(Day::read("2026-01-15").expect("day")) };
        let first = time("2026-01-01T09:00:00Z");
        let zone = TimeZone::UTC;
        assert_eq!(rule.next_after(first, first, &zone), Some(time("2026-01-08T09:00:00Z")));
        assert_eq!(rule.next_after(first, time("2026-01-08T09:00:00Z"), &zone), Some(time("2026-01-15T09:00:00Z")));
        assert_eq!(rule.next_after(first, time("2026-01-15T09:00:00Z"), &zone), None);
        assert_eq!(rule.latest_until(first, first, time("2026-03-01T00:00:00Z"), &zone), Some(time("2026-01-15T09:00:00Z")));
        assert_eq!(rule.latest_until(first, first, time("2026-01-05T00:00:00Z"), &zone), None);
    }
}
