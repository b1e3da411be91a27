//! Texts for the server and the browser, such as numbers and times.
//!
//! Functions for the browser avoid `format!`, which would increase the download.

/// Thanks for a comment that waits for a moderator.
pub(crate) const COMMENT_PENDING: &str = "Thank you. Your comment will appear after a moderator approves it.";

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// The maximum age of a comment; older ones show their date.
const MAX_AGE: i64 = 30 * DAY;

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// Formats a number with thousands separators: `1,204`.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Returns the class of an item with a number of viewers. Without viewers, its dot is a circle.
pub(crate) fn now_class(viewers: Option<u64>) -> &'static str {
    if viewers.unwrap_or(0) == 0 {
        "now no-viewers"
    } else {
        "now"
    }
}

/// Formats milliseconds since the Unix epoch as `4 May 2026`, in UTC.
pub(crate) fn date(millis: i64) -> String {
    let (year, month, day) = civil(millis);
    let mut text = day.to_string();
    text.push(' ');
    text.push_str(MONTHS.get(month.saturating_sub(1)).copied().unwrap_or_default());
    text.push(' ');
    text.push_str(&year.to_string());
    text
}

/// Formats milliseconds since the Unix epoch as `4 May 2026, 13:05 UTC`.
pub(crate) fn date_time(millis: i64) -> String {
    let mut text = date(millis);
    text.push_str(", ");
    push_clock(&mut text, millis);
    text.push_str(" UTC");
    text
}

/// Formats milliseconds since the Unix epoch as `2026-05-04T13:05Z`.
pub(crate) fn html_datetime(millis: i64) -> String {
    let (year, month, day) = civil(millis);
    let mut text = year.to_string();
    text.push('-');
    push_two(&mut text, month);
    text.push('-');
    push_two(&mut text, day);
    text.push('T');
    push_clock(&mut text, millis);
    text.push('Z');
    text
}

/// Formats an age in milliseconds in words. Returns `None` for more than 30 days.
pub(crate) fn age(millis: i64) -> Option<String> {
    let (number, unit) = match millis {
        ..MINUTE => return Some("just now".into()),
        MINUTE..HOUR => (millis / MINUTE, " minute"),
        HOUR..DAY => (millis / HOUR, " hour"),
        DAY..MAX_AGE => (millis / DAY, " day"),
        _ => return None,
    };
    let mut text = number.to_string();
    text.push_str(unit);
    text.push_str(if number == 1 { " ago" } else { "s ago" });
    Some(text)
}

/// Returns the name of a comment's author, or a placeholder.
pub(crate) fn author_name(name: &str) -> &str {
    if name.is_empty() { "Someone" } else { name }
}

fn push_clock(text: &mut String, millis: i64) {
    let minutes = usize::try_from(millis.rem_euclid(DAY) / MINUTE).unwrap_or(0);
    push_two(text, minutes / 60);
    text.push(':');
    push_two(text, minutes % 60);
}

fn push_two(text: &mut String, number: usize) {
    if number < 10 {
        text.push('0');
    }
    text.push_str(&number.to_string());
}

/// Returns year, month and day in the proleptic Gregorian calendar (Howard Hinnant, `civil_from_days`).
fn civil(millis: i64) -> (i64, usize, usize) {
    let days = millis.div_euclid(DAY) + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (
        year,
        usize::try_from(month).unwrap_or(0),
        usize::try_from(day).unwrap_or(0),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_a_comma_before_each_three_digits() {
        for (number, text) in [(0, "0"), (999, "999"), (1_204, "1,204"), (1_000_000, "1,000,000")] {
            assert_eq!(grouped(number), text);
        }
        assert_eq!(grouped(u64::MAX), "18,446,744,073,709,551,615");
    }

    #[test]
    fn a_moment_is_the_calendars_also_on_leap_days_and_before_1970() {
        assert_eq!(date_time(0), "1 January 1970, 00:00 UTC");
        assert_eq!(date(1_709_208_000_000), "29 February 2024");
        assert_eq!(date(951_782_400_000), "29 February 2000");
        assert_eq!(html_datetime(1_777_899_900_000), "2026-05-04T13:05Z");
        assert_eq!(html_datetime(-1), "1969-12-31T23:59Z");
    }

    #[test]
    fn an_age_is_in_the_largest_unit_that_fits() {
        for (millis, text) in [
            (-5_000, "just now"),
            (59_999, "just now"),
            (MINUTE, "1 minute ago"),
            (3 * MINUTE + 59_000, "3 minutes ago"),
            (HOUR, "1 hour ago"),
            (23 * HOUR, "23 hours ago"),
            (2 * DAY, "2 days ago"),
        ] {
            assert_eq!(age(millis).unwrap(), text);
        }
    }

    #[test]
    fn an_old_age_is_shown_as_a_date() {
        assert_eq!(age(30 * DAY), None);
    }

    #[test]
    fn the_smallest_and_the_largest_time_do_not_panic() {
        for millis in [i64::MIN, i64::MAX] {
            let _ = (date_time(millis), html_datetime(millis), age(millis));
        }
    }
}
