//! Engagement: how warm the contact to a customer is, by its calls, e-mails and meetings. What the rule needs is kept in the
//! customer, with the moment at which its answer can be another: so a night looks at those whose moment has come, however many
//! customers there are.

use crate::customer::{Customer, Engagement};
use crate::event::{Act, Event, EventKind};
use crate::record::{Record, Row};
use crate::time::Time;
use serde_json::{Map, json};

const DAY: i64 = 86_400;

/// So many contacts in the last [`HOT_SECONDS`] make a customer hot.
pub const HOT_CONTACTS: usize = 3;
/// Seven days.
pub const HOT_SECONDS: i64 = 7 * DAY;
/// Without a contact for thirty days, or since it was made where there never was one, a customer is inactive.
pub const INACTIVE_SECONDS: i64 = 30 * DAY;

/// Until when contacts, the latest first, make a customer hot; `None` where there are too few.
pub fn hot_until(contacts: &[Time]) -> Option<Time> {
    contacts.get(HOT_CONTACTS - 1).map(|third| third.plus_seconds(HOT_SECONDS))
}

/// From when a customer is inactive, unless there is a contact before.
fn inactive_from(customer: &Row<Customer>) -> Time {
    customer.derived.last_contacted_at.unwrap_or(customer.created_at).plus_seconds(INACTIVE_SECONDS)
}

/// How warm the contact is at a moment.
pub fn engagement_at(customer: &Row<Customer>, at: Time) -> Engagement {
    match customer.derived.hot_until {
        Some(until) if at < until => Engagement::Hot,
        _ if at >= inactive_from(customer) => Engagement::Inactive,
        _ => Engagement::Warm,
    }
}

/// When the customer has to be looked at next: now where the rule says something else than it shows, else when the rule's
/// answer changes by itself; `None` where it does not.
pub fn next_review(customer: &Row<Customer>, now: Time) -> Option<Time> {
    let present = engagement_at(customer, now);
    if present != customer.data.engagement {
        return Some(now);
    }
    match present {
        Engagement::Hot => customer.derived.hot_until,
        Engagement::Warm => Some(inactive_from(customer)),
        Engagement::Inactive => None,
    }
}

/// Puts a customer down for its next review; what awaits one is left where it is.
pub fn plan_review(customer: &mut Row<Customer>, now: Time) {
    let waits = customer.derived.review_at.is_some_and(|at| at <= now);
    if !waits {
        customer.derived.review_at = next_review(customer, now);
    }
}

/// Whether a person said what the customer shows on the day that began then: it holds until the next night.
fn is_by_hand(customer: &Row<Customer>, day: Time) -> bool {
    let said = [customer.created_at, customer.data.engagement_changed_at];
    customer.derived.review_at.is_some_and(|review| review >= day && said.contains(&review))
}

/// A customer as the rule has it at a moment, put down for its next review, with the event where it changed. `None` where its
/// moment has not come, as where it was reviewed before, or somebody set it since the `day` of the run began.
pub fn review(customer: &Record<Customer>, act: &Act, at: Time, day: Time) -> Option<(Record<Customer>, Option<Event>)> {
    let waits = customer.derived.review_at.is_none_or(|review| review > at);
    if customer.data.archived_at.is_some() || waits || is_by_hand(customer, day) {
        return None;
    }
    Some(judge(customer, act, at))
}

/// The same for one that was never put down for a review, as were those that an earlier release made.
pub fn first_review(customer: &Record<Customer>, act: &Act, at: Time, day: Time) -> Option<(Record<Customer>, Option<Event>)> {
    let inactive = customer.data.engagement == Engagement::Inactive && engagement_at(customer, at) == Engagement::Inactive;
    let waits = customer.derived.review_at.is_some_and(|review| review > at);
    if customer.data.archived_at.is_some() || inactive || waits || is_by_hand(customer, day) {
        return None;
    }
    Some(judge(customer, act, at))
}

fn judge(customer: &Record<Customer>, act: &Act, at: Time) -> (Record<Customer>, Option<Event>) {
    let mut next = customer.clone();
    let (old, new) = (customer.data.engagement, engagement_at(customer, at));
    next.data.engagement = new;
    if old != new {
        next.data.engagement_changed_at = act.at;
    }
    next.derived.review_at = next_review(&next, at);
    let event = (old != new).then(|| {
        let detail = json!({"old": old, "new": new});
        let summary = format!("{} set customer {} from {old} to {new}", act.actor_name, next.data.name);
        let event = next.event(act, EventKind::CustomerEngagementChanged, summary, detail.clone());
        event.with_changes(Map::from_iter([("engagement".to_owned(), detail)]))
    });
    (next, event)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::tests::act;
    use crate::customer::{CustomerData, CustomerDerived, CustomerText};
    use crate::text::TextValue;
    use crate::value::Text;

    const START: i64 = 1_700_000_000_000;

    fn time(seconds: i64) -> Time {
        Time::from_millis(START).plus_seconds(seconds)
    }

    fn customer(contacts: &[i64]) -> Record<Customer> {
        let now = Act { at: time(0), ..act() };
        let data = CustomerData::new(Text::read("Acme").expect("valid"), now.at);
        let mut contacts: Vec<Time> = contacts.iter().map(|at| time(*at)).collect();
        contacts.sort_unstable_by(|a, b| b.cmp(a));
        let derived = CustomerDerived { last_contacted_at: contacts.first().copied(), hot_until: hot_until(&contacts), ..CustomerDerived::default() };
        Record::new(now.id(), &now, data, CustomerText::default(), derived)
    }

    fn at(seconds: i64) -> Act {
        Act { at: time(seconds), ..act() }
    }

    #[test]
    fn the_boundaries_are_where_they_are_to_the_second() {
        let three = customer(&[100, 200, 300, 50]);
        for (seconds, expected) in [
            (300, Engagement::Hot),
            (100 + HOT_SECONDS - 1, Engagement::Hot),
            (100 + HOT_SECONDS, Engagement::Warm),
            (300 + INACTIVE_SECONDS - 1, Engagement::Warm),
            (300 + INACTIVE_SECONDS, Engagement::Inactive),
        ] {
            assert_eq!(engagement_at(&three, time(seconds)), expected, "{seconds} s");
        }
        let two = customer(&[100, 200]);
        assert_eq!(engagement_at(&two, time(200)), Engagement::Warm);
        let never = customer(&[]);
        assert_eq!(engagement_at(&never, time(INACTIVE_SECONDS - 1)), Engagement::Warm);
        assert_eq!(engagement_at(&never, time(INACTIVE_SECONDS)), Engagement::Inactive);
    }

    #[test]
    fn a_review_at_each_moment_that_was_put_down_misses_no_change() {
        for contacts in [vec![], vec![10], vec![10, 20, 30], vec![10, 20, 3 * DAY], vec![0, DAY, 2 * DAY, 9 * DAY, 10 * DAY]] {
            let mut shown = customer(&contacts);
            plan_review(&mut shown, time(11 * DAY));
            let mut reviews = 0;
            // Every hour for seven weeks; a change of the rule's answer has to be shown in the hour in which it comes.
            for hour in (11 * 24)..(60 * 24) {
                let now = time(hour * 3600);
                if let Some((next, _)) = review(&shown, &at(hour * 3600), now, now) {
                    (shown, reviews) = (next, reviews + 1);
                }
                assert_eq!(shown.data.engagement, engagement_at(&shown, now), "{contacts:?} after {hour} hours");
            }
            assert!(reviews <= 3, "{contacts:?}: {reviews} reviews");
            assert_eq!(shown.derived.review_at, None, "nothing comes by itself any more");
        }
    }

    #[test]
    fn what_a_person_set_holds_until_the_next_night() {
        let mut shown = customer(&[10]);
        shown.data.engagement = Engagement::Hot;
        plan_review(&mut shown, time(100));
        assert_eq!(shown.derived.review_at, Some(time(100)));
        plan_review(&mut shown, time(200));
        assert_eq!(shown.derived.review_at, Some(time(100)), "it waits where it is");
        assert_eq!(review(&shown, &at(99), time(99), time(0)), None);
        let (next, event) = review(&shown, &at(500), time(300), time(200)).expect("reviewed");
        assert_eq!((next.data.engagement, next.data.engagement_changed_at, next.version), (Engagement::Warm, time(500), shown.version));
        assert_eq!(event.map(|event| event.data), Some(json!({"old": "HOT", "new": "WARM"})));
        assert_eq!(review(&next, &at(501), time(300), time(200)), None, "once");
        let by_hand = Record {
            row: Row { data: CustomerData { engagement_changed_at: time(100), ..shown.data.clone() }, ..shown.row.clone() },
            ..shown.clone()
        };
        assert_eq!(review(&by_hand, &at(500), time(300), time(50)), None, "a run of the same day leaves it");
        assert!(review(&by_hand, &at(500), time(300), time(101)).is_some());
    }

    #[test]
    fn who_was_never_put_down_is_judged_once_and_archived_ones_never() {
        let old = customer(&[10]);
        let late = INACTIVE_SECONDS + 10;
        assert_eq!(review(&old, &at(late), time(late), time(late)), None);
        let (next, event) = first_review(&old, &at(late), time(late), time(late)).expect("judged");
        assert_eq!((next.data.engagement, event.is_some()), (Engagement::Inactive, true));
        assert_eq!(first_review(&next, &at(late), time(late), time(late)), None);
        let (warm, event) = first_review(&old, &at(20), time(20), time(20)).expect("put down");
        assert_eq!((warm.derived.review_at, event), (Some(time(late)), None));
        assert_eq!(first_review(&warm, &at(21), time(21), time(21)), None);
        let mut archived = old;
        archived.data.archived_at = Some(time(20));
        assert_eq!(first_review(&archived, &at(late), time(late), time(late)), None);
    }
}
