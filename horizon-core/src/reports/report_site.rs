use std::time::Duration;

use super::SiteTimeZone;
use crate::Timestamp;

/// How long a day stays open after its end: until an event is this much later, or the clock another 24 hours.
const OPEN_AFTER_END: Duration = Duration::from_secs(24 * 3600);

/// How much later than an event the clock closes a day.
const CLOCK_DELAY: Duration = Duration::from_secs(24 * 3600);

/// What a store keeps of the site as a whole for its reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportSite {
    time_zone: SiteTimeZone,
    cutoff: Option<Timestamp>,
    late_events: u64,
    /// The end of the day that starts at the cutoff.
    open_day_end: Option<Timestamp>,
}

impl ReportSite {
    /// Returns the state of a site without events.
    #[must_use]
    pub const fn new(time_zone: SiteTimeZone) -> Self {
        Self {
            time_zone,
            cutoff: None,
            late_events: 0,
            open_day_end: None,
        }
    }

    /// Returns a state that was stored.
    #[must_use]
    pub fn stored(time_zone: SiteTimeZone, cutoff: Option<Timestamp>, late_events: u64) -> Self {
        let end = cutoff.map(|cutoff| time_zone.day_start(time_zone.day_of(cutoff).next()));
        Self {
            time_zone,
            cutoff,
            late_events,
            open_day_end: end,
        }
    }

    /// Returns the time zone.
    #[must_use]
    pub const fn time_zone(&self) -> &SiteTimeZone {
        &self.time_zone
    }

    /// Returns the start of the first day that is not closed, or `None` before the first event.
    #[must_use]
    pub const fn cutoff(&self) -> Option<Timestamp> {
        self.cutoff
    }

    /// Returns the number of visits that came after their day was closed.
    #[must_use]
    pub const fn late_events(&self) -> u64 {
        self.late_events
    }

    /// Returns whether a visit at this time is late.
    #[must_use]
    pub fn is_late(&self, at: Timestamp) -> bool {
        self.cutoff.is_some_and(|cutoff| at < cutoff)
    }

    /// Counts a late visit.
    pub(super) const fn count_late_event(&mut self) {
        self.late_events = self.late_events.saturating_add(1);
    }

    /// Closes the days that ended 24 hours before an event.
    pub fn close_by_event(&mut self, at: Timestamp) {
        self.close_before(at.minus(OPEN_AFTER_END));
    }

    /// Closes the days that ended 48 hours ago. Does nothing before the first event.
    pub fn close_by_clock(&mut self, now: Timestamp) {
        if self.cutoff.is_some() {
            self.close_before(clock_instant(now));
        }
    }

    /// Returns the start of the first day that the clock does not close at `now`. The [cutoff](Self::cutoff) may be
    /// later, because events close days too.
    #[must_use]
    pub fn cutoff_by_clock(&self, now: Timestamp) -> Timestamp {
        self.time_zone.day_start(self.time_zone.day_of(clock_instant(now)))
    }

    fn close_before(&mut self, at: Timestamp) {
        if self.open_day_end.is_some_and(|end| at < end) {
            return;
        }
        let day = self.time_zone.day_of(at);
        self.cutoff = Some(self.time_zone.day_start(day));
        self.open_day_end = Some(self.time_zone.day_start(day.next()));
    }
}

/// Returns the instant before which the days have ended that the clock closes at `now`.
fn clock_instant(now: Timestamp) -> Timestamp {
    now.minus(OPEN_AFTER_END + CLOCK_DELAY)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_closes_a_day_after_its_end_by_an_event_and_two_days_after_it_by_the_clock() {
        let day = |number: f64| Timestamp::default().plus(Duration::from_secs_f64(number * 24.0 * 3600.0));
        let mut site = ReportSite::new(SiteTimeZone::utc());
        site.close_by_clock(day(10.0));
        assert_eq!(site.cutoff(), None);
        assert_eq!(site.cutoff_by_clock(day(10.9)), day(8.0));
        site.close_by_event(day(5.5));
        assert_eq!(site.cutoff(), Some(day(4.0)));
        assert!(site.is_late(day(3.9)) && !site.is_late(day(4.0)));
        site.close_by_event(day(3.0));
        site.close_by_event(day(5.9));
        site.close_by_clock(day(6.9));
        assert_eq!(site.cutoff(), Some(day(4.0)));
        site.close_by_event(day(6.0));
        assert_eq!(site.cutoff(), Some(day(5.0)));
        site.close_by_clock(day(8.0));
        assert_eq!(site.cutoff(), Some(day(6.0)));
        assert_eq!(ReportSite::stored(SiteTimeZone::utc(), Some(day(6.0)), 0), site);
    }
}
