//! Dates by plain arithmetic, so that nothing of the CRM's own calendar predicts its answers.

/// Days since 1970-01-01 of a date `2026-01-31`, or of a time that begins with one (Howard Hinnant,
/// `days_from_civil`).
pub fn number_of(date: &str) -> i64 {
    let part = |range: std::ops::Range<usize>| date[range].parse::<i64>().expect("digits");
    let (year, month, day) = (part(0..4), part(5..7), part(8..10));
    let year = if month <= 2 { year - 1 } else { year };
    let (era, month) = (year.div_euclid(400), (month + 9) % 12);
    let (year_of_era, day_of_year) = (year.rem_euclid(400), (153 * month + 2) / 5 + day - 1);
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// The date of so many days since 1970-01-01 (Howard Hinnant, `civil_from_days`).
pub fn date_of(number: i64) -> String {
    let shifted = number + 719_468;
    let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

/// The same time of day so many days later.
pub fn later(time: &str, days: i64) -> String {
    format!("{}{}", date_of(number_of(time) + days), &time[10..])
}

#[test]
fn dates_are_numbered_without_gaps() {
    assert_eq!((number_of("1970-01-01"), number_of("2024-02-29"), date_of(19_782).as_str()), (0, 19_782, "2024-02-29"));
    for number in 0..40_000 {
        assert_eq!(number_of(&date_of(number)), number);
    }
    assert_eq!(later("2026-12-31T12:00:00.000Z", 1), "2027-01-01T12:00:00.000Z");
}
