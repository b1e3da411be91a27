use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use horizon_core::{Topic, VisitorKey};
use tokio::{sync::watch, time::Instant};

/// The most visitors that are kept, over all topics: a bound of memory, some 200 MB.
const MAX_SEATS: usize = 1_000_000;

/// Who is here: plain state, told the time.
///
/// A topic is kept while somebody is in it or watches it.
#[derive(Debug)]
pub(crate) struct Rooms {
    grace: Duration,
    rooms: HashMap<Topic, Room>,
    /// Who goes when, the first to go in front. One entry for each seat without a guard.
    leaving: BTreeSet<(Instant, Topic, VisitorKey)>,
    seats: usize,
}

#[derive(Debug, Default)]
struct Room {
    seats: HashMap<VisitorKey, Seat>,
    watchers: usize,
    count: watch::Sender<u64>,
}

#[derive(Debug)]
enum Seat {
    Taken { guards: usize },
    Leaving { at: Instant },
}

impl Rooms {
    pub(crate) fn new(grace: Duration) -> Self {
        Self {
            grace,
            rooms: HashMap::new(),
            leaving: BTreeSet::new(),
            seats: 0,
        }
    }

    /// One guard more for the visitor. Answers whether there was a place for them.
    pub(crate) fn enter(&mut self, topic: &Topic, visitor: VisitorKey) -> bool {
        let full = self.seats >= MAX_SEATS;
        if full
            && !self
                .rooms
                .get(topic)
                .is_some_and(|room| room.seats.contains_key(&visitor))
        {
            return false;
        }
        let room = self.rooms.entry(topic.clone()).or_default();
        match room.seats.get_mut(&visitor) {
            Some(Seat::Taken { guards }) => *guards += 1,
            Some(seat @ Seat::Leaving { .. }) => {
                if let Seat::Leaving { at } = std::mem::replace(seat, Seat::Taken { guards: 1 }) {
                    self.leaving.remove(&(at, topic.clone(), visitor));
                }
            }
            None => {
                room.seats.insert(visitor, Seat::Taken { guards: 1 });
                self.seats += 1;
                room.announce();
            }
        }
        true
    }

    /// One guard fewer. Answers whether [`expire`](Self::expire) has to be called, when nobody was leaving before.
    pub(crate) fn leave(&mut self, topic: &Topic, visitor: VisitorKey, now: Instant) -> bool {
        let seat = self.rooms.get_mut(topic).and_then(|room| room.seats.get_mut(&visitor));
        match seat {
            Some(Seat::Taken { guards }) if *guards > 1 => {
                *guards -= 1;
                false
            }
            Some(seat @ Seat::Taken { .. }) => {
                let at = now + self.grace;
                *seat = Seat::Leaving { at };
                self.leaving.insert((at, topic.clone(), visitor));
                self.leaving.len() == 1
            }
            Some(Seat::Leaving { .. }) | None => false,
        }
    }

    /// Lets those go whose grace is over. Answers when the next one goes.
    pub(crate) fn expire(&mut self, now: Instant) -> Option<Instant> {
        while let Some((at, topic, visitor)) = self.leaving.pop_first() {
            if at > now {
                self.leaving.insert((at, topic, visitor));
                return Some(at);
            }
            if let Some(room) = self.rooms.get_mut(&topic)
                && room.seats.remove(&visitor).is_some()
            {
                self.seats -= 1;
                room.announce();
                self.tidy(&topic);
            }
        }
        None
    }

    /// One watcher more, told by the returned receiver how many are here.
    pub(crate) fn watch(&mut self, topic: &Topic) -> watch::Receiver<u64> {
        let room = self.rooms.entry(topic.clone()).or_default();
        room.watchers += 1;
        room.count.subscribe()
    }

    /// One watcher fewer.
    pub(crate) fn unwatch(&mut self, topic: &Topic) {
        if let Some(room) = self.rooms.get_mut(topic) {
            room.watchers = room.watchers.saturating_sub(1);
        }
        self.tidy(topic);
    }

    fn tidy(&mut self, topic: &Topic) {
        let empty = |room: &Room| room.seats.is_empty() && room.watchers == 0;
        if self.rooms.get(topic).is_some_and(empty) {
            self.rooms.remove(topic);
        }
    }
}

impl Room {
    fn announce(&self) {
        self.count.send_replace(self.seats.len() as u64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use horizon_core::Slug;

    const GRACE: Duration = Duration::from_secs(3);
    const ADA: VisitorKey = VisitorKey::from_u128(1);

    fn topic() -> Topic {
        Slug::new("hello").unwrap().into()
    }

    #[test]
    fn a_topic_with_nobody_here_and_nobody_watching_costs_no_memory() {
        let (mut rooms, now) = (Rooms::new(GRACE), Instant::now());
        let watched = rooms.watch(&topic());
        assert!(rooms.enter(&topic(), ADA));
        rooms.leave(&topic(), ADA, now);
        assert_eq!(rooms.expire(now), Some(now + GRACE));
        assert_eq!(*watched.borrow(), 1);
        assert_eq!(rooms.expire(now + GRACE), None);
        assert_eq!(*watched.borrow(), 0);
        assert_eq!(rooms.rooms.len(), 1);
        rooms.unwatch(&topic());
        assert_eq!((rooms.rooms.len(), rooms.leaving.len(), rooms.seats), (0, 0, 0));
    }

    #[test]
    fn a_thousand_reloads_within_the_grace_keep_one_entry() {
        let (mut rooms, now) = (Rooms::new(GRACE), Instant::now());
        for _ in 0..1_000 {
            rooms.enter(&topic(), ADA);
            assert!(rooms.leave(&topic(), ADA, now));
        }
        assert_eq!((rooms.leaving.len(), rooms.seats), (1, 1));
    }

    #[test]
    fn the_grace_starts_anew_with_each_leave() {
        let (mut rooms, now) = (Rooms::new(GRACE), Instant::now());
        rooms.enter(&topic(), ADA);
        rooms.leave(&topic(), ADA, now);
        rooms.enter(&topic(), ADA);
        rooms.leave(&topic(), ADA, now + GRACE / 2);
        assert_eq!(rooms.expire(now + GRACE), Some(now + GRACE / 2 + GRACE));
    }
}
