use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::entries::{Entry, StreamId};

/// The ids of the entries that are in this process, read and not yet acknowledged.
#[derive(Debug)]
pub(crate) struct Held(Mutex<Hand>);

#[derive(Debug)]
struct Hand {
    ids: HashSet<StreamId>,
    /// When something was last acknowledged, or there was nothing to acknowledge.
    moved: Instant,
}

impl Held {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(Hand {
            ids: HashSet::new(),
            moved: Instant::now(),
        }))
    }

    /// Keeps of these entries those that are not here already.
    pub(crate) fn take_new(&self, entries: &mut Vec<Entry>) {
        let mut hand = self.hand();
        if hand.ids.is_empty() {
            hand.moved = Instant::now();
        }
        entries.retain(|entry| hand.ids.insert(entry.id));
    }

    /// These are acknowledged.
    pub(crate) fn release(&self, ids: impl Iterator<Item = StreamId>) {
        let mut hand = self.hand();
        for id in ids {
            hand.ids.remove(&id);
        }
        hand.moved = Instant::now();
    }

    /// Whether what is held has not moved for so long.
    pub(crate) fn stands_still_for(&self, time: Duration) -> bool {
        let hand = self.hand();
        !hand.ids.is_empty() && hand.moved.elapsed() > time
    }

    fn hand(&self) -> MutexGuard<'_, Hand> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
