use horizon_core::{
    Day,
    reports::{DayRange, RecentDays},
};

/// The days that the dashboard shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum PeriodChoice {
    /// `today`
    Today,
    /// `yesterday`
    Yesterday,
    /// `7d`
    Days7,
    /// `30d`, the default
    #[default]
    Days30,
    /// `90d`
    Days90,
    /// `month`: this month until today
    Month,
    /// `12m`: this month and the eleven before it
    Months12,
    /// `all`
    All,
    /// `from=2026-11-01&to=2026-11-30`; also a day (`from` = `to`) or a month of the chart
    Range(DayRange),
}

/// The days of a [`PeriodChoice`], and those that they are compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ResolvedPeriod {
    pub(crate) range: DayRange,
    /// The previous period: as many days before it; of whole months as many months before them; for `month` the same
    /// days of the month before; for `12m` the twelve months before, up to the same day. `None` for `all`.
    pub(crate) previous: Option<DayRange>,
    pub(crate) today: Day,
}

impl PeriodChoice {
    /// All choices without a range of their own.
    pub(crate) const NAMED: [Self; 8] = [
        Self::Today,
        Self::Yesterday,
        Self::Days7,
        Self::Days30,
        Self::Days90,
        Self::Month,
        Self::Months12,
        Self::All,
    ];

    /// Returns the value of the parameter `period`, or `None` for a range.
    pub(crate) const fn name(self) -> Option<&'static str> {
        Some(match self {
            Self::Today => "today",
            Self::Yesterday => "yesterday",
            Self::Days7 => "7d",
            Self::Days30 => "30d",
            Self::Days90 => "90d",
            Self::Month => "month",
            Self::Months12 => "12m",
            Self::All => "all",
            Self::Range(_) => return None,
        })
    }

    /// Returns the days. `first` is the first day with numbers, or today if there are none; `all` starts there.
    pub(crate) fn resolve(self, today: Day, first: Day) -> ResolvedPeriod {
        let before = |range: DayRange| (range, Some(range.previous()));
        let months_before = |range: DayRange, months| (range, Some(range.months_before(months)));
        let this_month = RecentDays::Months(1).ending(today);
        let (range, previous) = match self {
            Self::Today => before(DayRange::new(today, today)),
            Self::Yesterday => before(DayRange::new(today.previous(), today.previous())),
            Self::Days7 => before(DayRange::ending(today, 7)),
            Self::Days30 => before(DayRange::ending(today, 30)),
            Self::Days90 => before(DayRange::ending(today, 90)),
            Self::Month => months_before(this_month, 1),
            Self::Months12 => months_before(RecentDays::Months(12).ending(today), 12),
            Self::All => (DayRange::new(first.min(today), today), None),
            Self::Range(range) if range == this_month => months_before(range, 1),
            Self::Range(range) => (range, Some(previous(range))),
        };
        ResolvedPeriod { range, previous, today }
    }
}

/// Returns as many months before whole months, otherwise as many days.
fn previous(range: DayRange) -> DayRange {
    let Some(months) = range.whole_months() else {
        return range.previous();
    };
    let before = range.months_before(months);
    DayRange::new(before.first, range.first.previous())
}

#[cfg(test)]
mod tests {
    use crate::dashboard::state::DashboardState;
    use horizon_core::reports::DayRange;

    /// Compares lines of a URL's parameters, today, the days, and the days of the previous period.
    fn check(lines: &str) {
        for line in lines.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let mut words = line.split_whitespace();
            let (state, _) = DashboardState::parse(words.next().unwrap());
            let today = words.next().unwrap().parse().unwrap();
            let period = state.period.resolve(today, "2024-05-17".parse().unwrap());
            let text = |range: DayRange| format!("{}..{}", range.first, range.last);
            let previous = period.previous.map_or_else(|| "-".to_owned(), text);
            assert_eq!(
                [text(period.range), previous],
                [words.next().unwrap(), words.next().unwrap()],
                "{line}"
            );
        }
    }

    #[test]
    fn periods_end_today_and_are_compared_with_the_same_length_before() {
        check(
            "period=today     2026-03-01 2026-03-01..2026-03-01 2026-02-28..2026-02-28
             period=yesterday 2026-03-01 2026-02-28..2026-02-28 2026-02-27..2026-02-27
             period=7d        2028-03-01 2028-02-24..2028-03-01 2028-02-17..2028-02-23
             period=30d       2026-11-29 2026-10-31..2026-11-29 2026-10-01..2026-10-30
             period=90d       2026-11-29 2026-09-01..2026-11-29 2026-06-03..2026-08-31
             period=all       2026-11-29 2024-05-17..2026-11-29 -
             period=all       2023-01-01 2023-01-01..2023-01-01 -",
        );
    }

    /// The month before may be shorter, also in a leap year.
    #[test]
    fn months_are_compared_with_months() {
        check(
            "period=month 2026-11-29 2026-11-01..2026-11-29 2026-10-01..2026-10-29
             period=month 2026-03-31 2026-03-01..2026-03-31 2026-02-01..2026-02-28
             period=month 2028-03-30 2028-03-01..2028-03-30 2028-02-01..2028-02-29
             period=month 2026-01-01 2026-01-01..2026-01-01 2025-12-01..2025-12-01
             period=12m   2026-11-29 2025-12-01..2026-11-29 2024-12-01..2025-11-29
             period=12m   2028-02-29 2027-03-01..2028-02-29 2026-03-01..2027-02-28",
        );
    }

    #[test]
    fn ranges_of_whole_months_and_of_this_month_are_compared_with_months() {
        check(
            "from=2026-02-01&to=2026-02-28 2026-11-29 2026-02-01..2026-02-28 2026-01-01..2026-01-31
             from=2026-04-01&to=2026-06-30 2026-11-29 2026-04-01..2026-06-30 2026-01-01..2026-03-31
             from=2026-11-01&to=2026-11-29 2026-11-29 2026-11-01..2026-11-29 2026-10-01..2026-10-29
             from=2026-11-01&to=2026-11-28 2026-11-29 2026-11-01..2026-11-28 2026-10-04..2026-10-31",
        );
    }
}
