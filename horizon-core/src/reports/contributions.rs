//! What visits count in the buckets.

use std::sync::Arc;

use super::apply::ReportBatch;
use super::session_state::{SessionState, SessionValues, context_values};
use super::spans::Span;
use super::time_zone::HOUR_MILLIS;
use super::visitor_state::VisitState;
use super::{Counts, Dimension, NumberKind, OTHER_VALUE, PageRow, ReportLedger, SessionId, SessionRow, VisitorState};
use crate::{Day, Event, Timestamp, Topic, Visit};

/// The value of a dimension on a day, with which a visitor was counted.
type CountedValue = (Dimension, Day, Arc<str>);

impl<L: ReportLedger> ReportBatch<'_, L> {
    /// Adds to the hour and the day of a topic.
    pub(super) fn count(&mut self, topic: &Topic, at: Timestamp, counts: Counts) {
        if counts.is_zero() {
            return;
        }
        let local = self.days.local_time(at);
        self.changes
            .hours
            .entry((topic.clone(), local.hour))
            .or_default()
            .counts += counts;
        self.changes.days.entry((topic.clone(), local.day)).or_default().counts += counts;
    }

    /// Adds to the hour and the day of a topic, or to its undated numbers.
    pub(super) fn count_dated(&mut self, topic: &Topic, at: Option<Timestamp>, counts: Counts) {
        match at {
            Some(at) => self.count(topic, at, counts),
            None => *self.changes.undated.entry(topic.clone()).or_default() += counts,
        }
    }

    /// Adds what a visitor's state counts (`sign` 1), or takes it back (-1).
    pub(super) fn count_state(&mut self, topic: &Topic, state: &VisitorState, sign: i64) -> Result<(), L::Error> {
        self.count_hours(topic, state, sign);
        let mut counted = Vec::new();
        for visit in state.visits.iter() {
            if visit.data.is_undated {
                let visits = sign;
                self.count_dated(
                    topic,
                    None,
                    Counts {
                        visits,
                        ..Counts::default()
                    },
                );
                continue;
            }
            self.count_visit(topic, visit, sign);
            if let Some(session) = &visit.data.session {
                self.count_session(visit, session, &mut counted, sign)?;
            }
        }
        Ok(())
    }

    /// Counts the visitor in the hours and days with a pageview.
    fn count_hours(&mut self, topic: &Topic, state: &VisitorState, sign: i64) {
        let visitor = Counts {
            visitors: sign,
            ..Counts::default()
        };
        for (day, mask) in &state.hours {
            let start = self.days.day_start(*day);
            for index in (0..u32::BITS).filter(|index| mask & (1 << index) != 0) {
                let hour = Timestamp::from_millis(start.as_millis().saturating_add(i64::from(index) * HOUR_MILLIS));
                self.changes.hours.entry((topic.clone(), hour)).or_default().counts += visitor;
            }
            self.changes.days.entry((topic.clone(), *day)).or_default().counts += visitor;
        }
    }

    /// Counts a visit in its topic, in the hour in which it starts.
    fn count_visit(&mut self, topic: &Topic, visit: &Span<VisitState>, sign: i64) {
        let is_site = *topic == Topic::Site;
        let counts = Counts {
            visits: sign,
            keyed_visits: sign,
            seconds: sign * i64::from(visit.data.seconds),
            finished: sign * i64::from(!is_site && visit.data.is_finished),
            bounces: sign * i64::from(is_site && visit.is_bounce()),
            duration: if is_site { sign * visit.duration() } else { 0 },
            ..Counts::default()
        };
        let local = self.days.local_time(visit.start);
        let hour = self.changes.hours.entry((topic.clone(), local.hour)).or_default();
        let day = self.changes.days.entry((topic.clone(), local.day)).or_default();
        for bucket in [hour, day] {
            bucket.counts += counts;
            if !is_site {
                bucket.reading_times.add(visit.data.seconds, sign);
            }
        }
    }

    /// Counts a session in the values of its dimensions.
    fn count_session(
        &mut self,
        visit: &Span<VisitState>,
        session: &SessionState,
        counted: &mut Vec<CountedValue>,
        sign: i64,
    ) -> Result<(), L::Error> {
        let counts = Counts {
            pageviews: sign * i64::from(visit.data.pageviews),
            visits: sign,
            keyed_visits: sign,
            seconds: sign * i64::from(visit.data.seconds),
            bounces: sign * i64::from(visit.is_bounce()),
            duration: sign * visit.duration(),
            ..Counts::default()
        };
        let day = self.days.local_time(visit.start).day;
        let values = self.resolve(day, session.values())?;
        for (dimension, value) in Dimension::OF_SESSIONS.into_iter().zip(values) {
            let key = (dimension, day, value);
            let mut counts = counts;
            if visit.data.pageviews > 0 && !counted.contains(&key) {
                counts.visitors = sign;
                counted.push(key.clone());
            }
            *self.changes.dimensions.entry(key).or_default() += counts;
        }
        Ok(())
    }

    /// Replaces the values beyond the first of their dimension and day.
    fn resolve(&mut self, day: Day, mut values: SessionValues) -> Result<SessionValues, L::Error> {
        for (dimension, value) in Dimension::OF_SESSIONS.into_iter().zip(&mut values) {
            if **value == *OTHER_VALUE {
                continue;
            }
            let key = (dimension, day, Arc::clone(value));
            let is_within = match self.values.get(&key) {
                Some(is_within) => *is_within,
                None => {
                    let is_within = self.ledger.claim_value(day, dimension, value)?;
                    self.values.insert(key, is_within);
                    is_within
                }
            };
            if !is_within {
                *value = OTHER_VALUE.into();
            }
        }
        Ok(values)
    }

    /// Counts a pageview that belongs to no visitor: a visit of its own.
    pub(super) fn count_anonymous(&mut self, event: &Event, visit: &Visit) -> Result<(), L::Error> {
        let counts = Counts {
            pageviews: 1,
            visits: 1,
            ..Counts::default()
        };
        self.count(&event.topic, event.at, counts);
        if event.topic != Topic::Site {
            return Ok(());
        }
        let day = self.days.local_time(event.at).day;
        let values = visit.context.as_deref().map(context_values).unwrap_or_default();
        let values = self.resolve(day, values)?;
        for (dimension, value) in Dimension::OF_SESSIONS.into_iter().zip(values.clone()) {
            *self.changes.dimensions.entry((dimension, day, value)).or_default() += counts;
        }
        let number = self.ledger.next_number(day, NumberKind::Session)?;
        let page = visit.page.clone().map(|page| PageRow {
            page,
            starts: vec![event.at],
            pageviews: 1,
            seconds: 0,
            finished: 0,
        });
        self.changes.sessions.push(SessionRow {
            id: SessionId { day, number },
            visitor: None,
            start: event.at,
            last: event.at,
            pageviews: 1,
            seconds: 0,
            is_interactive: false,
            values,
            pages: page.into_iter().collect(),
        });
        Ok(())
    }

    /// Writes the rows of a visitor's sessions, and removes those that are not there any more.
    pub(super) fn write_sessions(&mut self, state: &mut VisitorState, stored: &[SessionId]) -> Result<(), L::Error> {
        let numbers = &mut state.numbers;
        let sessions = state.visits.iter_mut();
        for visit in sessions.filter(|visit| !visit.data.is_undated && visit.data.session.is_some()) {
            let day = self.days.local_time(visit.start).day;
            let visitor = self.visitor_number(numbers, day)?;
            self.write_session(visit, day, visitor)?;
        }
        let kept = state.row_ids();
        let removed = stored.iter().filter(|id| !kept.contains(id));
        self.changes.removed_sessions.extend(removed);
        Ok(())
    }

    fn visitor_number(&mut self, numbers: &mut Vec<(Day, u32)>, day: Day) -> Result<u32, L::Error> {
        if let Some((_, number)) = numbers.iter().find(|(of, _)| *of == day) {
            return Ok(*number);
        }
        let number = self.ledger.next_number(day, NumberKind::Visitor)?;
        numbers.push((day, number));
        Ok(number)
    }

    /// Writes the row of a session. A session that moved to another day gets a new row.
    fn write_session(&mut self, visit: &mut Span<VisitState>, day: Day, visitor: u32) -> Result<(), L::Error> {
        let Some(session) = &mut visit.data.session else {
            return Ok(());
        };
        let id = match session.row.filter(|row| row.day == day) {
            Some(row) => row,
            None => SessionId {
                day,
                number: self.ledger.next_number(day, NumberKind::Session)?,
            },
        };
        session.row = Some(id);
        let (is_interactive, pages) = (session.is_interactive, session.page_rows());
        let values = session.values();
        let values = self.resolve(day, values)?;
        self.changes.sessions.push(SessionRow {
            id,
            visitor: Some(visitor),
            start: visit.start,
            last: visit.last,
            pageviews: visit.data.pageviews,
            seconds: visit.data.seconds,
            is_interactive,
            values,
            pages,
        });
        Ok(())
    }
}
