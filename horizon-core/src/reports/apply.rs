use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::day_cache::DayCache;
use super::visitor_state::seconds_of;
use super::{Counts, Dimension, ReportChanges, ReportLedger, SessionId, StoredLike, VisitorState};
use crate::ledger::{apply_comment, apply_verdict};
use crate::{
    Day, Delta, Event, EventCounts, EventId, EventKind, EventName, ReaderId, Timestamp, Topic, Update, Visibility,
    Visit, VisitCause, VisitorKey,
};

/// Counts each event once, like [`apply_events`](crate::apply_events), and notes when it happened and in which session.
///
/// Visits are counted by [`VisitorState`], so their number does not depend on the order in which events arrive. Visits
/// of a closed day ([`ReportSite::is_late`](super::ReportSite::is_late)) are counted like those of readers without a
/// key.
///
/// Returns the totals of every topic that `events` name.
///
/// # Errors
/// Returns the errors of the ledger. The caller must then roll back.
pub fn apply_events_with_reports<L: ReportLedger>(ledger: &mut L, events: &[Event]) -> Result<Vec<Update>, L::Error> {
    let site = ledger.site_state()?;
    let mut batch = ReportBatch {
        ledger,
        days: DayCache::new(site.time_zone().clone()),
        changes: ReportChanges::new(site),
        deltas: BTreeMap::new(),
        event_counts: HashMap::new(),
        positions: HashMap::new(),
        visitors: Vec::new(),
        values: HashMap::new(),
    };
    for event in events {
        batch.deltas.entry(&event.topic).or_default();
        if batch.ledger.insert_event_id(event.id, event.at)? {
            batch.apply(event)?;
        }
    }
    batch.finish()
}

/// The events of one call of [`apply_events_with_reports`].
pub(super) struct ReportBatch<'a, L> {
    pub(super) ledger: &'a mut L,
    pub(super) days: DayCache,
    pub(super) changes: ReportChanges,
    /// The change of each topic's totals, without visits until the end.
    deltas: BTreeMap<&'a Topic, Delta>,
    /// The custom events so far, of the topics that have new ones.
    event_counts: HashMap<&'a Topic, EventCounts>,
    /// Where each visitor is in `visitors`.
    positions: HashMap<(&'a Topic, VisitorKey), usize>,
    visitors: Vec<BatchVisitor<'a>>,
    /// Whether each value is one of the first of its dimension and day.
    pub(super) values: HashMap<(Dimension, Day, Arc<str>), bool>,
}

/// A visitor of a batch.
struct BatchVisitor<'a> {
    topic: &'a Topic,
    visitor: VisitorKey,
    state: VisitorState,
    /// The rows that are stored.
    rows: Vec<SessionId>,
}

impl<'a, L: ReportLedger> ReportBatch<'a, L> {
    fn apply(&mut self, event: &'a Event) -> Result<(), L::Error> {
        let delta = match &event.kind {
            EventKind::Visit(visit) => {
                self.apply_visit(event, visit)?;
                Delta::default()
            }
            EventKind::Like { reader } => self.apply_like(event, *reader, true)?,
            EventKind::Unlike { reader } => self.apply_like(event, *reader, false)?,
            EventKind::Comment { .. } => {
                let delta = apply_comment(self.ledger, event)?;
                self.count_comments(&event.topic, Some(event.at), delta.comments);
                delta
            }
            EventKind::Moderate { comment, verdict } => self.apply_verdict(event, *comment, *verdict)?,
            EventKind::Custom { name, .. } => self.apply_custom(event, name)?,
        };
        *self.deltas.entry(&event.topic).or_default() += delta;
        self.changes.site.close_by_event(event.at);
        Ok(())
    }

    fn apply_visit(&mut self, event: &'a Event, visit: &Visit) -> Result<(), L::Error> {
        let is_late = self.changes.site.is_late(event.at);
        let is_open = visit.cause() == VisitCause::Open;
        if is_late {
            self.changes.site.count_late_event();
        }
        let Some(visitor) = visit.visitor.filter(|_| !is_late) else {
            if visit.visitor.is_some() {
                let seconds = seconds_of(visit).into();
                self.count(
                    &event.topic,
                    event.at,
                    Counts {
                        seconds,
                        ..Counts::default()
                    },
                );
            }
            return if is_open {
                self.count_anonymous(event, visit)
            } else {
                Ok(())
            };
        };
        let local = self.days.local_time(event.at);
        if is_open {
            let pageviews = 1;
            self.count(
                &event.topic,
                event.at,
                Counts {
                    pageviews,
                    ..Counts::default()
                },
            );
        }
        let position = self.position_of(&event.topic, visitor)?;
        if let Some(visitor) = self.visitors.get_mut(position) {
            visitor.state.add(event, visit, local);
        }
        Ok(())
    }

    /// Returns where the visitor is in the batch. Reads the stored state if the visitor is new there, and takes back
    /// what it counted.
    fn position_of(&mut self, topic: &'a Topic, visitor: VisitorKey) -> Result<usize, L::Error> {
        if let Some(position) = self.positions.get(&(topic, visitor)) {
            return Ok(*position);
        }
        let state = self.ledger.visitor_state(topic, visitor)?;
        self.count_state(topic, &state, -1)?;
        let position = self.visitors.len();
        self.positions.insert((topic, visitor), position);
        self.visitors.push(BatchVisitor {
            topic,
            visitor,
            rows: state.row_ids(),
            state,
        });
        Ok(position)
    }

    fn apply_like(&mut self, event: &Event, reader: ReaderId, likes: bool) -> Result<Delta, L::Error> {
        let (topic, stamp) = (&event.topic, event.stamp());
        let before = self.ledger.stored_like(topic, reader)?;
        let is_changed = self.ledger.set_like(topic, reader, likes, stamp)?;
        if before.is_some_and(|before| stamp < before.stamp) {
            return Ok(Delta::default());
        }
        if let Some(StoredLike {
            stamp,
            is_dated,
            is_liked: true,
        }) = before
        {
            self.count_dated(topic, is_dated.then_some(stamp.at), likes_of(-1));
        }
        if likes {
            self.count(topic, event.at, likes_of(1));
        }
        Ok(match (is_changed, likes) {
            (false, _) => Delta::default(),
            (true, true) => Delta::LIKE,
            (true, false) => Delta::UNLIKE,
        })
    }

    fn apply_verdict(&mut self, event: &Event, comment: EventId, verdict: Visibility) -> Result<Delta, L::Error> {
        let delta = apply_verdict(self.ledger, event, comment, verdict)?;
        if delta.comments != 0 {
            let is_dated = self.ledger.is_dated_comment(comment)?;
            let at = self
                .ledger
                .comment(comment)?
                .filter(|_| is_dated)
                .map(|comment| comment.at);
            self.count_comments(&event.topic, at, delta.comments);
        }
        Ok(delta)
    }

    /// Counts comments that were written at `at`, or before the store kept reports.
    fn count_comments(&mut self, topic: &Topic, at: Option<Timestamp>, comments: i64) {
        self.count_dated(
            topic,
            at,
            Counts {
                comments,
                ..Counts::default()
            },
        );
    }

    fn apply_custom(&mut self, event: &'a Event, name: &EventName) -> Result<Delta, L::Error> {
        let topic = &event.topic;
        if !self.event_counts.contains_key(topic) {
            let totals = self.ledger.add_delta(topic, Delta::default())?;
            self.event_counts.insert(topic, totals.stats.events);
        }
        let name_that_counts = self.event_counts.entry(topic).or_default().add(name);
        let hour = self.days.local_time(event.at).hour;
        let key = (topic.clone(), hour, name_that_counts.into());
        *self.changes.custom_events.entry(key).or_default() += 1;
        Ok(Delta::custom(name.clone()))
    }

    fn finish(mut self) -> Result<Vec<Update>, L::Error> {
        for mut visitor in std::mem::take(&mut self.visitors) {
            self.count_state(visitor.topic, &visitor.state, 1)?;
            self.write_sessions(&mut visitor.state, &visitor.rows)?;
            if let Some(cutoff) = self.changes.site.cutoff() {
                let days = &mut self.days;
                visitor.state.erase_closed(cutoff, |at| days.local_time(at).day);
            }
            self.changes
                .visitors
                .push((visitor.topic.clone(), visitor.visitor, visitor.state));
        }
        self.changes.drop_empty();
        let mut updates = Vec::with_capacity(self.deltas.len());
        for (topic, mut delta) in self.deltas {
            delta.visits = self.changes.visits_of(topic);
            updates.push(self.ledger.add_delta(topic, delta)?);
        }
        self.ledger.write_reports(self.changes)?;
        Ok(updates)
    }
}

fn likes_of(likes: i64) -> Counts {
    Counts {
        likes,
        ..Counts::default()
    }
}
