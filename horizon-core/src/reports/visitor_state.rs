use serde::{Deserialize, Serialize};

use super::session_state::SessionState;
use super::spans::{Span, SpanData, Spans};
use super::{LocalTime, MAX_READING_SECONDS, SessionId};
use crate::{Day, Event, Timestamp, Topic, VISIT_GAP, Visit, VisitCause};

/// What a store keeps of one visitor on one topic until no event can change it.
///
/// It has the visitor's visits, and the hours in which the visitor opened a page. It does not depend on the order in
/// which events arrive. A store keeps it as bytes (it implements serde's traits) together with
/// [`last_seen`](Self::last_seen), and passes it to [`apply_events_with_reports`](super::apply_events_with_reports).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct VisitorState {
    pub(super) visits: Spans<VisitState>,
    /// The hours with a pageview, as a bit mask for each day.
    pub(super) hours: Vec<(Day, u32)>,
    /// The visitor's number on each day on which a session starts.
    pub(super) numbers: Vec<(Day, u32)>,
}

/// What happened in a visit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct VisitState {
    pub(super) pageviews: u32,
    pub(super) seconds: u32,
    pub(super) is_finished: bool,
    /// Whether it is counted as undated, because it began before the store kept reports.
    pub(super) is_undated: bool,
    /// On the site.
    pub(super) session: Option<Box<SessionState>>,
}

impl VisitorState {
    /// Returns the state of a visitor who was last seen before the store kept reports. The visit stays undated.
    #[must_use]
    pub fn undated(last_seen: Timestamp) -> Self {
        let visit = VisitState {
            is_undated: true,
            ..VisitState::default()
        };
        Self {
            visits: Spans::at(last_seen, visit),
            ..Self::default()
        }
    }

    /// Returns when the visitor was last seen, or `None` for a new visitor.
    #[must_use]
    pub fn last_seen(&self) -> Option<Timestamp> {
        self.visits.iter().next_back().map(|visit| visit.last)
    }

    /// Returns whether no event that is not late can change the state, so that a store erases it. Late events are those
    /// before `cutoff`.
    #[must_use]
    pub fn is_closed(&self, cutoff: Timestamp) -> bool {
        self.last_seen().is_none_or(|last| is_closed(last, cutoff))
    }

    /// Returns the days of the sessions whose rows may still change. One day may come several times.
    pub fn session_days(&self) -> impl Iterator<Item = Day> {
        self.row_ids().into_iter().map(|id| id.day)
    }

    /// Returns the rows of the sessions.
    pub(super) fn row_ids(&self) -> Vec<SessionId> {
        let sessions = self.visits.iter().filter(|visit| !visit.data.is_undated);
        sessions.filter_map(|visit| visit.data.session.as_ref()?.row).collect()
    }

    /// Adds an event that is not late.
    pub(super) fn add(&mut self, event: &Event, visit: &Visit, local: LocalTime) {
        let is_open = visit.cause() == VisitCause::Open;
        if is_open {
            self.add_hour(local);
        }
        let is_site = event.topic == Topic::Site;
        self.visits.add(event.at, |state| {
            state.pageviews = state.pageviews.saturating_add(is_open.into());
            state.seconds = add_seconds(state.seconds, visit);
            state.is_finished |= visit.finished;
            if is_site {
                state.session.get_or_insert_default().add(event, visit);
            }
        });
    }

    fn add_hour(&mut self, local: LocalTime) {
        let bit = 1 << u32::from(local.hour_index).min(31);
        match self.hours.iter_mut().find(|(day, _)| *day == local.day) {
            Some((_, mask)) => *mask |= bit,
            None => self.hours.push((local.day, bit)),
        }
    }

    /// Erases what no event from `cutoff` on can change. `day_of` returns the day of an instant.
    pub(super) fn erase_closed(&mut self, cutoff: Timestamp, mut day_of: impl FnMut(Timestamp) -> Day) {
        if self.visits.iter().all(|visit| !is_closed(visit.last, cutoff)) {
            return;
        }
        let open = self.visits.iter().filter(|visit| !is_closed(visit.last, cutoff));
        // The visitors of a dimension's value are counted once a day, over all visits that start on the day.
        let days: Vec<Day> = open.map(|visit| day_of(visit.start)).collect();
        let first_open = day_of(cutoff);
        self.visits.retain(|visit| days.contains(&day_of(visit.start)));
        self.hours.retain(|(day, _)| *day >= first_open);
        self.numbers.retain(|(day, _)| *day >= first_open || days.contains(day));
    }
}

fn is_closed(last: Timestamp, cutoff: Timestamp) -> bool {
    last.plus(VISIT_GAP) < cutoff
}

/// Adds the seconds of an event, at most [`MAX_READING_SECONDS`].
pub(super) fn add_seconds(seconds: u32, visit: &Visit) -> u32 {
    seconds.saturating_add(seconds_of(visit))
}

/// Returns the seconds of an event, at most [`MAX_READING_SECONDS`].
pub(super) fn seconds_of(visit: &Visit) -> u32 {
    visit.seconds.unwrap_or(0).min(MAX_READING_SECONDS)
}

impl SpanData for VisitState {
    fn merge(&mut self, later: Self) {
        self.pageviews = self.pageviews.saturating_add(later.pageviews);
        self.seconds = self.seconds.saturating_add(later.seconds);
        self.is_finished |= later.is_finished;
        self.is_undated |= later.is_undated;
        if let Some(later) = later.session {
            self.session.get_or_insert_default().merge(*later);
        }
    }
}

impl Span<VisitState> {
    /// Returns the whole seconds from the first event to the last.
    pub(super) fn duration(&self) -> i64 {
        i64::try_from(self.last.since(self.start).as_secs()).unwrap_or(i64::MAX)
    }

    /// Returns whether it is a session with at most one pageview and no interaction.
    pub(super) fn is_bounce(&self) -> bool {
        let session = self.data.session.as_ref();
        self.data.pageviews <= 1 && session.is_some_and(|session| !session.is_interactive)
    }
}
