use std::sync::atomic::{AtomicU64, Ordering};

/// The gauges behind [`StreamState`].
#[derive(Debug, Default)]
pub(crate) struct StreamGauges {
    unread: AtomicU64,
    pending: AtomicU64,
    claimed: AtomicU64,
    rejected: AtomicU64,
}

/// The state of the event stream, as a consumer last saw it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct StreamState {
    /// Events that no accumulator has read yet.
    pub unread: u64,
    /// Events that an accumulator has read and not acknowledged.
    pub pending: u64,
    /// Events that this consumer took over from accumulators that did not acknowledge them.
    pub claimed: u64,
    /// StreamEntries that are not events, which this consumer moved to the stream `analytics:refused`.
    pub rejected: u64,
    /// Events that were removed before they were counted, and whose loss this consumer was the first to find. The sum
    /// over all consumers and buses is what was lost. Alert on anything but zero.
    pub lost: u64,
}

impl StreamGauges {
    pub(crate) fn state(&self, lost: u64) -> StreamState {
        let get = |gauge: &AtomicU64| gauge.load(Ordering::Relaxed);
        StreamState {
            unread: get(&self.unread),
            pending: get(&self.pending),
            claimed: get(&self.claimed),
            rejected: get(&self.rejected),
            lost,
        }
    }

    pub(crate) fn set_waiting(&self, unread: u64, pending: u64) {
        self.unread.store(unread, Ordering::Relaxed);
        self.pending.store(pending, Ordering::Relaxed);
    }

    pub(crate) fn add_claimed(&self, entries: usize) {
        self.claimed.fetch_add(entries as u64, Ordering::Relaxed);
    }

    pub(crate) fn add_rejected(&self) {
        self.rejected.fetch_add(1, Ordering::Relaxed);
    }
}
