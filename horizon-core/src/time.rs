use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A moment: milliseconds since 1970-01-01T00:00:00Z, without leap seconds (Unix time).
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use horizon_core::Timestamp;
///
/// let since = SystemTime::UNIX_EPOCH.elapsed()?;
/// let now = Timestamp::from_millis(i64::try_from(since.as_millis())?);
/// let soon = now.plus(Duration::from_secs(60));
/// assert!(soon > now);
/// assert_eq!(soon.since(now), Duration::from_secs(60));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

/// A UTC day: days since 1970-01-01.
///
/// ```
/// use horizon_core::{Day, Timestamp};
///
/// let day = Timestamp::from_millis(1_800_000_000_000).day();
/// assert_eq!(day.number(), 20_833);
/// assert_eq!(day.previous(), Day::from_number(20_832));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Day(i64);

const DAY_MILLIS: i64 = 24 * 3600 * 1000;

impl Timestamp {
    /// The moment `millis` milliseconds after the start of 1970 (UTC).
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds since the start of 1970 (UTC).
    #[must_use]
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// How long `earlier` was before `self`; zero if it was not.
    ///
    /// ```
    /// use std::time::Duration;
    /// use horizon_core::Timestamp;
    ///
    /// let (early, late) = (Timestamp::from_millis(1_000), Timestamp::from_millis(3_000));
    /// assert_eq!(late.since(early), Duration::from_secs(2));
    /// assert_eq!(early.since(late), Duration::ZERO);
    /// ```
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// The moment `wait` later, at most the last one that can be said.
    ///
    /// ```
    /// use std::time::Duration;
    /// use horizon_core::Timestamp;
    ///
    /// assert_eq!(Timestamp::from_millis(500).plus(Duration::from_secs(1)), Timestamp::from_millis(1_500));
    /// assert_eq!(Timestamp::from_millis(i64::MAX).plus(Duration::MAX), Timestamp::from_millis(i64::MAX));
    /// ```
    #[must_use]
    pub fn plus(self, wait: Duration) -> Self {
        Self(
            self.0
                .saturating_add(i64::try_from(wait.as_millis()).unwrap_or(i64::MAX)),
        )
    }

    /// The moment `ago` earlier, at least the first one that can be said.
    ///
    /// ```
    /// use std::time::Duration;
    /// use horizon_core::Timestamp;
    /// assert_eq!(Timestamp::from_millis(1_500).minus(Duration::from_secs(1)), Timestamp::from_millis(500));
    /// ```
    #[must_use]
    pub fn minus(self, ago: Duration) -> Self {
        Self(
            self.0
                .saturating_sub(i64::try_from(ago.as_millis()).unwrap_or(i64::MAX)),
        )
    }

    /// The UTC day of this moment.
    ///
    /// ```
    /// use horizon_core::{Day, Timestamp};
    ///
    /// assert_eq!(Timestamp::from_millis(86_399_999).day(), Day::from_number(0));
    /// assert_eq!(Timestamp::from_millis(86_400_000).day(), Day::from_number(1));
    /// ```
    #[must_use]
    pub const fn day(self) -> Day {
        Day(self.0.div_euclid(DAY_MILLIS))
    }
}

impl Day {
    /// The day `number` days after 1970-01-01.
    #[must_use]
    pub const fn from_number(number: i64) -> Self {
        Self(number)
    }

    /// Days since 1970-01-01.
    #[must_use]
    pub const fn number(self) -> i64 {
        self.0
    }

    /// The day before.
    #[must_use]
    pub const fn previous(self) -> Self {
        Self(self.0.saturating_sub(1))
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
