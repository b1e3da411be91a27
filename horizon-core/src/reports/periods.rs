//! The days, weeks and months of a range.

use jiff::{ToSpan, civil};

use super::{
    DayRange, Dimension,
    time_zone::{date_of, number_of},
};
use crate::Day;

/// The maximum number of months of a span of time: 19,998 years.
const MAX_MONTHS: i32 = 12 * 19_998;

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

    /// Returns the same days `months` months before. A day that a month does not have becomes its last day.
    ///
    /// ```
    /// use horizon_core::reports::DayRange;
    ///
    /// let march = DayRange::new("2026-03-01".parse()?, "2026-03-31".parse()?);
    /// assert_eq!(march.months_before(1), DayRange::new("2026-02-01".parse()?, "2026-02-28".parse()?));
    /// # Ok::<(), horizon_core::reports::ParseDayError>(())
    /// ```
    #[must_use]
    pub fn months_before(&self, months: u32) -> Self {
        let months = i32::try_from(months).unwrap_or(i32::MAX).min(MAX_MONTHS);
        let back = |day| number_of(date_of(day).saturating_sub(months.months()));
        Self::new(back(self.first), back(self.last))
    }

    /// Returns the number of months, or `None` if the range does not consist of whole months.
    ///
    /// ```
    /// use horizon_core::reports::DayRange;
    ///
    /// let winter = DayRange::new("2027-12-01".parse()?, "2028-02-29".parse()?);
    /// assert_eq!(winter.whole_months(), Some(3));
    /// # Ok::<(), horizon_core::reports::ParseDayError>(())
    /// ```
    #[must_use]
    pub fn whole_months(&self) -> Option<u32> {
        let (first, end) = (date_of(self.first), date_of(self.last.next()));
        let month = |date: civil::Date| i64::from(date.year()) * 12 + i64::from(date.month());
        let are_whole = first.day() == 1 && end.day() == 1 && self.first <= self.last;
        let months = u32::try_from(month(end) - month(first)).ok();
        months.filter(|_| are_whole)
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
        let before = |first: &str, last: &str, months: u32| range(first, last).months_before(months);
        assert_eq!(before("2028-03-31", "2028-03-31", 1), range("2028-02-29", "2028-02-29"));
        assert_eq!(
            before("2028-02-29", "2028-03-01", 12),
            range("2027-02-28", "2027-03-01")
        );
        let first_date = Day::from_number(i64::MIN).to_string();
        assert_eq!(
            before("2026-01-01", "2026-01-01", u32::MAX).first.to_string(),
            first_date
        );
        for (first, last, months) in [
            ("2026-02-01", "2026-02-28", Some(1)),
            ("2028-02-01", "2028-02-28", None),
            ("2026-01-02", "2026-01-31", None),
            ("2026-01-01", "2027-12-31", Some(24)),
            ("2026-02-01", "2026-01-31", None),
        ] {
            assert_eq!(range(first, last).whole_months(), months, "{first} {last}");
        }
        let empty = range("2026-01-02", "2026-01-01");
        assert_eq!((empty.days(), empty.periods(Dimension::Day).len()), (0, 0));
    }
}
