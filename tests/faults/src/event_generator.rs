//! Events of many visitors and readers.

use fastrand::Rng;
use horizon_core::{Event, EventKind, ReaderId, Slug, Stamp, Timestamp, Topic, testing::RandomVisits};

use crate::{ack_log::AckLog, counts::PageTotals};

/// The share of the events that are of visitors with sessions: one in eight.
const SESSION_SHARE: u64 = 8;

/// The visitors with sessions.
const VISITORS: u32 = 1_000;

/// Generates events and records what they add up to.
#[derive(Debug)]
pub(crate) struct EventGenerator {
    rng: Rng,
    slugs: Vec<Slug>,
    /// The events of visitors with sessions, up to 20 hours old.
    visits: RandomVisits,
}

impl EventGenerator {
    /// Returns a generator of events up to `now`.
    pub(crate) fn new(mut rng: Rng, slugs: &[Slug], now: Timestamp) -> Self {
        // Two processes may apply a comment and a verdict in either order, and only one of them counts.
        let visits = RandomVisits::new(rng.u64(..), now).without_verdicts();
        Self {
            rng,
            slugs: slugs.to_vec(),
            visits: visits.with_visitors(VISITORS).with_stopped_clock(),
        }
    }

    /// Returns `count` events in random order. The expected totals contain them once all are acknowledged.
    ///
    /// Of each eight, one is of a visitor with sessions, three are visits without a visitor, and the others are
    /// sequences of likes and unlikes of one reader.
    pub(crate) fn events(&mut self, count: u64, now: Timestamp, ack_log: &AckLog) -> Vec<Event> {
        let mut events = self.of_sessions(count / SESSION_SHARE, now);
        ack_log.add_events(&events);
        let mut left = count.saturating_sub(events.len() as u64);
        while left > 0 {
            let length = if self.rng.u64(0..3) == 0 {
                0
            } else {
                self.rng.u64(1..4).min(left)
            };
            left -= length.max(1);
            if length == 0 {
                events.push(self.visit(now, ack_log));
            } else {
                self.like_sequence(length, now, ack_log, &mut events);
            }
        }
        self.shuffle(&mut events);
        events
    }

    /// Returns about this many events of visitors with sessions, without comments on the pages of the web nodes.
    fn of_sessions(&mut self, count: u64, now: Timestamp) -> Vec<Event> {
        self.visits.continue_at(now);
        let mut events = Vec::new();
        while (events.len() as u64) < count {
            events.extend(self.visits.batch());
        }
        events.retain(|event| {
            let is_comment = matches!(event.kind, EventKind::Comment { .. });
            !is_comment || event.topic.slug().is_none_or(|slug| !self.slugs.contains(slug))
        });
        events
    }

    fn visit(&mut self, now: Timestamp, ack_log: &AckLog) -> Event {
        // One in eight visits the site.
        let topic = if self.rng.u64(0..8) == 0 {
            Topic::Site
        } else {
            self.page()
        };
        let one = PageTotals {
            visits: 1,
            ..PageTotals::default()
        };
        ack_log.add(&topic, one);
        self.event(now, topic, EventKind::visit(None))
    }

    /// Generates likes and unlikes of one reader in turn, a millisecond apart.
    fn like_sequence(&mut self, length: u64, now: Timestamp, ack_log: &AckLog, events: &mut Vec<Event>) {
        let (topic, reader) = (self.page(), ReaderId::from_u128(self.bits()));
        for number in 0..length {
            let at = Timestamp::from_millis(now.as_millis().saturating_add_unsigned(number));
            let kind = if number % 2 == 0 {
                EventKind::Like { reader }
            } else {
                EventKind::Unlike { reader }
            };
            events.push(self.event(at, topic.clone(), kind));
        }
        let last = PageTotals {
            likes: length % 2,
            ..PageTotals::default()
        };
        ack_log.add(&topic, last);
    }

    fn event(&mut self, at: Timestamp, topic: Topic, kind: EventKind) -> Event {
        let mut random = [0; 10];
        for (byte, source) in random.iter_mut().zip(self.bits().to_be_bytes()) {
            *byte = source;
        }
        Event::new(Stamp::new(at, random), topic, kind)
    }

    fn page(&mut self) -> Topic {
        let place = usize::try_from(self.rng.u64(0..self.slugs.len() as u64)).unwrap_or(0);
        self.slugs.get(place).cloned().map_or(Topic::Site, Topic::from)
    }

    fn bits(&mut self) -> u128 {
        self.rng.u128(..)
    }

    /// Shuffles the events.
    pub(crate) fn shuffle(&mut self, events: &mut [Event]) {
        self.rng.shuffle(events);
    }
}

#[cfg(test)]
mod tests {
    use horizon_core::{StatsStore, StatsStoreExt};
    use horizon_memory::MemoryStore;

    use super::*;

    #[tokio::test]
    async fn expected_totals_are_those_of_a_store() {
        let (store, ack_log) = (MemoryStore::new(), AckLog::default());
        let slugs = ["hello", "second"].map(|slug| Slug::new(slug).unwrap());
        let now = Timestamp::from_millis(1_800_000_000_000);
        let mut generator = EventGenerator::new(Rng::with_seed(1), &slugs, now);
        let mut events = generator.events(1_000, now, &ack_log);
        assert_eq!(events.len(), 1_000);
        events.extend(events.clone());
        generator.shuffle(&mut events);
        store.apply(&events).await.unwrap();
        let counts = ack_log.counts();
        assert_eq!(counts.len(), 7, "{counts:?}");
        for (topic, counts) in counts {
            assert_eq!(PageTotals::from(store.total(&topic).await.unwrap().stats), counts);
        }
    }
}
