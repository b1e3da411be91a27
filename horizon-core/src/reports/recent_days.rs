use std::str::FromStr;

use jiff::civil;

use super::{
    DayRange,
    time_zone::{date_of, number_of},
};
use crate::Day;

/// The maximum number of days, weeks, months or years of a period: 10,000.
const MAX_UNITS: u32 = 10_000;

/// A period that ends with a given day, such as today. Whole months and years are counted from their first day.
///
/// ```
/// use horizon_core::reports::RecentDays;
///
/// let range = "12m".parse::<RecentDays>()?.ending("2026-03-31".parse()?);
/// assert_eq!((range.first.to_string(), range.last.to_string()), ("2025-04-01".into(), "2026-03-31".into()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecentDays {
    /// A number of days.
    Days(u32),
    /// A number of months. The first day is the first of a month.
    Months(u32),
    /// A number of years. The first day is the first of January.
    Years(u32),
}

/// A text that is not a [`RecentDays`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a period is a number of days, weeks, months or years, such as 7d, 4w, 12m or 1y")]
pub struct ParsePeriodError;

impl RecentDays {
    /// Returns the days of the period that ends with `last`.
    #[must_use]
    pub fn ending(self, last: Day) -> DayRange {
        let first = match self {
            Self::Days(days) => return DayRange::ending(last, days),
            Self::Months(months) => first_of_month(last, i64::from(months) - 1),
            Self::Years(years) => {
                let date = date_of(last);
                first_of_month(last, i64::from(date.month()) - 1 + 12 * (i64::from(years) - 1))
            }
        };
        DayRange::new(first, last)
    }
}

/// Returns the first day of the month that is `months` before that of `last`, at the earliest that of the year 0.
fn first_of_month(last: Day, months: i64) -> Day {
    let date = date_of(last);
    let month = i64::from(date.year()) * 12 + i64::from(date.month()) - 1 - months;
    let (year, month) = (month.max(0).div_euclid(12), month.max(0).rem_euclid(12) + 1);
    let first = i16::try_from(year).ok().zip(i8::try_from(month).ok());
    let first = first.and_then(|(year, month)| civil::Date::new(year, month, 1).ok());
    first.map_or(last, number_of)
}

impl FromStr for RecentDays {
    type Err = ParsePeriodError;

    fn from_str(text: &str) -> Result<Self, ParsePeriodError> {
        let unit = text.chars().next_back().ok_or(ParsePeriodError)?;
        let count = text.strip_suffix(unit).and_then(|count| count.parse::<u32>().ok());
        let count = count
            .filter(|count| (1..=MAX_UNITS).contains(count))
            .ok_or(ParsePeriodError)?;
        match unit {
            'd' => Ok(Self::Days(count)),
            'w' => Ok(Self::Days(count * 7)),
            'm' => Ok(Self::Months(count)),
            'y' => Ok(Self::Years(count)),
            _ => Err(ParsePeriodError),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn last(period: &str) -> String {
        let range = period
            .parse::<RecentDays>()
            .unwrap()
            .ending("2026-03-31".parse().unwrap());
        format!("{}..{}", range.first, range.last)
    }

    #[test]
    fn a_period_includes_today_and_whole_months() {
        assert_eq!(last("1d"), "2026-03-31..2026-03-31");
        assert_eq!(last("7d"), "2026-03-25..2026-03-31");
        assert_eq!(last("2w"), "2026-03-18..2026-03-31");
        assert_eq!(last("1m"), "2026-03-01..2026-03-31");
        assert_eq!(last("12m"), "2025-04-01..2026-03-31");
        assert_eq!(last("1y"), "2026-01-01..2026-03-31");
        assert_eq!(last("2y"), "2025-01-01..2026-03-31");
        assert_eq!(last("10000y"), "0000-01-01..2026-03-31");
        for wrong in ["", "d", "0d", "7", "-1d", "7h", "7dd", "99999m", "7é"] {
            assert!(wrong.parse::<RecentDays>().is_err(), "{wrong}");
        }
    }
}
