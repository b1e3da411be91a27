//! What very many readers do, as events, and what it adds up to.

use horizon_core::{Event, EventKind, ReaderId, Slug, Stamp, Timestamp, Topic};
use horizon_test_support::Seed;

use crate::{counts::Counts, diary::Diary};

/// Invents events.
#[derive(Debug)]
pub(crate) struct Crowd {
    dice: Seed,
    slugs: Vec<Slug>,
}

impl Crowd {
    pub(crate) fn new(dice: Seed, slugs: &[Slug]) -> Self {
        Self {
            dice,
            slugs: slugs.to_vec(),
        }
    }

    /// So many events that happen now, in no particular order. They are in the diary once they are all acknowledged.
    ///
    /// Half are visits. The others are readers' words: a like, one that is taken back, or one that is given again.
    pub(crate) fn events(&mut self, count: u64, now: Timestamp, diary: &Diary) -> Vec<Event> {
        let mut events = Vec::new();
        let mut left = count;
        while left > 0 {
            let words = if self.dice.between(0, 3) == 0 {
                0
            } else {
                self.dice.between(1, 4).min(left)
            };
            left -= words.max(1);
            if words == 0 {
                events.push(self.visit(now, diary));
            } else {
                self.words(words, now, diary, &mut events);
            }
        }
        self.shuffle(&mut events);
        events
    }

    fn visit(&mut self, now: Timestamp, diary: &Diary) -> Event {
        // One in eight opens the site's own stream.
        let topic = if self.dice.between(0, 8) == 0 {
            Topic::Site
        } else {
            self.page()
        };
        let one = Counts {
            visits: 1,
            ..Counts::default()
        };
        diary.add(&topic, one);
        self.event(now, topic, EventKind::Visit { visitor: None })
    }

    /// A reader likes, takes it back, likes again, a millisecond apart.
    fn words(&mut self, words: u64, now: Timestamp, diary: &Diary, events: &mut Vec<Event>) {
        let (topic, reader) = (self.page(), ReaderId::from_u128(self.bits()));
        for word in 0..words {
            let at = Timestamp::from_millis(now.as_millis().saturating_add_unsigned(word));
            let kind = if word % 2 == 0 {
                EventKind::Like { reader }
            } else {
                EventKind::Unlike { reader }
            };
            events.push(self.event(at, topic.clone(), kind));
        }
        let last = Counts {
            likes: words % 2,
            ..Counts::default()
        };
        diary.add(&topic, last);
    }

    fn event(&mut self, at: Timestamp, topic: Topic, kind: EventKind) -> Event {
        let mut random = [0; 10];
        for (byte, of_dice) in random.iter_mut().zip(self.bits().to_be_bytes()) {
            *byte = of_dice;
        }
        Event::new(Stamp::new(at, random), topic, kind)
    }

    fn page(&mut self) -> Topic {
        let place = usize::try_from(self.dice.between(0, self.slugs.len() as u64)).unwrap_or(0);
        self.slugs.get(place).cloned().map_or(Topic::Site, Topic::from)
    }

    fn bits(&mut self) -> u128 {
        u128::from(self.dice.next()) << 64 | u128::from(self.dice.next())
    }

    /// Puts them into another order.
    pub(crate) fn shuffle(&mut self, events: &mut [Event]) {
        for place in (1..events.len()).rev() {
            let other = self.dice.between(0, place as u64 + 1);
            events.swap(place, usize::try_from(other).unwrap_or(place));
        }
    }
}

#[cfg(test)]
mod tests {
    use horizon_core::{StatsStore, StatsStoreExt};
    use horizon_memory::MemoryStats;

    use super::*;

    #[tokio::test]
    async fn the_diary_says_what_a_store_counts() {
        let (store, diary) = (MemoryStats::new(), Diary::default());
        let slugs = ["hello", "second"].map(|slug| Slug::new(slug).unwrap());
        let mut crowd = Crowd::new(Seed::new(1), &slugs);
        let now = Timestamp::from_millis(1_800_000_000_000);
        let mut events = crowd.events(1_000, now, &diary);
        assert_eq!(events.len(), 1_000);
        events.extend(events.clone());
        crowd.shuffle(&mut events);
        store.apply(&events).await.unwrap();
        let counts = diary.counts();
        assert_eq!(counts.len(), 3);
        for (topic, counts) in counts {
            assert_eq!(Counts::from(store.total(&topic).await.unwrap().stats), counts);
        }
    }
}
