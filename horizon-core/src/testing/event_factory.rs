use std::num::NonZeroUsize;
use std::time::Duration;

use super::Violation;
use crate::{Draft, Event, EventId, EventKind, ReaderId, Slug, Stamp, Timestamp, Topic, Visibility, VisitorKey};

/// Creates events with a clock and unique ids.
pub(super) struct EventFactory {
    now: Timestamp,
    serial: u64,
}

impl EventFactory {
    pub(super) fn new() -> Self {
        Self {
            now: Timestamp::from_millis(1_800_000_000_000),
            serial: 0,
        }
    }

    pub(super) fn now(&self) -> Timestamp {
        self.now
    }

    pub(super) fn advance(&mut self, time: Duration) {
        self.now = self.now.plus(time);
    }

    pub(super) fn event(&mut self, topic: &Topic, kind: EventKind) -> Event {
        self.serial += 1;
        let mut random = [0; 10];
        random[2..].copy_from_slice(&self.serial.to_be_bytes());
        Event::new(Stamp::new(self.now, random), topic.clone(), kind)
    }

    /// Returns a visit that always counts.
    pub(super) fn anonymous_visit(&mut self, topic: &Topic) -> Event {
        self.event(topic, EventKind::visit(None))
    }

    pub(super) fn visit(&mut self, topic: &Topic, visitor: u128) -> Event {
        let visitor = Some(VisitorKey::from_u128(visitor));
        self.event(topic, EventKind::visit(visitor))
    }

    pub(super) fn like(&mut self, topic: &Topic, reader: u128) -> Event {
        let reader = ReaderId::from_u128(reader);
        self.event(topic, EventKind::Like { reader })
    }

    pub(super) fn unlike(&mut self, topic: &Topic, reader: u128) -> Event {
        let reader = ReaderId::from_u128(reader);
        self.event(topic, EventKind::Unlike { reader })
    }

    pub(super) fn comment(&mut self, slug: &Slug, body: &str, parent: Option<EventId>) -> Result<Event, Violation> {
        self.write(slug, body, parent, false)
    }

    pub(super) fn pending_comment(
        &mut self,
        slug: &Slug,
        body: &str,
        parent: Option<EventId>,
    ) -> Result<Event, Violation> {
        self.write(slug, body, parent, true)
    }

    fn write(&mut self, slug: &Slug, body: &str, parent: Option<EventId>, pending: bool) -> Result<Event, Violation> {
        let draft = Draft::new("Ada", body, parent).map_err(|e| Violation::new(e.to_string()))?;
        let reader = ReaderId::from_u128(7);
        Ok(self.event(&slug.clone().into(), EventKind::Comment { reader, draft, pending }))
    }

    pub(super) fn moderate(&mut self, slug: &Slug, comment: EventId, verdict: Visibility) -> Event {
        self.event(&slug.clone().into(), EventKind::Moderate { comment, verdict })
    }
}

pub(super) fn slug(text: &str) -> Result<Slug, Violation> {
    Slug::new(text).map_err(|e| Violation::new(e.to_string()))
}

pub(super) fn page_topic(text: &str) -> Result<Topic, Violation> {
    Ok(slug(text)?.into())
}

pub(super) fn limit(max: usize) -> NonZeroUsize {
    NonZeroUsize::new(max).unwrap_or(NonZeroUsize::MIN)
}
