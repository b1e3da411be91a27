use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Counts, Dimension, ReadingTimes, ReportSite, SessionId, SessionRow, VisitorState};
use crate::{Day, Timestamp, Topic, VisitorKey};

/// What a store writes after a batch, in the transaction that applies it. Each key is there once.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ReportChanges {
    /// The state of the site. Replace it.
    pub site: ReportSite,
    /// Add to the hours of the topics. The timestamp is the start of the hour.
    pub hours: BTreeMap<(Topic, Timestamp), TopicCounts>,
    /// Add to the days of the topics.
    pub days: BTreeMap<(Topic, Day), TopicCounts>,
    /// Add to the days of the dimensions' values.
    pub dimensions: BTreeMap<(Dimension, Day, Arc<str>), Counts>,
    /// Add to the numbers of custom events of a topic in an hour, by name.
    pub custom_events: BTreeMap<(Topic, Timestamp, Arc<str>), i64>,
    /// Add to what the topics have from before the store kept reports.
    pub undated: BTreeMap<Topic, Counts>,
    /// The states of visitors. Insert or replace them.
    pub visitors: Vec<(Topic, VisitorKey, VisitorState)>,
    /// The rows of sessions that were joined with another one. Delete them before the others are written.
    pub removed_sessions: Vec<SessionId>,
    /// The rows of sessions. Insert or replace them.
    pub sessions: Vec<SessionRow>,
}

/// The numbers of a topic in an hour or on a day, or their change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TopicCounts {
    /// The numbers.
    pub counts: Counts,
    /// The reading times of the page visits.
    pub reading_times: ReadingTimes,
}

impl TopicCounts {
    /// Returns whether there is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.counts.is_zero() && self.reading_times.is_empty()
    }

    /// Adds the numbers of another bucket or a change.
    pub fn merge(&mut self, other: &Self) {
        self.counts += other.counts;
        self.reading_times.merge(&other.reading_times);
    }
}

impl ReportChanges {
    pub(super) const fn new(site: ReportSite) -> Self {
        Self {
            site,
            hours: BTreeMap::new(),
            days: BTreeMap::new(),
            dimensions: BTreeMap::new(),
            custom_events: BTreeMap::new(),
            undated: BTreeMap::new(),
            visitors: Vec::new(),
            removed_sessions: Vec::new(),
            sessions: Vec::new(),
        }
    }

    /// Drops the changes that cancel each other out.
    pub(super) fn drop_empty(&mut self) {
        self.hours.retain(|_, change| !change.is_empty());
        self.days.retain(|_, change| !change.is_empty());
        self.dimensions.retain(|_, counts| !counts.is_zero());
        self.custom_events.retain(|_, count| *count != 0);
        self.undated.retain(|_, counts| !counts.is_zero());
    }

    /// Returns the change of a topic's total: that of its hours and that of what is undated.
    pub(super) fn visits_of(&self, topic: &Topic) -> i64 {
        let first = (topic.clone(), Timestamp::from_millis(i64::MIN));
        let hours = self.hours.range(first..).take_while(|((of, _), _)| of == topic);
        let dated = hours
            .map(|(_, change)| change.counts.visits)
            .fold(0, i64::saturating_add);
        dated.saturating_add(self.undated.get(topic).map_or(0, |counts| counts.visits))
    }
}
