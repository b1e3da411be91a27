use super::{LocalTime, SiteTimeZone};
use crate::{Day, Timestamp};

/// The maximum number of days in a cache. Batches rarely have events of more.
const MAX_DAYS: usize = 16;

/// Converts instants to local times, and remembers the last days.
#[derive(Debug)]
pub(super) struct DayCache {
    zone: SiteTimeZone,
    /// Each with its start and its end.
    days: Vec<(Day, Timestamp, Timestamp)>,
}

impl DayCache {
    pub(super) const fn new(zone: SiteTimeZone) -> Self {
        Self { zone, days: Vec::new() }
    }

    pub(super) fn local_time(&mut self, at: Timestamp) -> LocalTime {
        let found = self.days.iter().find(|(_, start, end)| *start <= at && at < *end);
        let (day, start) = match found {
            Some((day, start, _)) => (*day, *start),
            None => self.add(at),
        };
        LocalTime::in_day(day, start, at)
    }

    /// Returns the day of an instant and its start.
    fn add(&mut self, at: Timestamp) -> (Day, Timestamp) {
        let day = self.zone.day_of(at);
        let (start, end) = (self.zone.day_start(day), self.zone.day_start(day.next()));
        self.days.truncate(MAX_DAYS - 1);
        self.days.insert(0, (day, start, end));
        (day, start)
    }

    pub(super) fn day_start(&self, day: Day) -> Timestamp {
        let found = self.days.iter().find(|(known, ..)| *known == day);
        found.map_or_else(|| self.zone.day_start(day), |(_, start, _)| *start)
    }
}
