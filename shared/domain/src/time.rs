//! Times and dates: RFC 3339 UTC with milliseconds, and calendar dates in the deployment's zone.

use crate::text::{Form, Invalid, TextValue};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// The length of `2026-01-31`.
const DAY_LENGTH: usize = 10;

/// The days in which jiff's times end: a moment has to be one in every zone, so the last 26 hours are none.
const LAST_DAYS: [&str; 2] = ["9999-12-30", "9999-12-31"];

/// A moment, in whole milliseconds. Written `2026-01-31T09:30:00.000Z`, which sorts as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(Timestamp);

impl Time {
    /// The moment, cut to milliseconds.
    pub fn new(timestamp: Timestamp) -> Self {
        Self(Timestamp::from_millisecond(timestamp.as_millisecond()).unwrap_or(timestamp))
    }

    /// Milliseconds since 1970.
    pub fn millis(self) -> i64 {
        self.0.as_millisecond()
    }

    /// Whole seconds since 1970, as tokens and the table's TTL want them.
    pub fn seconds(self) -> i64 {
        self.0.as_second()
    }

    /// From milliseconds since 1970; out of jiff's range (years -9999 to 9999) is clamped.
    pub fn from_millis(millis: i64) -> Self {
        Self(Timestamp::from_millisecond(millis).unwrap_or(Timestamp::MAX))
    }

    /// This moment moved by `seconds`.
    pub fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(SignedDuration::from_secs(seconds)).unwrap_or(Timestamp::MAX))
    }

    /// The days or hours (UTC), by their length in seconds, that two moments lie in and between, each by its first moment.
    pub fn spans_until(self, until: Self, length: i64) -> Vec<Self> {
        let span = |time: Self| time.seconds().div_euclid(length);
        (span(self)..=span(until)).map(|span| Self::from_millis(span * length * 1000)).collect()
    }

    /// The day of this moment in a zone.
    pub fn day_in(self, zone: &TimeZone) -> Day {
        Day(self.date_in(zone))
    }

    /// The moment as jiff has it.
    pub fn timestamp(self) -> Timestamp {
        self.0
    }

    /// The calendar date in a zone.
    pub fn date_in(self, zone: &TimeZone) -> Date {
        zone.to_datetime(self.0).date()
    }

    /// The first moment of its month, UTC.
    pub fn start_of_month(self) -> Self {
        let first = TimeZone::UTC.to_datetime(self.0).date().first_of_month();
        Day(first).start(&TimeZone::UTC)
    }

    /// The month in UTC, `2026-01`: the bucket of feed partitions.
    pub fn month(self) -> String {
        self.0.strftime("%Y-%m").to_string()
    }
}

impl std::fmt::Display for Time {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").fmt(f)
    }
}

impl TextValue for Time {
    fn read(text: &str) -> Result<Self, Invalid> {
        text.parse::<Timestamp>()
            .ok()
            // Four-digit years only: others would break the order of keys.
            .filter(|timestamp| (1..=9999).contains(&TimeZone::UTC.to_datetime(*timestamp).year()))
            .map(Self::new)
            .ok_or_else(|| {
                let is_late = text.len() > DAY_LENGTH && text.get(..DAY_LENGTH).is_some_and(|day| LAST_DAYS.contains(&day));
                match is_late {
                    true => Invalid::new("range", format!("must be at {} at the latest", Self::new(Timestamp::MAX))),
                    false => Invalid::new("format", "must be an RFC 3339 time such as 2026-01-31T09:30:00Z"),
                }
            })
    }

    fn form() -> Form {
        Form { format: Some("date-time"), example: Some("2026-01-31T09:30:00.000Z"), ..Form::default() }
    }
}

crate::text_serde!(Time);

/// A calendar date, `2026-01-31`, years 0001 to 9999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(pub Date);

impl Day {
    /// The first moment of the day in a zone; of a day after the last moment that one.
    pub fn start(self, zone: &TimeZone) -> Time {
        Time::new(self.0.to_zoned(zone.clone()).map_or(Timestamp::MAX, |zoned| zoned.timestamp()))
    }
}

impl std::fmt::Display for Day {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl TextValue for Day {
    fn read(text: &str) -> Result<Self, Invalid> {
        // jiff reads more forms than ours; `YYYY-MM-DD` is ten bytes.
        match text.parse::<Date>() {
            Ok(date) if text.len() == DAY_LENGTH && date.year() >= 1 => Ok(Self(date)),
            _ => Err(Invalid::new("format", "must be a date that exists, such as 2026-01-31")),
        }
    }

    fn form() -> Form {
        Form { format: Some("date"), example: Some("2026-01-31"), ..Form::default() }
    }
}

crate::text_serde!(Day);

/// The edge of a period in a filter: a date (whole days of the deployment's zone) or a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DateBound {
    /// A whole day.
    Day(Day),
    /// A moment.
    Time(Time),
}

impl DateBound {
    /// The first moment inside a period that begins here.
    pub fn from(self, zone: &TimeZone) -> Time {
        match self {
            Self::Day(day) => day.start(zone),
            Self::Time(time) => time,
        }
    }

    /// The first moment after a period that ends here: a day is included, a time is not. `None` after the last day.
    pub fn until(self, zone: &TimeZone) -> Option<Time> {
        match self {
            Self::Day(day) => day.0.tomorrow().ok().map(|next| Day(next).start(zone)),
            Self::Time(time) => Some(time),
        }
    }
}

/// Whether a period ends before it begins. One that begins and ends at one moment is empty and no mistake.
pub fn ends_before(from: DateBound, to: DateBound, zone: &TimeZone) -> bool {
    let (begin, Some(end)) = (from.from(zone), to.until(zone)) else { return false };
    match to {
        DateBound::Day(_) => end <= begin,
        DateBound::Time(_) => end < begin,
    }
}

impl TextValue for DateBound {
    fn read(text: &str) -> Result<Self, Invalid> {
        if text.len() == DAY_LENGTH { Day::read(text).map(Self::Day) } else { Time::read(text).map(Self::Time) }.map_err(|invalid| {
            match invalid.rule {
                "range" => invalid,
                _ => Invalid::new("format", "must be a date (2026-01-31) or a time (2026-01-31T09:30:00Z)"),
            }
        })
    }

    fn form() -> Form {
        Form { meaning: Some("a date, or an RFC 3339 time"), example: Some("2026-01-31"), ..Form::default() }
    }
}

/// The `due` of a list of things with a due date, by date in the deployment's zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// Before today.
    Overdue,
    /// Today.
    Today,
    /// Today and some days on.
    Soon,
    /// Before this date, the date left out.
    Before(Day),
    /// After this date, the date left out.
    After(Day),
}

impl Due {
    /// Whether it is one of the words, which mean only what is still to be done.
    pub const fn is_word(self) -> bool {
        matches!(self, Self::Overdue | Self::Today | Self::Soon)
    }

    /// The moments inside: from the first one, up to and without the second. `soon_days` is how many
    /// days after today still count as soon.
    pub fn range(self, now: Time, soon_days: i64, zone: &TimeZone) -> (Option<Time>, Option<Time>) {
        let today = Day(now.date_in(zone));
        let start = |days: i64| {
            let day = jiff::Span::new().try_days(days).and_then(|span| today.0.checked_add(span));
            day.ok().map(|day| Day(day).start(zone))
        };
        match self {
            Self::Overdue => (None, start(0)),
            Self::Today => (start(0), start(1)),
            Self::Soon => (start(0), start(soon_days + 1)),
            Self::Before(day) => (None, Some(day.start(zone))),
            Self::After(day) => (Some(DateBound::Day(day).until(zone).unwrap_or(Time(Timestamp::MAX))), None),
        }
    }
}

/// Whether something that is still to be done was due before today.
pub fn is_overdue(due: Option<Time>, open: bool, now: Time, zone: &TimeZone) -> bool {
    open && due.is_some_and(|due| due.date_in(zone) < now.date_in(zone))
}

impl TextValue for Due {
    fn read(text: &str) -> Result<Self, Invalid> {
        let invalid = || Invalid::new("format", "must be overdue, today, soon, before:2026-01-31 or after:2026-01-31");
        match text.split_once(':') {
            None if text == "overdue" => Ok(Self::Overdue),
            None if text == "today" => Ok(Self::Today),
            None if text == "soon" => Ok(Self::Soon),
            Some(("before", day)) => Day::read(day).map(Self::Before).map_err(|_| invalid()),
            Some(("after", day)) => Day::read(day).map(Self::After).map_err(|_| invalid()),
            _ => Err(invalid()),
        }
    }

    fn form() -> Form {
        Form { meaning: Some("overdue, today, soon, before:<date> or after:<date>"), example: Some("today"), ..Form::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_hours_are_those_of_both_ends_and_all_between() {
        let spans = |from: &str, until: &str, length: i64| Time::read(from).expect("a time").spans_until(Time::read(until).expect("a time"), length);
        let of = |from: &str, until: &str| {
            let days = spans(from, until, 86_400);
            days.iter().map(|day| day.to_string()[..10].to_owned()).collect::<Vec<_>>()
        };
        let hours = spans("2026-02-27T22:59:59Z", "2026-02-28T00:00:00Z", 3600);
        assert_eq!(
            hours.iter().map(|hour| hour.to_string()[..13].to_owned()).collect::<Vec<_>>(),
            ["2026-02-27T22", "2026-02-27T23", "2026-02-28T00"]
        );
        assert_eq!(of("2026-02-27T23:59:59Z", "2026-03-01T00:00:00Z"), ["2026-02-27", "2026-02-28", "2026-03-01"]);
        assert_eq!(of("2026-03-01T00:00:00Z", "2026-03-01T23:59:59Z"), ["2026-03-01"]);
        assert!(of("2026-03-02T00:00:00Z", "2026-03-01T00:00:00Z").is_empty());
    }

    #[test]
    fn due_goes_by_local_dates_and_leaves_the_date_named_out() {
        let zone = TimeZone::get("Asia/Tokyo").expect("zone");
        let now = Time::read("2026-03-10T16:00:00Z").expect("time"); // 11 March, 01:00 in Tokyo
        let range = |text: &str| {
            let (from, until) = Due::read(text).expect("due").range(now, 7, &zone);
            (from.map(|t| t.to_string()), until.map(|t| t.to_string()))
        };
        let at = |day: u32| Some(format!("2026-03-{day:02}T15:00:00.000Z"));
        assert_eq!(range("overdue"), (None, at(10)));
        assert_eq!(range("today"), (at(10), at(11)));
        assert_eq!(range("soon"), (at(10), at(18)));
        assert_eq!(range("before:2026-03-12"), (None, at(11)));
        assert_eq!(range("after:2026-03-12"), (at(12), None));
        let last = Some("9999-12-30T22:00:00.999Z".to_owned());
        assert_eq!(range("after:9999-12-30"), (Some("9999-12-30T15:00:00.000Z".to_owned()), None));
        assert_eq!(range("after:9999-12-31"), (last, None));
        for bad in ["", "tomorrow", "before:", "before:2026-02-30", "after", "Today"] {
            assert!(Due::read(bad).is_err(), "{bad}");
        }
        assert!(is_overdue(Time::read("2026-03-10T14:59:59Z").ok(), true, now, &zone));
        assert!(!is_overdue(Time::read("2026-03-10T15:00:00Z").ok(), true, now, &zone));
    }

    #[test]
    fn impossible_dates_are_refused() {
        for bad in ["2026-02-30", "2025-02-29", "2026-13-01", "20260131", "2026-1-1", "0000-01-01", "yesterday"] {
            assert!(Day::read(bad).is_err(), "{bad}");
        }
        assert!(Day::read("2024-02-29").is_ok());
    }

    #[test]
    fn a_time_after_the_last_one_is_told_which_is_the_last() {
        let message = |text: &str| DateBound::read(text).map_err(|invalid| invalid.message);
        let late = Err("must be at 9999-12-30T22:00:00.999Z at the latest".to_owned());
        assert_eq!(message("9999-12-31T23:59:59Z"), late);
        assert_eq!(message("9999-12-30T22:00:01+00:00"), late);
        assert_eq!(Time::read("9999-12-31").map_err(|invalid| invalid.rule), Err("format"));
        assert!(Time::read("9999-12-30T22:00:00Z").is_ok() && DateBound::read("9999-12-31").is_ok());
    }

    #[test]
    fn a_time_is_written_with_milliseconds_and_sorts_as_text() {
        let early = Time::read("2026-01-31T09:30:00Z").expect("valid");
        let late = Time::read("2026-01-31T10:30:00.25+00:30").expect("valid");
        assert_eq!(early.to_string(), "2026-01-31T09:30:00.000Z");
        assert_eq!(late.to_string(), "2026-01-31T10:00:00.250Z");
        assert!(early < late && early.to_string() < late.to_string());
    }

    #[test]
    fn a_period_ends_where_it_begins_at_the_earliest() {
        let backwards = |from: &str, to: &str| {
            let read = |text: &str| DateBound::read(text).expect("valid");
            ends_before(read(from), read(to), &TimeZone::UTC)
        };
        assert!(!backwards("2026-01-31", "2026-01-31") && backwards("2026-01-31", "2026-01-30"));
        assert!(!backwards("2026-01-31T09:00:00Z", "2026-01-31T09:00:00Z") && backwards("2026-01-31T09:00:00Z", "2026-01-31T08:59:59Z"));
        assert!(!backwards("2026-01-31T09:00:00Z", "2026-01-31") && backwards("2026-01-31", "2026-01-30T23:59:59Z"));
        assert!(!backwards("2026-01-31", "9999-12-31") && backwards("9999-12-31", "2026-01-31"));
    }

    #[test]
    fn a_day_ends_where_the_next_begins_in_the_zone() {
        let zone = TimeZone::get("Europe/Berlin").expect("zone");
        let day = DateBound::read("2026-03-29").expect("valid");
        assert_eq!(day.from(&zone).to_string(), "2026-03-28T23:00:00.000Z");
        assert_eq!(day.until(&zone).expect("end").to_string(), "2026-03-29T22:00:00.000Z");
    }
}
