use std::sync::atomic::{AtomicU64, Ordering};

/// How the stream stands, as the feed last saw it.
#[derive(Debug, Default)]
pub(crate) struct Gauges {
    unread: AtomicU64,
    pending: AtomicU64,
    claimed: AtomicU64,
    refused: AtomicU64,
}

/// How the stream of events stands.
///
/// ```
/// use horizon_redis::StreamState;
///
/// let is_behind = |state: StreamState| state.unread + state.pending > 100_000;
/// assert!(!is_behind(StreamState::default()));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct StreamState {
    /// Events that no accumulator has read yet.
    pub unread: u64,
    /// Events that some accumulator has read and not yet acknowledged.
    pub pending: u64,
    /// Events that this feed took over from accumulators that did not acknowledge them.
    pub claimed: u64,
    /// Entries that held no event, and were put aside to `analytics:refused`.
    pub refused: u64,
    /// Events that were removed before they were counted and whose loss this feed was the first to find. The sum over
    /// all feeds and pipes is what was lost. Anything but zero is an alarm.
    pub lost: u64,
}

impl Gauges {
    pub(crate) fn state(&self, lost: u64) -> StreamState {
        let get = |gauge: &AtomicU64| gauge.load(Ordering::Relaxed);
        StreamState {
            unread: get(&self.unread),
            pending: get(&self.pending),
            claimed: get(&self.claimed),
            refused: get(&self.refused),
            lost,
        }
    }

    pub(crate) fn stands(&self, unread: u64, pending: u64) {
        self.unread.store(unread, Ordering::Relaxed);
        self.pending.store(pending, Ordering::Relaxed);
    }

    pub(crate) fn claimed(&self, entries: usize) {
        self.claimed.fetch_add(entries as u64, Ordering::Relaxed);
    }

    pub(crate) fn refused(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
    }
}
