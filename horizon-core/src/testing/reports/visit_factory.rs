use crate::reports::{DayRange, Dimension, Metric, Query};
use crate::testing::Violation;
use crate::testing::event_factory::{EventFactory, page_topic};
use crate::{ContextValue, Day, Event, EventKind, Timestamp, Topic, Visit, VisitCause, VisitContext, VisitorKey};

/// Creates visits, each a number of minutes after 2027-01-15T08:00:00Z.
pub(super) struct VisitFactory {
    pub(super) events: EventFactory,
}

impl VisitFactory {
    pub(super) fn new() -> Self {
        Self {
            events: EventFactory::new(),
        }
    }

    /// Returns an event at this minute.
    pub(super) fn event(&mut self, topic: &Topic, minute: i64, kind: EventKind) -> Event {
        let mut event = self.events.event(topic, kind);
        event.at = self.minute(minute);
        event
    }

    /// Returns the pageview of a visitor, without a key if the number is 0.
    pub(super) fn open(&mut self, topic: &Topic, visitor: u128, minute: i64) -> Event {
        self.visit(topic, visitor, minute, VisitCause::Open, None)
    }

    /// Returns an event that is no pageview.
    pub(super) fn beat(&mut self, topic: &Topic, visitor: u128, minute: i64, seconds: u32) -> Event {
        self.visit(topic, visitor, minute, VisitCause::Beat, Some(seconds))
    }

    /// Returns the pageview of the site that starts a session with a source and a page.
    pub(super) fn arrival(&mut self, visitor: u128, minute: i64, source: &str, page: &str) -> Result<Event, Violation> {
        let mut event = self.open(&Topic::Site, visitor, minute);
        if let EventKind::Visit(visit) = &mut event.kind {
            visit.page = page_topic(page)?.slug().cloned();
            visit.context = Some(Box::new(VisitContext {
                source: Some(ContextValue::new(source)),
                ..VisitContext::default()
            }));
        }
        Ok(event)
    }

    fn visit(&mut self, topic: &Topic, visitor: u128, minute: i64, cause: VisitCause, seconds: Option<u32>) -> Event {
        let visit = Visit {
            visitor: (visitor > 0).then(|| VisitorKey::from_u128(visitor)),
            cause: Some(cause),
            seconds,
            ..Visit::default()
        };
        self.event(topic, minute, EventKind::Visit(visit))
    }

    pub(super) fn minute(&self, minute: i64) -> Timestamp {
        Timestamp::from_millis(self.events.now().as_millis() + minute * 60_000)
    }

    /// Returns the day that is this many days after 2027-01-15.
    pub(super) fn day(&self, day: i64) -> Day {
        Day::from_number(self.events.now().day().number() + day)
    }

    /// Returns a query for the days from `first` to `last`, relative to 2027-01-15.
    pub(super) fn query<const M: usize, const D: usize>(
        &self,
        (first, last): (i64, i64),
        metrics: [Metric; M],
        dimensions: [Dimension; D],
    ) -> Query {
        let range = DayRange::new(self.day(first), self.day(last));
        Query::new(range).metrics(metrics).dimensions(dimensions)
    }
}
