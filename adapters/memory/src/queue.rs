use std::collections::VecDeque;
use std::num::NonZeroUsize;

use horizon_core::{AckToken, Batch, Error, Event, Result};
use tokio::sync::{OwnedSemaphorePermit, oneshot};

/// The events between the pipe's two ends: plain state.
///
/// Every event has a place number that is never used again. A receipt is the place behind a batch's
/// last event, so that acknowledging twice, or late, does no harm.
#[derive(Debug)]
pub(crate) struct Queue {
    entries: VecDeque<Entry>,
    /// The place of the first entry.
    first: u64,
    /// The place behind the last event that was ever handed out.
    handed: u64,
    /// Whether a feed is there.
    open: bool,
}

#[derive(Debug)]
struct Entry {
    event: Event,
    /// Who waits for it to be counted; nobody once the feed went away.
    tracker: Option<oneshot::Sender<()>>,
    /// Gives the place in the queue free when the entry goes.
    _permit: OwnedSemaphorePermit,
}

impl Queue {
    /// An empty queue with a feed.
    pub(crate) fn new() -> Self {
        Self {
            entries: VecDeque::new(),
            first: 0,
            handed: 0,
            open: true,
        }
    }

    /// Takes an event, if a feed is there. The receiver is answered once it is acknowledged, and
    /// ends without an answer if the feed goes away before.
    pub(crate) fn push(&mut self, event: Event, permit: OwnedSemaphorePermit) -> Option<oneshot::Receiver<()>> {
        if !self.open {
            return None;
        }
        let (tracker, counted) = oneshot::channel();
        self.entries.push_back(Entry {
            event,
            tracker: Some(tracker),
            _permit: permit,
        });
        Some(counted)
    }

    /// How many events are not acknowledged.
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// The oldest unacknowledged events.
    pub(crate) fn batch(&mut self, limit: NonZeroUsize) -> Option<Batch> {
        let events: Vec<Event> = self.entries.iter().take(limit.get()).map(|e| e.event.clone()).collect();
        if events.is_empty() {
            return None;
        }
        let behind = self.first + events.len() as u64;
        self.handed = self.handed.max(behind);
        Some(Batch::new(events, AckToken(behind)))
    }

    /// Forgets the events of a batch, and tells those who wait for them.
    pub(crate) fn acknowledge(&mut self, ack: AckToken) -> Result<()> {
        if ack.0 > self.handed {
            return Err(Error::permanent("this ack was never handed out"));
        }
        while self.first < ack.0 {
            self.first += 1;
            if let Some(tracker) = self.entries.pop_front().and_then(|entry| entry.tracker) {
                // Whoever tracked it may have gone; it is counted all the same.
                let _ = tracker.send(());
            }
        }
        Ok(())
    }

    /// A feed comes, unless there is one. Answers whether it may.
    pub(crate) fn open(&mut self) -> bool {
        !std::mem::replace(&mut self.open, true)
    }

    /// The feed goes: its events stay, but nobody may wait for them.
    pub(crate) fn close(&mut self) {
        self.open = false;
        for entry in &mut self.entries {
            entry.tracker = None;
        }
    }
}
