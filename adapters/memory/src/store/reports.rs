//! The buckets, visitors and sessions of the reports.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use horizon_core::reports::{
    BucketChange, Counts, Dimension, MAX_VALUES, NumberKind, ReportChanges, SessionId, SessionRow, SiteState,
    SiteTimeZone, VisitorState,
};
use horizon_core::{Day, Timestamp, Topic, VisitorKey};

/// The tables of the reports. All events are dated, because the store starts empty.
#[derive(Default)]
pub(super) struct ReportTables {
    /// The zone of the site until the first event.
    pub(super) zone: SiteTimeZone,
    /// `None` before the first event.
    pub(super) site: Option<SiteState>,
    pub(super) hours: BTreeMap<(Topic, Timestamp), BucketChange>,
    pub(super) days: BTreeMap<(Topic, Day), BucketChange>,
    pub(super) dimensions: BTreeMap<(Dimension, Day, Arc<str>), Counts>,
    pub(super) custom_events: BTreeMap<(Topic, Timestamp, Arc<str>), i64>,
    pub(super) visitors: HashMap<(Topic, VisitorKey), VisitorState>,
    pub(super) sessions: BTreeMap<SessionId, SessionRow>,
    values: HashMap<(Day, Dimension), BTreeSet<Arc<str>>>,
    numbers: HashMap<(Day, NumberKind), u32>,
    /// The first day whose sessions are not erased.
    pub(super) first_session_day: Option<Day>,
}

impl ReportTables {
    pub(super) fn site_state(&self) -> SiteState {
        self.site.clone().unwrap_or_else(|| SiteState::new(self.zone.clone()))
    }

    pub(super) fn claim_value(&mut self, day: Day, dimension: Dimension, value: &str) -> bool {
        let values = self.values.entry((day, dimension)).or_default();
        values.contains(value) || (values.len() < MAX_VALUES && values.insert(value.into()))
    }

    pub(super) fn next_number(&mut self, day: Day, kind: NumberKind) -> u32 {
        let next = self.numbers.entry((day, kind)).or_default();
        let number = *next;
        *next = next.saturating_add(1);
        number
    }

    pub(super) fn write(&mut self, changes: ReportChanges) {
        self.site = Some(changes.site);
        for (key, change) in changes.hours {
            add(self.hours.entry(key).or_default(), &change);
        }
        for (key, change) in changes.days {
            add(self.days.entry(key).or_default(), &change);
        }
        for (key, counts) in changes.dimensions {
            *self.dimensions.entry(key).or_default() += counts;
        }
        for (key, count) in changes.custom_events {
            *self.custom_events.entry(key).or_default() += count;
        }
        for (topic, visitor, state) in changes.visitors {
            self.visitors.insert((topic, visitor), state);
        }
        for id in changes.removed_sessions {
            self.sessions.remove(&id);
        }
        self.sessions
            .extend(changes.sessions.into_iter().map(|row| (row.id, row)));
    }

    /// Closes days by the clock, and erases what no event can change any more.
    pub(super) fn expire(&mut self, now: Timestamp) {
        let Some(site) = &mut self.site else { return };
        site.close_by_clock(now);
        let Some(cutoff) = site.cutoff() else { return };
        self.visitors.retain(|_, state| !state.is_closed(cutoff));
        let first = site.time_zone().day_of(cutoff).previous();
        self.values.retain(|(day, _), _| *day >= first);
    }
}

fn add(bucket: &mut BucketChange, change: &BucketChange) {
    bucket.counts += change.counts;
    bucket.reading_times.merge(&change.reading_times);
}
