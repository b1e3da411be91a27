use std::{fmt, str::FromStr};

use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, SecondsFormat, Timelike};
use horizon_core::{Timestamp, reports::SiteTimeZone};
use jiff::tz::{TimeZone, TimeZoneDatabase};

use crate::date_text::DateText;

/// A day (midnight), or a date and time, with an offset from UTC.
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

    /// Returns year, month and day in the author's offset.
    #[must_use]
    pub fn year_month_day(&self) -> (i32, u8, u8) {
        let small = |number: u32| u8::try_from(number).unwrap_or_default();
        (self.0.year(), small(self.0.month()), small(self.0.day()))
    }

    /// Returns milliseconds since the Unix epoch.
    #[must_use]
    pub fn unix_millis(&self) -> i64 {
        self.0.timestamp_millis()
    }

    /// Parses the forms of dates in front matter, such as `2019-1-2 15:04:05 -0500`, `8 July 2022` or `Jul 8, 2022`. A
    /// date without an offset is in `zone`.
    pub(crate) fn parse_in(text: &str, zone: &TimeZone) -> Result<Self, DateError> {
        if text.len() > DAY_BYTES
            && let Ok(date) = text.parse()
        {
            return Ok(date);
        }
        let parts = DateText::parse(text).ok_or(DateError)?;
        let date = match parts.offset {
            Some(offset) => parts.time.and_local_timezone(offset).single(),
            None => in_zone(parts.time, zone),
        };
        date.map(Self).ok_or(DateError)
    }

    /// Returns the start of the same day in another zone.
    pub(crate) fn in_zone(&self, zone: &TimeZone) -> Option<Self> {
        in_zone(self.0.date_naive().and_time(NaiveTime::MIN), zone).map(Self)
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

/// Returns the zone for conversions.
pub(crate) fn zone(site: &SiteTimeZone) -> TimeZone {
    // `SiteTimeZone` has its name from the same database.
    TimeZoneDatabase::bundled().get(site.name()).unwrap_or(TimeZone::UTC)
}

/// Returns the instant at which the clocks of a zone show this time. Where they skip it, returns the same time after it
/// was skipped.
fn in_zone(time: NaiveDateTime, zone: &TimeZone) -> Option<DateTime<FixedOffset>> {
    let narrow = |number: u32| i8::try_from(number).ok();
    let date = jiff::civil::Date::new(
        i16::try_from(time.year()).ok()?,
        narrow(time.month())?,
        narrow(time.day())?,
    );
    let clock = jiff::civil::Time::new(narrow(time.hour())?, narrow(time.minute())?, narrow(time.second())?, 0);
    let local = date.ok()?.to_datetime(clock.ok()?);
    let instant = zone.to_ambiguous_timestamp(local).compatible().ok()?;
    let offset = FixedOffset::east_opt(zone.to_offset(instant).seconds())?;
    DateTime::from_timestamp(instant.as_second(), 0).map(|utc| utc.with_timezone(&offset))
}

/// Accepts only the two forms that [`DateError`] names. A day is in UTC.
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

    #[test]
    fn dates_of_other_programs_are_read() {
        let zone = TimeZone::UTC;
        for (text, expected) in [
            ("2026-11-23", "2026-11-23T00:00:00Z"),
            ("2019-1-2", "2019-01-02T00:00:00Z"),
            ("2019/01/02", "2019-01-02T00:00:00Z"),
            ("2019-01-02 15:04:05 -0500", "2019-01-02T15:04:05-05:00"),
            ("2019-01-02 15:04:05 +0000", "2019-01-02T15:04:05Z"),
            ("2019-01-02 15:04:05 +0000 UTC", "2019-01-02T15:04:05Z"),
            ("2019-01-02T15:04:05-0500", "2019-01-02T15:04:05-05:00"),
            ("2019-01-02T15:04", "2019-01-02T15:04:00Z"),
            ("2019-1-2 7:04", "2019-01-02T07:04:00Z"),
            ("2019-01-02 15:04:05.123", "2019-01-02T15:04:05Z"),
            ("2019-01-02 15:04:05Z", "2019-01-02T15:04:05Z"),
            ("2019-01-02 15:04:05 +01:00", "2019-01-02T15:04:05+01:00"),
            ("2019-01-02t15:04:05+01", "2019-01-02T15:04:05+01:00"),
            ("2019-01-02 03:04 PM", "2019-01-02T15:04:00Z"),
            ("2019-01-02 12:04 am", "2019-01-02T00:04:00Z"),
            ("Jul 08 2022", "2022-07-08T00:00:00Z"),
            ("July 8, 2022", "2022-07-08T00:00:00Z"),
            ("8 July 2022 10:00", "2022-07-08T10:00:00Z"),
            ("Mon, 02 Jan 2006 15:04:05 -0700", "2006-01-02T15:04:05-07:00"),
            ("Mon, 02 Jan 2006 15:04:05 GMT", "2006-01-02T15:04:05Z"),
        ] {
            let date = Date::parse_in(text, &zone).map(|date| date.rfc3339());
            assert_eq!(date.as_deref(), Ok(expected), "{text:?}");
        }
        for bad in [
            "",
            "2026",
            "20260102",
            "2026-02-30",
            "23.11.2026",
            "01/02/2026",
            "2026-11-23T25:00",
            "2026-11-23 10:00 EST",
            "2026-11-23 10",
            "2026-11-23 10:00 +99:00",
            "Smarch 3 2026",
            "July 2026",
            "tomorrow",
            "2026-11-2ä",
            "99999-01-01",
        ] {
            assert_eq!(Date::parse_in(bad, &zone), Err(DateError), "{bad:?}");
        }
    }

    #[test]
    fn a_date_without_an_offset_is_in_the_time_zone_of_the_blog() {
        let zone = TimeZoneDatabase::bundled().get("America/New_York").unwrap();
        for (text, expected) in [
            ("2026-07-01", "2026-07-01T00:00:00-04:00"),
            ("2026-01-01 09:00", "2026-01-01T09:00:00-05:00"),
            ("2026-01-01 09:00 +01:00", "2026-01-01T09:00:00+01:00"),
            // The clocks skip this hour.
            ("2026-03-08 02:30", "2026-03-08T03:30:00-04:00"),
        ] {
            assert_eq!(Date::parse_in(text, &zone).unwrap().rfc3339(), expected, "{text}");
        }
        let date = Date::parse_in("2026-07-01", &zone).unwrap();
        assert_eq!(date.year_month_day(), (2026, 7, 1));
    }
}
