use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A point in time: milliseconds since 1970-01-01T00:00:00Z, without leap seconds (Unix time).
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use horizon_core::Timestamp;
///
/// let since = SystemTime::UNIX_EPOCH.elapsed()?;
/// let now = Timestamp::from_millis(i64::try_from(since.as_millis())?);
/// let later = now.plus(Duration::from_secs(60));
/// assert_eq!(later.since(now), Duration::from_secs(60));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

/// A day: days since 1970-01-01, in UTC or in the time zone of a site.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Day(i64);

const DAY_MILLIS: i64 = 24 * 3600 * 1000;

impl Timestamp {
    /// Returns the time `millis` milliseconds after the start of 1970 (UTC).
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Returns the milliseconds since the start of 1970 (UTC).
    #[must_use]
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// Returns the time from `earlier` to `self`, zero if `earlier` is later.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// Returns this time plus `duration`. Saturates.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(saturating_millis(duration)))
    }

    /// Returns this time minus `duration`. Saturates.
    #[must_use]
    pub fn minus(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(saturating_millis(duration)))
    }

    /// Returns the UTC day.
    #[must_use]
    pub const fn day(self) -> Day {
        Day(self.0.div_euclid(DAY_MILLIS))
    }

    /// Returns the time until the next UTC day, at least a millisecond.
    #[must_use]
    pub const fn until_next_day(self) -> Duration {
        Duration::from_millis((DAY_MILLIS - self.0.rem_euclid(DAY_MILLIS)).unsigned_abs())
    }
}

fn saturating_millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

impl Day {
    /// Returns the day `number` days after 1970-01-01.
    #[must_use]
    pub const fn from_number(number: i64) -> Self {
        Self(number)
    }

    /// Returns the days since 1970-01-01.
    #[must_use]
    pub const fn number(self) -> i64 {
        self.0
    }

    /// Returns the day after.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// Returns the day before.
    #[must_use]
    pub const fn previous(self) -> Self {
        Self(self.0.saturating_sub(1))
    }

    /// Returns the Monday of the day's week. 1970-01-01 was a Thursday.
    #[must_use]
    pub const fn monday(self) -> Self {
        Self(self.0.saturating_sub(self.0.wrapping_add(3).rem_euclid(7)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_ends_at_midnight_utc_also_before_1970() {
        assert_eq!(Timestamp::from_millis(DAY_MILLIS - 1).day(), Day::from_number(0));
        assert_eq!(Timestamp::from_millis(DAY_MILLIS).day(), Day::from_number(1));
        assert_eq!(Timestamp::from_millis(-1).day(), Day::from_number(-1));
        let left = Timestamp::from_millis(-1).until_next_day();
        assert_eq!(left, Duration::from_millis(1));
        assert_eq!(
            Timestamp::from_millis(DAY_MILLIS).until_next_day(),
            Duration::from_secs(24 * 3600)
        );
    }

    #[test]
    fn a_week_starts_on_monday() {
        // 2026-05-25.
        let monday = Day::from_number(20_598);
        for number in 20_598..20_605 {
            assert_eq!(Day::from_number(number).monday(), monday);
        }
        assert_eq!(monday.previous().monday(), Day::from_number(20_591));
        assert_eq!(Day::from_number(0).monday(), Day::from_number(-3));
        assert_eq!(Day::from_number(i64::MIN).monday(), Day::from_number(i64::MIN));
    }

    #[test]
    fn time_saturates_instead_of_wrapping() {
        let last = Timestamp::from_millis(i64::MAX);
        assert_eq!(last.plus(Duration::from_secs(1)), last);
        assert_eq!(Timestamp::from_millis(i64::MIN).since(last), Duration::ZERO);
        assert_eq!(
            Timestamp::from_millis(i64::MIN).minus(Duration::MAX),
            Timestamp::from_millis(i64::MIN)
        );
    }
}
