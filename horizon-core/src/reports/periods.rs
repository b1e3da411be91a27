//! The days, weeks and months of a range.

use super::{DayRange, Dimension};
use crate::Day;

impl DayRange {
    /// Returns the number of days; zero if the range is empty.
    #[must_use]
    pub fn days(&self) -> u64 {
        let days = self.last.number().saturating_sub(self.first.number()).saturating_add(1);
        u64::try_from(days).unwrap_or(0)
    }

    /// Returns the range of as many days that ends before this one starts.
    ///
    /// ```
    /// use horizon_core::Day;
    /// use horizon_core::reports::DayRange;
    ///
    /// let week = DayRange::new(Day::from_number(20_600), Day::from_number(20_606));
    /// assert_eq!(week.previous(), DayRange::new(Day::from_number(20_593), Day::from_number(20_599)));
    /// ```
    #[must_use]
    pub fn previous(&self) -> Self {
        let days = i64::try_from(self.days()).unwrap_or(i64::MAX);
        let back = |day: Day| Day::from_number(day.number().saturating_sub(days));
        Self::new(back(self.first), back(self.last))
    }

    /// Returns the values of `Dimension::Day`, `Week` or `Month` in the range, in order. The first week and month may
    /// start before the range.
    ///
    /// ```
    /// use horizon_core::reports::{DayRange, Dimension};
    ///
    /// let range = DayRange::new("2026-01-30".parse()?, "2026-02-02".parse()?);
    /// assert_eq!(range.periods(Dimension::Month), ["2026-01", "2026-02"]);
    /// assert_eq!(range.periods(Dimension::Week), ["2026-01-26", "2026-02-02"]);
    /// # Ok::<(), horizon_core::reports::ParseDayError>(())
    /// ```
    #[must_use]
    pub fn periods(&self, period: Dimension) -> Vec<String> {
        let mut values = Vec::new();
        let mut day = self.first;
        while day <= self.last {
            let value = match period {
                Dimension::Week => day.monday().to_string(),
                Dimension::Month => day.to_string().chars().take("2026-11".len()).collect(),
                _ => day.to_string(),
            };
            if values.last() != Some(&value) {
                values.push(value);
            }
            day = day.next();
        }
        values
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_has_all_its_weeks_and_months() {
        let range = |first: &str, last: &str| DayRange::new(first.parse().unwrap(), last.parse().unwrap());
        let weeks = range("2026-01-01", "2026-03-31").periods(Dimension::Week);
        assert_eq!(
            (weeks[0].as_str(), weeks[1].as_str(), weeks.len()),
            ("2025-12-29", "2026-01-05", 14)
        );
        assert_eq!(range("2025-12-31", "2026-12-01").periods(Dimension::Month).len(), 13);
        let empty = range("2026-01-02", "2026-01-01");
        assert_eq!((empty.days(), empty.periods(Dimension::Day).len()), (0, 0));
    }
}
