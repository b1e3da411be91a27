use std::str::FromStr;

use clap::Args;
use horizon_core::{
    Day,
    reports::{DayRange, RecentDays},
};

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

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum NamedDay {
    Today,
    Yesterday,
    Date(Day),
}

/// A text that is not a day.
#[derive(Debug, thiserror::Error)]
#[error("a day is `today`, `yesterday` or a date such as 2026-11-29")]
pub(crate) struct ParseNamedDayError;

impl RangeArguments {
    /// Returns the days. `default` applies without arguments.
    pub(super) fn range(&self, today: Day, default: RecentDays) -> DayRange {
        if let Some(period) = self.last {
            return period.ending(today);
        }
        if let Some(day) = self.day.map(|day| day.resolve(today)) {
            return DayRange::new(day, day);
        }
        let last = self.to.map_or(today, |day| day.resolve(today));
        match self.from {
            Some(first) => DayRange::new(first.resolve(today), last),
            None => default.ending(last),
        }
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
