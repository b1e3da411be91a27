//! Days as text: `2026-11-29`.

use std::{fmt, str::FromStr};

use jiff::civil;

use super::time_zone::{date_of, number_of};
use crate::Day;

/// A text that is not a date such as `2026-11-29`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a day is written as year-month-day, such as 2026-11-29")]
pub struct ParseDayError;

/// Writes the date, such as `2026-11-29`.
impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        date_of(*self).fmt(f)
    }
}

/// Reads a date such as `2026-11-29`. The last one is `9999-12-29`: later days cannot be converted to times.
///
/// ```
/// use horizon_core::Day;
///
/// let day: Day = "2026-11-29".parse()?;
/// assert_eq!((day.number(), day.to_string().as_str()), (20_786, "2026-11-29"));
/// assert!("2026-02-30".parse::<Day>().is_err());
/// # Ok::<(), horizon_core::reports::ParseDayError>(())
/// ```
impl FromStr for Day {
    type Err = ParseDayError;

    fn from_str(text: &str) -> Result<Self, ParseDayError> {
        let is_date = text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
        let date = is_date.then(|| text.parse::<civil::Date>().ok()).flatten();
        let day = date
            .map(number_of)
            .filter(|day| date.is_some_and(|date| date_of(*day) == date));
        day.ok_or(ParseDayError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_dates_with_four_digits_of_the_year_are_days() {
        for text in [
            "",
            "2026-1-1",
            "20261129",
            "2026-11-29T10:00",
            "+002026-11-29",
            "2026-11-31",
            "today",
            "9999-12-30",
            "9999-12-31",
        ] {
            assert_eq!(text.parse::<Day>(), Err(ParseDayError), "{text}");
        }
        assert_eq!("1970-01-01".parse(), Ok(Day::from_number(0)));
        assert_eq!("1969-12-31".parse(), Ok(Day::from_number(-1)));
        assert_eq!("9999-12-29".parse::<Day>().unwrap().to_string(), "9999-12-29");
    }
}
