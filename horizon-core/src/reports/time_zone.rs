use std::{fmt, sync::Arc};

use jiff::tz::{self, TimeZoneDatabase};
use jiff::{ToSpan, civil};

use crate::{Day, Timestamp};

/// An hour in milliseconds.
pub(super) const HOUR_MILLIS: i64 = 3600 * 1000;

/// The first day that can be converted: -9999-01-02.
const FIRST_DAY: i64 = -4_371_586;

/// The last day that can be converted: 9999-12-29.
const LAST_DAY: i64 = 2_932_894;

/// The highest [`LocalTime::hour_index`]. No known day has more than 26 hours.
const MAX_HOUR_INDEX: u8 = 31;

/// The time zone of a site. Its days and hours are those of the reports.
///
/// A day starts at its first existing instant. Its hours are counted from there, so a day on which the clocks change
/// has 23 or 25 hours.
///
/// ```
/// use horizon_core::reports::SiteTimeZone;
/// use horizon_core::{Day, Timestamp};
///
/// let berlin = SiteTimeZone::new("Europe/Berlin")?;
/// let spring = berlin.day_of(Timestamp::from_millis(1_743_300_000_000)); // 2025-03-30
/// let hours = berlin.day_start(spring.next()).since(berlin.day_start(spring)).as_secs() / 3600;
/// assert_eq!(hours, 23);
/// assert!(SiteTimeZone::new("Europe/Atlantis").is_err());
/// # Ok::<(), horizon_core::reports::TimeZoneError>(())
/// ```
#[derive(Clone)]
pub struct SiteTimeZone {
    name: Arc<str>,
    zone: tz::TimeZone,
}

/// A name that is not in the IANA time zone database.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` is not a time zone. Use an IANA name such as `UTC` or `Europe/Berlin`")]
pub struct TimeZoneError {
    name: String,
}

/// An instant on the calendar of a site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LocalTime {
    /// The day.
    pub day: Day,
    /// The instant at which the hour starts.
    pub hour: Timestamp,
    /// The number of whole hours since the day's start, at most 31.
    pub hour_index: u8,
}

impl SiteTimeZone {
    /// Returns the time zone with this IANA name, from the database that is compiled in.
    ///
    /// # Errors
    /// Fails if the database does not have the name.
    pub fn new(name: &str) -> Result<Self, TimeZoneError> {
        let zone = TimeZoneDatabase::bundled().get(name);
        let zone = zone.map_err(|_| TimeZoneError {
            name: crate::clean_text(name).chars().take(64).collect(),
        })?;
        Ok(Self {
            name: zone.iana_name().unwrap_or(name).into(),
            zone,
        })
    }

    /// Returns UTC, the default.
    #[must_use]
    pub fn utc() -> Self {
        Self {
            name: "UTC".into(),
            zone: tz::TimeZone::UTC,
        }
    }

    /// Returns the IANA name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the day of an instant.
    #[must_use]
    pub fn day_of(&self, at: Timestamp) -> Day {
        let instant = jiff::Timestamp::from_millisecond(at.as_millis());
        let limit = if at.as_millis() < 0 { FIRST_DAY } else { LAST_DAY };
        let day = instant.map_or(Day::from_number(limit), |at| {
            number_of(self.zone.to_datetime(at).date())
        });
        // Where clocks go back over midnight, the date of an instant is not its day.
        if at < self.day_start(day) {
            day.previous()
        } else if at >= self.day_start(day.next()) {
            day.next()
        } else {
            day
        }
    }

    /// Returns the first instant of a day.
    #[must_use]
    pub fn day_start(&self, day: Day) -> Timestamp {
        let midnight = date_of(day).to_datetime(civil::Time::midnight());
        let start = self.zone.to_ambiguous_timestamp(midnight).compatible();
        let limit = if day.number() < 0 { i64::MIN } else { i64::MAX };
        Timestamp::from_millis(start.map_or(limit, jiff::Timestamp::as_millisecond))
    }

    /// Returns the day and the hour of an instant.
    #[must_use]
    pub fn local_time(&self, at: Timestamp) -> LocalTime {
        let day = self.day_of(at);
        LocalTime::in_day(day, self.day_start(day), at)
    }

    /// Returns the instants at which the hours of a day start, in order.
    ///
    /// ```
    /// use horizon_core::reports::SiteTimeZone;
    ///
    /// let berlin = SiteTimeZone::new("Europe/Berlin")?;
    /// let hours = berlin.hours("2025-03-30".parse()?);
    /// assert_eq!(hours.len(), 23);
    /// assert_eq!(berlin.clock_text(hours[2]), "2025-03-30 03:00:00");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn hours(&self, day: Day) -> Vec<Timestamp> {
        let (start, end) = (self.day_start(day), self.day_start(day.next()));
        let hour = |index| Timestamp::from_millis(start.as_millis().saturating_add(i64::from(index) * HOUR_MILLIS));
        (0..=MAX_HOUR_INDEX).map(hour).take_while(|hour| *hour < end).collect()
    }

    /// Returns the date and the time on the clocks of the site, such as `2026-11-29 21:00:00`. When clocks go back, two
    /// hours have the same text.
    #[must_use]
    pub fn clock_text(&self, at: Timestamp) -> String {
        self.zone
            .to_datetime(instant_of(at))
            .strftime("%Y-%m-%d %H:%M:%S")
            .to_string()
    }
}

impl LocalTime {
    /// Returns the hour of an instant in a day that starts at `start`.
    pub(crate) fn in_day(day: Day, start: Timestamp, at: Timestamp) -> Self {
        let hours = at.as_millis().saturating_sub(start.as_millis()).div_euclid(HOUR_MILLIS);
        let hour_index = u8::try_from(hours).unwrap_or(MAX_HOUR_INDEX).min(MAX_HOUR_INDEX);
        let offset = i64::from(hour_index) * HOUR_MILLIS;
        Self {
            day,
            hour: Timestamp::from_millis(start.as_millis().saturating_add(offset)),
            hour_index,
        }
    }
}

/// Returns the value of [`Dimension::Hour`](super::Dimension::Hour) of the hour that starts at this instant.
///
/// ```
/// use horizon_core::{Timestamp, reports::hour_value};
///
/// assert_eq!(hour_value(Timestamp::from_millis(1_800_000_000_000)), "2027-01-15T08:00:00Z");
/// ```
#[must_use]
pub fn hour_value(start: Timestamp) -> String {
    instant_of(start).to_string()
}

/// Returns the instant, clamped to those that exist.
fn instant_of(at: Timestamp) -> jiff::Timestamp {
    let limit = if at.as_millis() < 0 {
        jiff::Timestamp::MIN
    } else {
        jiff::Timestamp::MAX
    };
    jiff::Timestamp::from_millisecond(at.as_millis()).unwrap_or(limit)
}

/// Returns the date of a day, clamped to the dates that exist.
pub(crate) fn date_of(day: Day) -> civil::Date {
    let number = day.number().clamp(FIRST_DAY, LAST_DAY);
    civil::date(1970, 1, 1).saturating_add(number.days())
}

/// Returns the day of a date.
pub(crate) fn number_of(date: civil::Date) -> Day {
    let since = date.duration_since(civil::date(1970, 1, 1));
    Day::from_number(since.as_hours().div_euclid(24))
}

impl Default for SiteTimeZone {
    fn default() -> Self {
        Self::utc()
    }
}

impl PartialEq for SiteTimeZone {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for SiteTimeZone {}

impl fmt::Debug for SiteTimeZone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SiteTimeZone").field(&self.name).finish()
    }
}

impl fmt::Display for SiteTimeZone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone(name: &str) -> SiteTimeZone {
        SiteTimeZone::new(name).unwrap()
    }

    fn hours(zone: &SiteTimeZone, year: i16, month: i8, day: i8) -> f64 {
        let day = number_of(civil::date(year, month, day));
        zone.day_start(day.next()).since(zone.day_start(day)).as_secs_f64() / 3600.0
    }

    #[test]
    fn days_have_the_hours_that_their_clocks_show() {
        assert_eq!(hours(&zone("Europe/Berlin"), 2025, 3, 30), 23.0);
        assert_eq!(hours(&zone("Europe/Berlin"), 2025, 10, 26), 25.0);
        // Clocks change by half an hour.
        assert_eq!(hours(&zone("Australia/Lord_Howe"), 2025, 4, 6), 24.5);
        // The day starts at one o'clock.
        assert_eq!(hours(&zone("Africa/Cairo"), 2025, 4, 25), 23.0);
        // The day was skipped.
        assert_eq!(hours(&zone("Pacific/Apia"), 2011, 12, 30), 0.0);
    }

    #[test]
    fn every_instant_is_in_the_day_that_contains_it() {
        for name in [
            "UTC",
            "Asia/Kolkata",
            "Africa/Cairo",
            "America/Scoresbysund",
            "Pacific/Apia",
        ] {
            let zone = zone(name);
            let mut last = Day::from_number(i64::MIN);
            for quarter in 0..4 * 24 * 366 {
                let at = Timestamp::from_millis(1_700_000_000_000 + quarter * 15 * 60 * 1000);
                let local = zone.local_time(at);
                assert!(local.day >= last, "{name} {at:?}");
                assert!(
                    zone.day_start(local.day) <= at && at < zone.day_start(local.day.next()),
                    "{name} {at:?}"
                );
                assert!(
                    local.hour <= at && at.since(local.hour).as_secs() < 3600,
                    "{name} {at:?} {local:?}"
                );
                last = local.day;
            }
        }
    }

    #[test]
    fn the_hours_of_a_day_are_those_of_its_clocks() {
        let berlin = zone("Europe/Berlin");
        let texts = |year, month, day| -> Vec<String> {
            let hours = berlin.hours(number_of(civil::date(year, month, day)));
            hours.into_iter().map(|hour| berlin.clock_text(hour)).collect()
        };
        let autumn = texts(2025, 10, 26);
        assert_eq!(autumn.len(), 25);
        assert_eq!(autumn.first().unwrap(), "2025-10-26 00:00:00");
        assert_eq!(
            (autumn[2].as_str(), autumn[3].as_str()),
            ("2025-10-26 02:00:00", "2025-10-26 02:00:00")
        );
        assert_eq!(autumn.last().unwrap(), "2025-10-26 23:00:00");
        assert_eq!(texts(2025, 3, 30).len(), 23);
        assert_eq!(
            zone("Australia/Lord_Howe")
                .hours(number_of(civil::date(2025, 4, 6)))
                .len(),
            25
        );
        assert!(
            zone("Pacific/Apia")
                .hours(number_of(civil::date(2011, 12, 30)))
                .is_empty()
        );
    }

    #[test]
    fn the_ends_of_time_have_days() {
        for zone in [SiteTimeZone::utc(), zone("Asia/Tokyo"), zone("America/New_York")] {
            for millis in [i64::MIN, i64::MAX] {
                let _ = zone.local_time(Timestamp::from_millis(millis));
                let _ = zone.day_start(Day::from_number(millis));
                let _ = zone.hours(Day::from_number(millis));
                assert!(!zone.clock_text(Timestamp::from_millis(millis)).is_empty());
            }
        }
    }
}
