//! Tests of the schedule expressions, clock changes included.
#![allow(clippy::unwrap_used)]

use super::*;

fn next(expression: &str, after: &str, zone: &str) -> String {
    let zone = TimeZone::get(zone).unwrap();
    let expression: Expression = expression.parse().unwrap();
    let next = expression.next_after(after.parse().unwrap(), &zone).unwrap();
    next.to_string()
}

#[test]
fn every_night() {
    let cron = "cron(0 1 * * ? *)";
    assert_eq!(next(cron, "2026-11-20T23:59:00Z", "UTC"), "2026-11-21T01:00:00Z");
    assert_eq!(next(cron, "2026-11-21T01:00:00Z", "UTC"), "2026-11-22T01:00:00Z");
    assert_eq!(next(cron, "2026-12-31T02:00:00Z", "UTC"), "2027-01-01T01:00:00Z");
    assert_eq!(next("cron(15 0 * * ? *)", "2026-07-01T00:00:00Z", "Europe/Berlin"), "2026-07-01T22:15:00Z");
}

#[test]
fn every_monday() {
    let cron = "cron(0 10 ? * MON *)";
    assert_eq!(next(cron, "2026-11-21T00:00:00Z", "Europe/Berlin"), "2026-11-23T09:00:00Z");
    assert_eq!(next(cron, "2026-11-23T09:00:00Z", "Europe/Berlin"), "2026-11-30T09:00:00Z");
}

#[test]
fn every_minute() {
    assert_eq!(next("rate(1 minute)", "2026-11-21T00:00:07Z", "UTC"), "2026-11-21T00:01:07Z");
    assert_eq!(next("rate(2 hours)", "2026-11-21T00:00:00Z", "UTC"), "2026-11-21T02:00:00Z");
}

#[test]
fn a_skipped_local_time_fires_when_the_clock_has_moved_on() {
    // Berlin goes from 02:00 to 03:00 on 28 March 2027.
    assert_eq!(next("cron(30 2 * * ? *)", "2027-03-27T12:00:00Z", "Europe/Berlin"), "2027-03-28T01:30:00Z");
}

#[test]
fn a_repeated_local_time_fires_once() {
    // Berlin goes from 03:00 back to 02:00 on 25 October 2026.
    let cron = "cron(30 2 * * ? *)";
    let first = next(cron, "2026-10-24T12:00:00Z", "Europe/Berlin");
    assert_eq!(first, "2026-10-25T00:30:00Z");
    assert_eq!(next(cron, &first, "Europe/Berlin"), "2026-10-26T01:30:00Z");
}

#[test]
fn lists_ranges_steps_and_leap_days() {
    assert_eq!(next("cron(0/15 8-9 ? * MON-FRI *)", "2026-11-20T09:45:00Z", "UTC"), "2026-11-23T08:00:00Z");
    assert_eq!(next("cron(0 0 29 2 ? *)", "2026-11-20T00:00:00Z", "UTC"), "2028-02-29T00:00:00Z");
}

#[test]
fn nonsense_is_refused() {
    for text in [
        "",
        "cron()",
        "cron(0 1 * * * *)",
        "cron(60 1 * * ? *)",
        "cron(0 1 ? * ? *)",
        "rate(0 minutes)",
        "rate(1 week)",
        "rate(1)",
        "cron(0 1 * * ?)",
        "cron(5-1 1 * * ? *)",
    ] {
        assert!(text.parse::<Expression>().is_err(), "{text}");
    }
}

#[test]
fn a_date_that_never_comes_has_no_next() {
    let expression: Expression = "cron(0 0 31 2 ? *)".parse().unwrap();
    assert_eq!(expression.next_after(Timestamp::UNIX_EPOCH, &TimeZone::UTC), None);
}
