use std::str::FromStr;

use clap::Args;
use horizon_core::{Day, reports::DayRange};

/// The maximum number of days, weeks, months or years of a period: 10,000.
const MAX_UNITS: u32 = 10_000;

/// The days of a report.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct RangeArguments {
    /// The last days, weeks, months or years, such as `7d`, `4w`, `12m` or `1y`. Today, this month and this year count.
    /// Default: `30d`.
    #[arg(long, value_name = "PERIOD", conflicts_with_all = ["day", "from", "to"])]
    last: Option<RecentDays>,
    /// One day: `today`, `yesterday`, or a date such as `2026-11-29`.
    #[arg(long, value_name = "DAY", conflicts_with_all = ["from", "to"])]
    day: Option<NamedDay>,
    /// The first day. Default: 30 days before the last day.
    #[arg(long, value_name = "DAY")]
    from: Option<NamedDay>,
    /// The last day. Default: `today`.
    #[arg(long, value_name = "DAY")]
    to: Option<NamedDay>,
}

/// A period that ends today.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RecentDays {
    Days(u32),
    /// The first day is the first of a month.
    Months(u32),
    /// The first day is the first of January.
    Years(u32),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum NamedDay {
    Today,
    Yesterday,
    Date(Day),
}

/// A text that is not a [`RecentDays`].
#[derive(Debug, thiserror::Error)]
#[error("a period is a number of days, weeks, months or years, such as 7d, 4w, 12m or 1y")]
pub(crate) struct ParsePeriodError;

/// A text that is not a day.
#[derive(Debug, thiserror::Error)]
#[error("a day is `today`, `yesterday` or a date such as 2026-11-29")]
pub(crate) struct ParseNamedDayError;

impl RangeArguments {
    /// Returns the days. `default` applies without arguments.
    pub(super) fn range(&self, today: Day, default: RecentDays) -> DayRange {
        if let Some(period) = self.last {
            return period.range(today);
        }
        if let Some(day) = self.day.map(|day| day.resolve(today)) {
            return DayRange::new(day, day);
        }
        let last = self.to.map_or(today, |day| day.resolve(today));
        match self.from {
            Some(first) => DayRange::new(first.resolve(today), last),
            None => default.range(last),
        }
    }
}

impl RecentDays {
    fn range(self, last: Day) -> DayRange {
        let first = match self {
            Self::Days(days) => return DayRange::ending(last, days),
            Self::Months(months) => first_of_month(last, months),
            Self::Years(years) => {
                let january = month_of(last).map_or(0, |month| month.rem_euclid(12));
                first_of_month(last, u32::try_from(january).unwrap_or(0) + 1 + (years - 1) * 12)
            }
        };
        DayRange::new(first.unwrap_or(last), last)
    }
}

impl NamedDay {
    fn resolve(self, today: Day) -> Day {
        match self {
            Self::Today => today,
            Self::Yesterday => today.previous(),
            Self::Date(day) => day,
        }
    }
}

/// Returns the first day of the month that is `months - 1` before that of `last`, at the earliest that of the year 0.
fn first_of_month(last: Day, months: u32) -> Option<Day> {
    let month = (month_of(last)? - (i64::from(months) - 1)).max(0);
    let (year, month) = (month.div_euclid(12), month.rem_euclid(12) + 1);
    format!("{year:04}-{month:02}-01").parse().ok()
}

/// Returns the number of months since January of the year 0.
fn month_of(day: Day) -> Option<i64> {
    let text = day.to_string();
    let (year, rest) = text.split_once('-')?;
    let (month, _) = rest.split_once('-')?;
    Some(year.parse::<i64>().ok()? * 12 + month.parse::<i64>().ok()? - 1)
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

impl FromStr for NamedDay {
    type Err = ParseNamedDayError;

    fn from_str(text: &str) -> Result<Self, ParseNamedDayError> {
        match text {
            "today" => Ok(Self::Today),
            "yesterday" => Ok(Self::Yesterday),
            date => date.parse().map(Self::Date).map_err(|_| ParseNamedDayError),
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
            .range("2026-03-31".parse().unwrap());
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
