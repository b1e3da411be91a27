use std::collections::HashSet;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

use super::entries::{StreamEntry, StreamId};

/// The ids of the entries that this process has read and not acknowledged.
#[derive(Debug)]
pub(crate) struct InFlight(Mutex<InFlightState>);

#[derive(Debug)]
struct InFlightState {
    ids: HashSet<StreamId>,
    /// When entries were last acknowledged, or added to an empty set.
    last_progress: Instant,
}

impl InFlight {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(InFlightState {
            ids: HashSet::new(),
            last_progress: Instant::now(),
        }))
    }

    /// Adds the entries, and removes from `entries` those that were in flight already.
    pub(crate) fn add_new(&self, entries: &mut Vec<StreamEntry>) {
        let mut state = self.0.lock();
        if state.ids.is_empty() {
            state.last_progress = Instant::now();
        }
        entries.retain(|entry| state.ids.insert(entry.id));
    }

    /// Removes acknowledged entries.
    pub(crate) fn remove(&self, ids: impl Iterator<Item = StreamId>) {
        let mut state = self.0.lock();
        for id in ids {
            state.ids.remove(&id);
        }
        state.last_progress = Instant::now();
    }

    /// Returns whether entries are in flight, and the last acknowledgement was longer than `time` ago.
    pub(crate) fn is_stalled_for(&self, time: Duration) -> bool {
        let state = self.0.lock();
        !state.ids.is_empty() && state.last_progress.elapsed() > time
    }
}
