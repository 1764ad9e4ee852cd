//! RFM: what a customer is worth by recency, frequency and money of the orders, cancelled ones left out.
//!
//! Each of the three is 1 to 5 by the thresholds of the settings ([`crate::settings::Rfm`]); the score is their average. What a
//! night has to look at again is known beforehand: orders move frequency and money, and by time alone only recency does
//! ([`Rules::next_review`]). So a customer has the moment from which the score can be another, and a night looks at those whose
//! moment has come; at everybody who ever bought something where thresholds or floors are others.

use crate::customer::{Customer, LevelCode};
use crate::event::{Act, Event, EventKind};
use crate::level::{Floors, level_of};
use crate::record::{Record, Row};
use crate::settings::Rfm;
use crate::text::Invalid;
use crate::time::{Day, Time};
use jiff::tz::TimeZone;
use jiff::{Span, Unit};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Number, Value, json};
use std::fmt;

/// A score from 1.00 to 5.00, in hundredths. Written as a decimal number, `2.67`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Score(u16);

impl Score {
    /// The lowest.
    pub const MIN: Self = Self(100);
    /// The highest.
    pub const MAX: Self = Self(500);

    /// So many hundredths, from 100 to 500.
    pub fn of_hundredths(hundredths: i64) -> Result<Self, Invalid> {
        let inside = (i64::from(Self::MIN.0)..=i64::from(Self::MAX.0)).contains(&hundredths);
        let invalid = || Invalid::new("range", format!("must be from {} to {}", Self::MIN, Self::MAX));
        u16::try_from(hundredths).ok().filter(|_| inside).map(Self).ok_or_else(invalid)
    }

    /// The hundredths.
    pub const fn hundredths(self) -> i64 {
        self.0 as i64
    }

    /// A number of JSON with at most two decimals.
    pub fn of_number(number: &Number) -> Result<Self, Invalid> {
        let text = number.to_string();
        let (whole, decimals) = text.split_once('.').unwrap_or((&text, ""));
        // 2.60 and 2.6 are one number, and 3.0 is a way to write 3.
        let padded = format!("{decimals:0<2}");
        let digits = || padded.bytes().all(|byte| byte.is_ascii_digit()).then(|| format!("{whole}{padded}"));
        match digits().filter(|_| padded.len() == 2).and_then(|digits| digits.parse().ok()) {
            Some(hundredths) => Self::of_hundredths(hundredths),
            None => Err(Invalid::new("range", format!("must be from {} to {} with at most two decimals", Self::MIN, Self::MAX))),
        }
    }

    /// As a number of JSON.
    pub fn number(self) -> Number {
        let exact = self.to_string().parse().ok();
        exact.unwrap_or_else(|| Number::from(self.0 / 100))
    }
}

impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:02}", self.0 / 100, self.0 % 100)
    }
}

impl Serialize for Score {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.number().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Score {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::of_number(&Number::deserialize(deserializer)?).map_err(|invalid| D::Error::custom(invalid.message))
    }
}

/// A customer's orders, cancelled ones left out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Orders {
    /// How many.
    pub count: u64,
    /// Sum of their totals, minor units.
    pub total_minor: i64,
    /// When the last was placed.
    pub last_at: Option<Time>,
}

impl Orders {
    /// Those of a customer.
    pub fn of(customer: &Record<Customer>) -> Self {
        let derived = &customer.derived;
        Self { count: derived.order_count, total_minor: derived.total_spent_minor, last_at: derived.last_order_at }
    }
}

/// By what orders are scored.
#[derive(Debug, Clone, Copy)]
pub struct Rules<'a> {
    /// The bounds between the scores.
    pub thresholds: &'a Rfm,
    /// How many decimals the currency has (ISO 4217): its major unit is that power of ten of minor ones.
    pub exponent: u32,
    /// Whose days count.
    pub zone: &'a TimeZone,
}

/// What a scoring came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Scoring {
    /// Local days since the last order; `None` without one.
    pub recency_days: Option<i64>,
    /// How many orders.
    pub frequency: u64,
    /// Sum of their totals, minor units.
    pub monetary_minor: i64,
    /// Recency, 1 to 5.
    pub r: u8,
    /// Frequency, 1 to 5.
    pub f: u8,
    /// Money, 1 to 5.
    pub m: u8,
    /// Their average.
    pub score: Score,
    /// When it was scored.
    pub scored_at: Time,
}

/// The points for the first bound that is reached: 5 to 2, else 1.
fn points(bounds: &[i64], is_reached: impl Fn(i64) -> bool) -> u8 {
    let best_first = bounds.iter().zip([5, 4, 3, 2]);
    best_first.into_iter().find(|(bound, _)| is_reached(**bound)).map_or(1, |(_, points)| points)
}

/// The average of three, rounded half up to hundredths.
fn average(r: u8, f: u8, m: u8) -> Score {
    let sum = u16::from(r) + u16::from(f) + u16::from(m);
    Score((200 * sum + 3) / 6).clamp(Score::MIN, Score::MAX)
}

/// Whole local days since a moment; what lies ahead is today.
fn days_since(last: Time, now: Time, zone: &TimeZone) -> i64 {
    let passed = last.date_in(zone).until((Unit::Day, now.date_in(zone)));
    passed.map_or(0, |span| i64::from(span.get_days())).max(0)
}

impl Rules<'_> {
    /// Scores orders at a moment.
    pub fn score(&self, orders: &Orders, at: Time) -> Scoring {
        let Rfm { recency_days, frequency, monetary } = self.thresholds;
        let days = orders.last_at.map(|last| days_since(last, at, self.zone));
        let major = 10_i128.checked_pow(self.exponent).unwrap_or(1);
        let r = days.map_or(1, |days| points(recency_days, |bound| days <= bound));
        let f = points(frequency, |bound| i128::from(orders.count) >= i128::from(bound));
        let m = points(monetary, |bound| i128::from(orders.total_minor) >= i128::from(bound) * major);
        Scoring { recency_days: days, frequency: orders.count, monetary_minor: orders.total_minor, r, f, m, score: average(r, f, m), scored_at: at }
    }

    /// When the score changes next by time alone: the beginning of the local day on which the last order is too old for its
    /// points. `None` where it does not any more.
    pub fn next_review(&self, last_order_at: Option<Time>, now: Time) -> Option<Time> {
        let last = last_order_at?.date_in(self.zone);
        let too_old = |bound: &i64| last.checked_add(Span::new().try_days(bound.checked_add(1)?).ok()?).ok();
        self.thresholds.recency_days.iter().filter_map(too_old).map(|day| Day(day).start(self.zone)).find(|moment| *moment > now)
    }
}

/// A customer after a scoring.
#[derive(Debug, Clone, PartialEq)]
pub struct Rescored {
    /// The customer.
    pub customer: Record<Customer>,
    /// The event, where the level changed.
    pub event: Option<Event>,
}

/// Whether there is something to score: orders that count, or a score of such as do not count any more.
fn ever_bought(customer: &Row<Customer>) -> bool {
    customer.derived.order_count > 0 || customer.derived.rfm.is_some()
}

/// Puts a customer down for the next night, since what was bought is something else; what awaits one is left where it is.
pub fn plan_review(customer: &mut Row<Customer>, now: Time) {
    let waits = customer.derived.rfm_review_at.is_some_and(|at| at <= now);
    if !waits {
        customer.derived.rfm_review_at = Some(now);
    }
}

/// Puts a customer who comes back down for the next night: whoever is archived is passed over meanwhile.
pub fn review_again(customer: &mut Row<Customer>, now: Time) {
    customer.derived.rfm_review_at = ever_bought(customer).then_some(now);
}

/// A customer as the rules have it at a moment, put down for the next review, with the event where the level changed. `None` where
/// the moment of the customer has not come, as where it was reviewed before.
pub fn review(customer: &Record<Customer>, act: &Act, at: Time, rules: &Rules<'_>, floors: &Floors) -> Option<Rescored> {
    let is_due = customer.derived.rfm_review_at.is_some_and(|review| review <= at);
    if is_due { review_anyway(customer, act, at, rules, floors) } else { None }
}

/// The same whenever the customer's moment comes: where the rules are others, and of those that an earlier release put down for no
/// review. `None` where nothing changes.
pub fn review_anyway(customer: &Record<Customer>, act: &Act, at: Time, rules: &Rules<'_>, floors: &Floors) -> Option<Rescored> {
    if customer.data.archived_at.is_some() {
        return None;
    }
    let orders = Orders::of(customer);
    let scored = if ever_bought(customer) { rescored(customer, act, &rules.score(&orders, at), floors) } else { None };
    let mut reviewed = scored.unwrap_or_else(|| Rescored { customer: customer.clone(), event: None });
    reviewed.customer.derived.rfm_review_at = rules.next_review(orders.last_at, at);
    (reviewed.customer != *customer).then_some(reviewed)
}

/// A customer after a scoring; `None` where nothing changed but the days since the last order, which pass by themselves. No
/// person's change.
fn rescored(customer: &Record<Customer>, act: &Act, scoring: &Scoring, floors: &Floors) -> Option<Rescored> {
    let mut next = customer.clone();
    let (old, new) = (customer.derived.level_code.unwrap_or(LevelCode::Bronze), level_of(scoring.score, floors));
    let Ok(Value::Object(shown)) = serde_json::to_value(scoring) else { return None };
    let lasting = |rfm: &Map<String, Value>| {
        let mut rfm = rfm.clone();
        rfm.retain(|name, _| name != "recencyDays" && name != "scoredAt");
        rfm
    };
    if old == new && customer.derived.rfm.as_ref().map(lasting) == Some(lasting(&shown)) {
        return None;
    }
    (next.derived.rfm, next.derived.level_code) = (Some(shown), Some(new));
    let event = (old != new).then(|| {
        let detail = json!({"old": old, "new": new});
        let summary = format!("{} moved customer {} from {old} to {new}", act.actor_name, next.data.name);
        let event = next.event(act, EventKind::CustomerLevelChanged, summary, detail.clone());
        event.with_changes(Map::from_iter([("levelCode".to_owned(), detail)]))
    });
    Some(Rescored { customer: next, event })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::tests::act;
    use crate::customer::{CustomerData, CustomerDerived, CustomerText};
    use crate::settings::SettingsData;
    use crate::text::TextValue;
    use crate::value::Text;
    use proptest::prelude::*;

    fn time(text: &str) -> Time {
        Time::read(text).expect("a time")
    }

    fn rules<'a>(thresholds: &'a Rfm, zone: &'a TimeZone) -> Rules<'a> {
        Rules { thresholds, exponent: 2, zone }
    }

    /// R, F and M of orders by the settings as they come, on 1 July.
    fn rfm(last: Option<&str>, count: u64, total_minor: i64) -> (u8, u8, u8) {
        let orders = Orders { count, total_minor, last_at: last.map(time) };
        let scoring = rules(&SettingsData::default().rfm, &TimeZone::UTC).score(&orders, time("2026-07-01T12:00:00Z"));
        (scoring.r, scoring.f, scoring.m)
    }

    #[test]
    fn each_threshold_is_included() {
        let recency = |days: i64| rfm(Some(&time("2026-07-01T23:59:59Z").plus_seconds(-days * 86_400).to_string()), 0, 0).0;
        assert_eq!([0, 7, 8, 30, 31, 90, 91, 180, 181, 4000].map(recency), [5, 5, 4, 4, 3, 3, 2, 2, 1, 1]);
        assert_eq!(rfm(None, 0, 0), (1, 1, 1));
        assert_eq!(rfm(Some("2026-07-02T00:00:00Z"), 0, 0).0, 5, "clocks differ");
        assert_eq!([0, 2, 3, 5, 6, 10, 11, 19, 20, u64::MAX].map(|count| rfm(None, count, 0).1), [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]);
        let money = [0, 50_099, 50_100, 100_099, 100_100, 500_099, 500_100, 999_999, 1_000_000, i64::MAX];
        assert_eq!(money.map(|total| rfm(None, 0, total).2), [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]);
    }

    #[test]
    fn money_is_measured_in_major_units_of_the_currency() {
        let settings = SettingsData::default();
        let of = |exponent: u32, total_minor: i64| {
            let orders = Orders { total_minor, ..Orders::default() };
            Rules { exponent, ..rules(&settings.rfm, &TimeZone::UTC) }.score(&orders, act().at).m
        };
        assert_eq!((of(0, 10_000), of(0, 9999)), (5, 4), "yen");
        assert_eq!((of(3, 10_000_000), of(3, 9_999_999)), (5, 4), "dinars");
    }

    #[test]
    fn the_score_is_the_average_in_hundredths() {
        let of = |r, f, m| average(r, f, m).to_string();
        assert_eq!(
            (of(1, 1, 1), of(1, 1, 2), of(5, 2, 1), of(5, 5, 1), of(5, 5, 5)),
            ("1.00".into(), "1.33".into(), "2.67".into(), "3.67".into(), "5.00".into())
        );
        for sum in 3..=15_u8 {
            let (r, f) = (sum.saturating_sub(10).clamp(1, 5), sum.saturating_sub(6).clamp(1, 5));
            let m = sum - r - f;
            // Thirds have no half: the nearest hundredth is the one less than half of one away.
            let exact = i64::from(sum) * 100;
            assert!((average(r, f, m).hundredths() * 3 - exact).abs() <= 1, "{sum}");
        }
    }

    #[test]
    fn a_score_is_written_as_a_number_and_read_where_it_has_two_decimals() {
        for (text, written) in [("1", "1.0"), ("2.6", "2.6"), ("2.60", "2.6"), ("3.0", "3.0"), ("4.67", "4.67"), ("5", "5.0")] {
            let score: Score = serde_json::from_str(text).expect(text);
            assert_eq!(serde_json::to_string(&score).expect("written"), written);
        }
        for bad in ["0.99", "5.01", "2.605", "-2.5", "1e2", "0", "true", "\"2.6\"", "1e400"] {
            assert!(serde_json::from_str::<Score>(bad).is_err(), "{bad}");
        }
        for hundredths in 100..=500 {
            let score = Score::of_hundredths(hundredths).expect("inside");
            assert_eq!(Score::of_number(&score.number()), Ok(score));
            assert_eq!(serde_json::from_value::<Score>(json!(score)).ok(), Some(score));
        }
    }

    #[test]
    fn the_next_review_is_the_midnight_at_which_points_are_lost() {
        let settings = SettingsData::default();
        let zone = TimeZone::get("Asia/Tokyo").expect("zone");
        let next = |now: &str| rules(&settings.rfm, &zone).next_review(Some(time("2026-01-01T14:59:00Z")), time(now)).map(|time| time.to_string());
        // In Tokyo it is still the first; seven days on is the eighth, so the ninth begins with fewer points.
        assert_eq!(next("2026-01-01T15:00:00Z").as_deref(), Some("2026-01-08T15:00:00.000Z"));
        assert_eq!(next("2026-01-08T15:00:00Z").as_deref(), Some("2026-01-31T15:00:00.000Z"));
        assert_eq!(next("2026-07-01T00:00:00Z"), None);
        assert_eq!(rules(&settings.rfm, &zone).next_review(None, act().at), None);
        let far = Rfm { recency_days: vec![1, 2, 3, i64::MAX], ..settings.rfm };
        assert_eq!(rules(&far, &zone).next_review(Some(act().at), time("2026-07-01T00:00:00Z")), None, "beyond the calendar");
    }

    #[test]
    fn a_scoring_is_written_where_it_says_something_else() {
        let data = CustomerData::new(Text::read("Acme").expect("valid"), act().at);
        let derived = CustomerDerived { order_count: 20, total_spent_minor: 1_000_000, last_order_at: Some(act().at), ..CustomerDerived::default() };
        let customer = Record::new(act().id(), &act(), data, CustomerText::default(), derived);
        let (settings, floors) = (SettingsData::default(), crate::level::original_floors());
        let zone = TimeZone::UTC;
        let rules = rules(&settings.rfm, &zone);
        let on = |day: i64| rules.score(&Orders::of(&customer), act().at.plus_seconds(day * 86_400));
        let scored = |customer: &Record<Customer>, day: i64| {
            let found = rescored(customer, &act(), &on(day), &floors)?;
            Some((found.customer, found.event.map(|event| (event.kind, event.data))))
        };
        let moved = |old: &str, new: &str| Some((EventKind::CustomerLevelChanged, json!({"old": old, "new": new})));
        let (best, told) = scored(&customer, 0).expect("scored");
        assert_eq!((told, best.derived.level_code, best.version), (moved("BRONZE", "PLATINUM"), Some(LevelCode::Platinum), 1));
        let expected =
            json!({"recencyDays": 0, "frequency": 20, "monetaryMinor": 1_000_000, "r": 5, "f": 5, "m": 5, "score": 5.0, "scoredAt": act().at});
        assert_eq!(best.derived.rfm.clone().map(Value::Object), Some(expected));
        assert_eq!(scored(&best, 7), None);
        let (less, told) = scored(&best, 8).expect("scored");
        assert_eq!((told, less.derived.rfm.as_ref().map(|rfm| &rfm["score"])), (None, Some(&json!(4.67))));
        let (old, told) = scored(&best, 200).expect("scored");
        assert_eq!((told, old.derived.level_code), (moved("PLATINUM", "GOLD"), Some(LevelCode::Gold)));
    }

    #[test]
    fn a_review_at_each_moment_that_was_put_down_misses_no_change() {
        let (settings, floors) = (SettingsData::default(), crate::level::original_floors());
        let zone = TimeZone::get("Europe/Berlin").expect("zone");
        let rules = rules(&settings.rfm, &zone);
        let now = act().at;
        let data = CustomerData::new(Text::read("Acme").expect("valid"), now);
        let mut shown = Record::new(act().id(), &act(), data, CustomerText::default(), CustomerDerived::default());
        assert_eq!(review_anyway(&shown, &act(), now, &rules, &floors), None, "who never bought has no score");
        plan_review(&mut shown, now);
        assert_eq!(shown.derived.rfm_review_at, Some(now));
        let gone = review(&shown, &act(), now, &rules, &floors).expect("an order came and went");
        assert_eq!((gone.customer.derived.rfm_review_at, &gone.customer.derived.rfm, gone.event), (None, &None, None));
        (shown.derived.order_count, shown.derived.total_spent_minor, shown.derived.last_order_at) = (3, 60_000, Some(now));
        let mut reviews = 0;
        for hour in 0..(200 * 24) {
            let at = now.plus_seconds(hour * 3600);
            if let Some(reviewed) = review(&shown, &act(), at, &rules, &floors) {
                (shown, reviews) = (reviewed.customer, reviews + 1);
                assert_eq!(review(&shown, &act(), at, &rules, &floors), None, "once");
                assert_eq!(review_anyway(&shown, &act(), at, &rules, &floors), None, "whoever asks");
            }
            let score = rules.score(&Orders::of(&shown), at);
            let rfm = shown.derived.rfm.as_ref().expect("scored");
            assert_eq!((&rfm["r"], &rfm["score"]), (&json!(score.r), &json!(score.score)), "after {hour} hours");
            assert_eq!(shown.derived.level_code, Some(level_of(score.score, &floors)));
        }
        assert_eq!((reviews, shown.derived.rfm_review_at), (5, None), "once for each of the scores");
        let (then, floors) = (now.plus_seconds(200 * 86_400), [(LevelCode::Bronze, Score::MIN), (LevelCode::Silver, Score(101))].into());
        assert_eq!(review(&shown, &act(), then, &rules, &floors), None);
        let silver = review_anyway(&shown, &act(), then, &rules, &floors).expect("another floor");
        assert_eq!((silver.customer.derived.level_code, silver.event.is_some()), (Some(LevelCode::Silver), true));
        shown.data.archived_at = Some(then);
        assert_eq!(review_anyway(&shown, &act(), then, &rules, &floors), None, "nobody looks at archived ones");
        review_again(&mut shown, then);
        assert_eq!(shown.derived.rfm_review_at, Some(then));
    }

    /// Local days between two moments, counted one by one.
    fn counted_days(last: Time, now: Time, zone: &TimeZone) -> i64 {
        let (mut day, today) = (last.date_in(zone), now.date_in(zone));
        let mut days = 0;
        while day < today {
            day = day.tomorrow().expect("in the calendar");
            days += 1;
        }
        days
    }

    proptest! {
        #![proptest_config(crate::promotion::tests::cases(24))]
        #[test]
        fn nothing_changes_by_time_before_the_next_review_and_then_it_does(
            last in 1_300_000_000_000..1_800_000_000_000_i64, passed in 0..12_000_i64, mut bounds in prop::collection::hash_set(1..400_i64, 4),
            zone in prop::sample::select(vec!["UTC", "Europe/Berlin", "America/Sao_Paulo", "Pacific/Apia", "Asia/Kathmandu", "America/Havana"]),
        ) {
            let zone = TimeZone::get(zone).expect("zone");
            let mut sorted: Vec<i64> = bounds.drain().collect();
            sorted.sort_unstable();
            let thresholds = Rfm { recency_days: sorted.clone(), ..SettingsData::default().rfm };
            let rules = rules(&thresholds, &zone);
            let last = Time::from_millis(last);
            let now = last.plus_seconds(passed * 3600);
            let orders = Orders { last_at: Some(last), ..Orders::default() };
            let r = |at: Time| rules.score(&orders, at).r;
            // By the words of the product, from days that are counted.
            let plain = |at: Time| {
                let days = counted_days(last, at, &zone);
                1 + sorted.iter().filter(|bound| days <= **bound).count() as u8
            };
            prop_assert_eq!(r(now), plain(now));
            let next = rules.next_review(Some(last), now);
            let until = next.unwrap_or_else(|| now.plus_seconds(500 * 86_400));
            prop_assert!(until > now);
            for step in 0..=((until.seconds() - now.seconds()) / 50_000) {
                let at = now.plus_seconds(step * 50_000);
                prop_assert!(at >= until || plain(at) == r(now), "{}", at);
            }
            prop_assert_eq!(plain(Time::from_millis(until.millis() - 1)), r(now));
            if let Some(next) = next {
                prop_assert!(plain(next) < r(now) && r(next) == plain(next), "{}", next);
            }
        }
    }
}
