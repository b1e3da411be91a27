use std::{fmt, str::FromStr};

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveTime, SecondsFormat};
use horizon_core::Timestamp;

/// A day (midnight, UTC), or a date and time with an offset.
///
/// ```
/// use horizon_posts::Date;
/// let day: Date = "2026-11-23".parse()?;
/// assert_eq!(day.to_string(), "23 November 2026");
/// assert_eq!(day.rfc3339(), "2026-11-23T00:00:00Z");
/// # Ok::<(), horizon_posts::DateError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Date(DateTime<FixedOffset>);

/// The text is not a [`Date`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a date is YYYY-MM-DD or RFC 3339, such as 2026-11-23 or 2026-11-23T09:30:00+01:00")]
pub struct DateError;

/// The length of `YYYY-MM-DD`, in bytes.
const DAY_BYTES: usize = 10;

impl Date {
    /// Returns RFC 3339: `2026-11-23T00:00:00Z`.
    #[must_use]
    pub fn rfc3339(&self) -> String {
        self.0.to_rfc3339_opts(SecondsFormat::Secs, true)
    }

    /// Returns the day in the author's offset: `2026-11-23`.
    #[must_use]
    pub fn day(&self) -> String {
        self.0.format("%Y-%m-%d").to_string()
    }

    /// Returns milliseconds since the Unix epoch.
    #[must_use]
    pub fn unix_millis(&self) -> i64 {
        self.0.timestamp_millis()
    }

    pub(crate) fn timestamp(&self) -> Timestamp {
        Timestamp::from_millis(self.unix_millis())
    }

    pub(crate) fn rfc2822(&self) -> String {
        self.0.to_rfc2822()
    }

    pub(crate) fn date_time(&self) -> DateTime<FixedOffset> {
        self.0
    }
}

impl FromStr for Date {
    type Err = DateError;

    fn from_str(text: &str) -> Result<Self, DateError> {
        // chrono also accepts `2026-1-5` and years of any length, which RFC 3339 cannot represent.
        let shaped = text.char_indices().take(DAY_BYTES).all(|(i, c)| match i {
            4 | 7 => c == '-',
            _ => c.is_ascii_digit(),
        });
        if !shaped {
            return Err(DateError);
        }
        if text.len() != DAY_BYTES {
            return DateTime::parse_from_rfc3339(text).map(Self).map_err(|_| DateError);
        }
        NaiveDate::parse_from_str(text, "%Y-%m-%d")
            .map(|day| Self(day.and_time(NaiveTime::MIN).and_utc().fixed_offset()))
            .map_err(|_| DateError)
    }
}

/// Formats as `23 November 2026`.
impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.format("%-d %B %Y"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_and_a_moment_are_dates() {
        let day: Date = "2026-01-05".parse().unwrap();
        assert_eq!(
            (day.to_string(), day.rfc3339(), day.day()),
            (
                "5 January 2026".into(),
                "2026-01-05T00:00:00Z".into(),
                "2026-01-05".into()
            )
        );
        let date_time: Date = "2026-11-23T00:30:00+01:00".parse().unwrap();
        assert_eq!(date_time.to_string(), "23 November 2026", "the author's day, not UTC's");
        assert_eq!(date_time.rfc3339(), "2026-11-23T00:30:00+01:00");
        assert!(
            date_time < "2026-11-23".parse().unwrap(),
            "it was still the 22nd in UTC"
        );
    }

    #[test]
    fn anything_else_is_not_a_date() {
        for bad in [
            "",
            "2026",
            "2026-1-5",
            "2026-02-30",
            "23.11.2026",
            "+2026-11-23",
            "2026-11-23 10:00",
            "2026-11-23T25:00:00Z",
            "2026-11-2ä",
            "tomorrow",
        ] {
            assert_eq!(bad.parse::<Date>(), Err(DateError), "{bad:?}");
        }
    }
}
