//! AWS schedule expressions: reading them, and finding the next moment they name in a time zone.

use jiff::civil::{Date, DateTime};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{Span, Timestamp};
use std::collections::BTreeSet;
use std::str::FromStr;

/// How many days ahead to look; an expression that names none of them never fires.
const HORIZON_DAYS: i64 = 4 * 366 + 1;
const DAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];
const MONTHS: [&str; 12] = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];

/// Why an expression was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the schedule {expression:?} cannot be used: {reason}")]
pub struct ExpressionError {
    expression: String,
    reason: String,
}

/// A parsed `cron(…)` or `rate(…)` expression. The forms `L`, `W` and `#` are not supported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expression {
    /// At these times of these days.
    Cron(Box<Cron>),
    /// Every so many seconds.
    Rate(i64),
}

/// The fields of a `cron(…)` expression; an absent set means "any".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cron {
    minutes: BTreeSet<i16>,
    hours: BTreeSet<i16>,
    days: Option<BTreeSet<i16>>,
    months: BTreeSet<i16>,
    weekdays: Option<BTreeSet<i16>>,
    years: Option<BTreeSet<i16>>,
}

impl FromStr for Expression {
    type Err = ExpressionError;

    fn from_str(text: &str) -> Result<Self, ExpressionError> {
        parse(text).map_err(|reason| ExpressionError { expression: text.to_owned(), reason })
    }
}

impl Expression {
    /// The first firing after `after`.
    ///
    /// A local time that a clock change repeats fires once, as EventBridge Scheduler does it. One that it skips fires when the
    /// clock has moved on; EventBridge Scheduler leaves it out, and the tick makes it good.
    pub fn next_after(&self, after: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        match self {
            Self::Rate(seconds) => after.checked_add(Span::new().seconds(*seconds)).ok(),
            Self::Cron(cron) => cron.next_after(after, zone),
        }
    }
}

impl Cron {
    fn next_after(&self, after: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let today = zone.to_datetime(after).date();
        (0..HORIZON_DAYS)
            .map_while(|ahead| today.checked_add(Span::new().days(ahead)).ok())
            .filter(|date| self.names(*date))
            .flat_map(|date| self.times(date))
            .filter_map(|local| first_instant(local, zone))
            .find(|instant| *instant > after)
    }

    fn names(&self, date: Date) -> bool {
        let weekday = i16::from(date.weekday().to_sunday_zero_offset()) + 1;
        let any = |set: &Option<BTreeSet<i16>>, value| set.as_ref().is_none_or(|s| s.contains(&value));
        self.months.contains(&i16::from(date.month()))
            && any(&self.days, i16::from(date.day()))
            && any(&self.weekdays, weekday)
            && any(&self.years, date.year())
    }

    fn times(&self, date: Date) -> impl Iterator<Item = DateTime> {
        self.hours.iter().flat_map(move |hour| {
            self.minutes.iter().filter_map(move |minute| {
                let (hour, minute) = (i8::try_from(*hour).ok()?, i8::try_from(*minute).ok()?);
                Some(date.at(hour, minute, 0, 0))
            })
        })
    }
}

fn first_instant(local: DateTime, zone: &TimeZone) -> Option<Timestamp> {
    let offset = match zone.to_ambiguous_zoned(local).offset() {
        AmbiguousOffset::Unambiguous { offset } => offset,
        AmbiguousOffset::Fold { before, .. } | AmbiguousOffset::Gap { before, .. } => before,
    };
    offset.to_timestamp(local).ok()
}

fn parse(text: &str) -> Result<Expression, String> {
    let inner = |name: &str| text.trim().strip_prefix(name)?.strip_prefix('(')?.strip_suffix(')');
    if let Some(rate) = inner("rate") {
        return parse_rate(rate);
    }
    let fields = inner("cron").ok_or("it is neither cron(…) nor rate(…)")?;
    let fields: Vec<&str> = fields.split_whitespace().collect();
    let [minutes, hours, days, months, weekdays, years] = fields[..] else {
        return Err("cron takes six fields".into());
    };
    if (days == "?") == (weekdays == "?") {
        return Err("exactly one of day-of-month and day-of-week must be ?".into());
    }
    let optional = |field, low, high, names: &[&str]| match field {
        "?" | "*" => Ok(None),
        field => parse_field(field, low, high, names).map(Some),
    };
    Ok(Expression::Cron(Box::new(Cron {
        minutes: parse_field(minutes, 0, 59, &[])?,
        hours: parse_field(hours, 0, 23, &[])?,
        days: optional(days, 1, 31, &[])?,
        months: parse_field(months, 1, 12, &MONTHS)?,
        weekdays: optional(weekdays, 1, 7, &DAYS)?,
        years: optional(years, 1970, 2199, &[])?,
    })))
}

fn parse_rate(text: &str) -> Result<Expression, String> {
    let (count, unit) = text.trim().split_once(' ').ok_or("rate takes a value and a unit")?;
    let count: i64 = count.parse().map_err(|_| "the rate's value is not a number")?;
    let seconds = match unit.trim() {
        "minute" | "minutes" => 60,
        "hour" | "hours" => 3600,
        "day" | "days" => 86_400,
        _ => return Err("the rate's unit is not minutes, hours or days".into()),
    };
    match count.checked_mul(seconds) {
        Some(total) if count > 0 => Ok(Expression::Rate(total)),
        _ => Err("the rate's value is out of range".into()),
    }
}

/// One field: `*`, or a list of values, `a-b` ranges and `/n` steps. Names count from `low`.
fn parse_field(field: &str, low: i16, high: i16, names: &[&str]) -> Result<BTreeSet<i16>, String> {
    let value = |text: &str| -> Result<i16, String> {
        let named = names.iter().position(|name| name.eq_ignore_ascii_case(text));
        let named = named.and_then(|at| i16::try_from(at).ok()).map(|at| at + low);
        let value = named.or_else(|| text.parse().ok());
        value.filter(|value| (low..=high).contains(value)).ok_or_else(|| format!("{text:?} is not between {low} and {high}"))
    };
    let mut set = BTreeSet::new();
    for part in field.split(',') {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => (range, Some(step)),
            None => (part, None),
        };
        let (from, to) = match range.split_once('-') {
            Some((from, to)) => (value(from)?, value(to)?),
            None if range == "*" => (low, high),
            None if step.is_some() => (value(range)?, high),
            None => (value(range)?, value(range)?),
        };
        let step = match step.map(str::parse::<usize>) {
            None => 1,
            Some(Ok(step)) if step > 0 => step,
            Some(_) => return Err(format!("{part:?} has no usable step")),
        };
        if from > to {
            return Err(format!("{part:?} runs backwards"));
        }
        set.extend((from..=to).step_by(step));
    }
    Ok(set)
}

#[cfg(test)]
#[path = "cron_tests.rs"]
mod tests;
