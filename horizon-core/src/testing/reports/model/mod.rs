//! A second, simple implementation of the rules of reports.

mod answer;
mod derived;
mod query_rules;
mod tally;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Bound;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use crate::reports::{Capabilities, MAX_VALUES, OTHER_VALUE, Query, Refusal, ReportError, SiteTimeZone, Table};
use crate::{
    DEDUPE_WINDOW, Day, Error, Event, EventId, EventKind, EventName, MAX_EVENT_NAMES, OTHER_EVENTS, ReaderId, Stamp,
    Stats, Timestamp, Topic, Visibility, Visit, VisitorKey,
};

use derived::Derived;

/// How long a day stays open after the newest event, and how much of a day `expire` adds: 24 hours.
const DAY: Duration = Duration::from_secs(24 * 3600);

/// Keeps all events, and computes totals and the answers to queries from them by brute force: sort, split at gaps,
/// group.
///
/// It follows the definitions and shares no code with the stores, so a difference is an error of one of them. The pages
/// of a session have no limit.
///
/// ```
/// use horizon_core::reports::{Capabilities, DayRange, Metric, Query, SiteTimeZone, Value};
/// use horizon_core::testing::{ReportAnswer, ReportModel};
/// use horizon_core::{Event, EventKind, Stamp, Timestamp, Topic};
///
/// let at = Timestamp::from_millis(1_800_000_000_000);
/// let mut model = ReportModel::new(SiteTimeZone::utc());
/// model.apply(&[Event::new(Stamp::new(at, [7; 10]), Topic::Site, EventKind::visit(None))]);
/// assert_eq!(model.totals(&Topic::Site).visits, 1);
///
/// let query = Query::new(DayRange::new(at.day(), at.day())).metrics([Metric::Visits]);
/// let ReportAnswer::Table(table) = model.answer(&query, &Capabilities::ALL, None) else { panic!() };
/// assert_eq!(table.rows[0].metrics, [Value::Count(1)]);
/// ```
#[derive(Debug)]
pub struct ReportModel {
    zone: SiteTimeZone,
    event_ids: HashMap<EventId, Timestamp>,
    newest: Option<Timestamp>,
    cutoff: Option<Timestamp>,
    late_events: u64,
    visits: Vec<ModelVisitEvent>,
    /// The positions in `visits` of each visitor's events of the site that are not late, in order.
    site_events: HashMap<VisitorKey, BTreeMap<Stamp, usize>>,
    values: ModelValues,
    /// The latest like or unlike of each reader, and whether it is a like.
    likes: HashMap<(Topic, ReaderId), (Stamp, bool)>,
    comments: HashMap<EventId, ModelComment>,
    comments_revisions: HashMap<Topic, u64>,
    custom_events: Vec<ModelCustomEvent>,
    /// The names of each topic under which custom events count.
    event_names: HashMap<Topic, HashSet<EventName>>,
    /// What the events amount to. Emptied by every change.
    derived: OnceLock<Derived>,
}

/// The values that each dimension of sessions ever had on a day, up to the limit.
type ModelValues = HashMap<(Day, usize), HashSet<Arc<str>>>;

/// A visit event that is counted.
#[derive(Debug)]
struct ModelVisitEvent {
    stamp: Stamp,
    topic: Topic,
    visit: Visit,
    is_late: bool,
}

#[derive(Debug)]
struct ModelComment {
    topic: Topic,
    at: Timestamp,
    visibility: Visibility,
    verdict: Option<Stamp>,
}

#[derive(Debug)]
struct ModelCustomEvent {
    topic: Topic,
    at: Timestamp,
    /// The name under which it counts.
    name: String,
}

/// The answer to a query, in a form that can be compared.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ReportAnswer {
    /// The table.
    Table(Table),
    /// The store cannot answer the query.
    Refused(Refusal),
    /// The query needs session rows that are erased. This is the first day whose rows are kept.
    RowsExpired(Day),
}

impl ReportAnswer {
    /// Returns the answer of a store.
    ///
    /// # Errors
    /// Returns the error of a store that failed.
    pub fn from_result(result: Result<Table, ReportError>) -> Result<Self, Error> {
        match result {
            Ok(table) => Ok(Self::Table(table)),
            Err(ReportError::Refused(refusal)) => Ok(Self::Refused(refusal)),
            Err(ReportError::RowsExpired { first }) => Ok(Self::RowsExpired(first.0)),
            Err(ReportError::Store(error)) => Err(error),
        }
    }
}

impl ReportModel {
    /// Returns a model of a site without events.
    #[must_use]
    pub fn new(zone: SiteTimeZone) -> Self {
        Self {
            zone,
            event_ids: HashMap::new(),
            newest: None,
            cutoff: None,
            late_events: 0,
            visits: Vec::new(),
            site_events: HashMap::new(),
            values: ModelValues::new(),
            likes: HashMap::new(),
            comments: HashMap::new(),
            comments_revisions: HashMap::new(),
            custom_events: Vec::new(),
            event_names: HashMap::new(),
            derived: OnceLock::new(),
        }
    }

    /// Counts each event once, in this order.
    pub fn apply(&mut self, events: &[Event]) {
        self.derived = OnceLock::new();
        for event in events {
            if self.event_ids.insert(event.id, event.at).is_none() {
                self.apply_event(event);
                self.newest = self.newest.max(Some(event.at));
                self.raise_cutoff(self.newest.map(|newest| newest.minus(DAY)));
            }
        }
    }

    /// Does what [`StatsStore::expire`](crate::StatsStore::expire) does: closes days, and forgets ids and unlikes.
    pub fn expire(&mut self, now: Timestamp) {
        self.derived = OnceLock::new();
        self.raise_cutoff(self.newest.map(|_| now.minus(2 * DAY)));
        self.event_ids.retain(|_, at| *at >= now.minus(DEDUPE_WINDOW));
        self.likes
            .retain(|_, (stamp, is_liked)| *is_liked || stamp.at >= now.minus(DEDUPE_WINDOW));
    }

    /// Returns the totals of a topic, without undated ones.
    #[must_use]
    pub fn totals(&self, topic: &Topic) -> Stats {
        let visits = self.derived().visits.iter().filter(|visit| visit.topic == *topic);
        let likes = self.likes.iter();
        let likes = likes.filter(|((liked, _), (_, is_liked))| liked == topic && *is_liked);
        let shown = self.comments.values().filter(|comment| comment.is_shown());
        let mut events = BTreeMap::<&str, u64>::new();
        for event in self.custom_events.iter().filter(|event| event.topic == *topic) {
            *events.entry(&event.name).or_default() += 1;
        }
        Stats {
            visits: visits.count() as u64,
            likes: likes.count() as u64,
            comments: shown.filter(|comment| comment.topic == *topic).count() as u64,
            comments_revision: self.comments_revisions.get(topic).copied().unwrap_or_default(),
            events: events.into_iter().collect(),
        }
    }

    /// Returns the answer of a store with these capabilities. `first_session_day` is the first day whose session rows
    /// are kept ([`ReportStatus::first_session_day`](crate::reports::ReportStatus::first_session_day)).
    #[must_use]
    pub fn answer(&self, query: &Query, capabilities: &Capabilities, first_session_day: Option<Day>) -> ReportAnswer {
        let sources = match query_rules::sources(query, capabilities) {
            Ok(sources) => sources,
            Err(refusal) => return ReportAnswer::Refused(refusal),
        };
        if sources.contains(&query_rules::MetricSource::Rows)
            && let Some(first) = first_session_day.filter(|first| query.range.first < *first)
        {
            return ReportAnswer::RowsExpired(first);
        }
        ReportAnswer::Table(answer::table(query, &sources, self.derived()))
    }

    /// Returns the start of the first day that is not closed, or `None` before the first event.
    #[must_use]
    pub fn open_since(&self) -> Option<Timestamp> {
        self.cutoff
    }

    /// Returns the number of visits that came after their day was closed.
    #[must_use]
    pub fn late_events(&self) -> u64 {
        self.late_events
    }

    /// Returns the number of sessions that started before `first`.
    #[must_use]
    pub fn sessions_before(&self, first: Day) -> u64 {
        let sessions = self.derived().sessions.iter();
        sessions.filter(|session| session.periods.day < first).count() as u64
    }

    fn derived(&self) -> &Derived {
        self.derived.get_or_init(|| Derived::new(self))
    }

    fn raise_cutoff(&mut self, instant: Option<Timestamp>) {
        let day_start = |at| self.zone.day_start(self.zone.day_of(at));
        self.cutoff = self.cutoff.max(instant.map(day_start));
    }

    fn apply_event(&mut self, event: &Event) {
        match &event.kind {
            EventKind::Visit(visit) => self.add_visit(event, visit),
            EventKind::Like { reader } => self.set_like(event, *reader, true),
            EventKind::Unlike { reader } => self.set_like(event, *reader, false),
            EventKind::Comment { pending, .. } => self.add_comment(event, *pending),
            EventKind::Moderate { comment, verdict } => self.moderate(event, *comment, *verdict),
            EventKind::Custom { name, .. } => self.add_custom_event(event, name),
        }
    }

    fn add_visit(&mut self, event: &Event, visit: &Visit) {
        let is_late = self.cutoff.is_some_and(|cutoff| event.at < cutoff);
        self.late_events += u64::from(is_late);
        self.visits.push(ModelVisitEvent {
            stamp: event.stamp(),
            topic: event.topic.clone(),
            visit: visit.clone(),
            is_late,
        });
        if event.topic == Topic::Site {
            self.note_values();
        }
    }

    /// Notes the values of the session to which the last event belongs.
    fn note_values(&mut self) {
        let Some(event) = self.visits.last() else { return };
        let (start, values) = match event.visit.visitor.filter(|_| !event.is_late) {
            None if !event.is_open() => return,
            None => (event.stamp.at, derived::values_without_key(event)),
            Some(visitor) => {
                let events = self.site_events.entry(visitor).or_default();
                events.insert(event.stamp, self.visits.len() - 1);
                let earlier = events.range(..event.stamp).rev();
                let later = events.range((Bound::Excluded(event.stamp), Bound::Unbounded));
                let mut session = neighbours(&self.visits, event, earlier.map(|(_, position)| *position));
                session.reverse();
                session.push(event);
                session.extend(neighbours(&self.visits, event, later.map(|(_, position)| *position)));
                let start = session.first().map_or(event.stamp.at, |first| first.stamp.at);
                (start, derived::values_of_session(&session))
            }
        };
        let day = self.zone.day_of(start);
        for (index, value) in values.into_iter().enumerate() {
            let counted = self.values.entry((day, index)).or_default();
            if counted.len() < MAX_VALUES && *value != *OTHER_VALUE {
                counted.insert(value);
            }
        }
    }

    fn set_like(&mut self, event: &Event, reader: ReaderId, is_liked: bool) {
        let key = (event.topic.clone(), reader);
        if self.likes.get(&key).is_none_or(|(last, _)| *last <= event.stamp()) {
            self.likes.insert(key, (event.stamp(), is_liked));
        }
    }

    fn add_comment(&mut self, event: &Event, is_pending: bool) {
        if event.topic == Topic::Site || self.comments.contains_key(&event.id) {
            return;
        }
        let visibility = if is_pending {
            Visibility::Pending
        } else {
            Visibility::Shown
        };
        let comment = ModelComment {
            topic: event.topic.clone(),
            at: event.at,
            visibility,
            verdict: None,
        };
        self.comments.insert(event.id, comment);
        self.note_visibility(&event.topic, !is_pending);
    }

    fn moderate(&mut self, event: &Event, id: EventId, verdict: Visibility) {
        let Some(comment) = self.comments.get_mut(&id) else {
            return;
        };
        if comment.topic != event.topic || comment.verdict > Some(event.stamp()) {
            return;
        }
        let was_shown = comment.is_shown();
        comment.verdict = Some(event.stamp());
        comment.visibility = verdict;
        let changes = comment.is_shown() != was_shown;
        self.note_visibility(&event.topic, changes);
    }

    fn note_visibility(&mut self, topic: &Topic, changes: bool) {
        *self.comments_revisions.entry(topic.clone()).or_default() += u64::from(changes);
    }

    fn add_custom_event(&mut self, event: &Event, name: &EventName) {
        let names = self.event_names.entry(event.topic.clone()).or_default();
        if names.len() < MAX_EVENT_NAMES {
            names.insert(name.clone());
        }
        let is_named = names.contains(name);
        let name = if is_named { name.as_str() } else { OTHER_EVENTS };
        self.custom_events.push(ModelCustomEvent {
            topic: event.topic.clone(),
            at: event.at,
            name: name.to_owned(),
        });
    }
}

/// Returns the events at these positions up to the first gap between visits.
fn neighbours<'a>(
    visits: &'a [ModelVisitEvent],
    event: &'a ModelVisitEvent,
    positions: impl Iterator<Item = usize>,
) -> Vec<&'a ModelVisitEvent> {
    let mut last = event;
    let mut found = Vec::new();
    for next in positions.filter_map(|position| visits.get(position)) {
        let (earlier, later) = if next.stamp < last.stamp {
            (next, last)
        } else {
            (last, next)
        };
        if !derived::is_same_visit(earlier, later) {
            break;
        }
        found.push(next);
        last = next;
    }
    found
}

impl ModelComment {
    fn is_shown(&self) -> bool {
        self.visibility == Visibility::Shown
    }
}
