use std::num::NonZeroUsize;

use horizon_core::{AckToken, Batch, Event, Result, UnacknowledgedEvents};
use tokio::sync::{OwnedSemaphorePermit, oneshot};

/// The events that are not acknowledged yet, in order. A data structure that never waits.
#[derive(Debug)]
pub(super) struct EventQueue {
    pending: UnacknowledgedEvents<Tracker>,
    has_consumer: bool,
}

/// The caller of `track` who waits for an event.
#[derive(Debug)]
struct Tracker {
    /// Confirms the event. `None` once the consumer was dropped.
    confirm: Option<oneshot::Sender<()>>,
    /// Releases the event's slot in the queue when the entry is dropped.
    _permit: OwnedSemaphorePermit,
}

impl EventQueue {
    /// Returns an empty queue with a consumer.
    pub(super) fn new() -> Self {
        Self {
            pending: UnacknowledgedEvents::default(),
            has_consumer: true,
        }
    }

    /// Adds an event, or returns `None` without a consumer. The receiver gets a message when the event is acknowledged,
    /// and an error if the consumer is dropped first.
    pub(super) fn push(&mut self, event: Event, permit: OwnedSemaphorePermit) -> Option<oneshot::Receiver<()>> {
        if !self.has_consumer {
            return None;
        }
        let (confirm, confirmed) = oneshot::channel();
        let tracker = Tracker {
            confirm: Some(confirm),
            _permit: permit,
        };
        self.pending.push(event, tracker);
        Some(confirmed)
    }

    /// Returns the number of events that are not acknowledged.
    pub(super) fn len(&self) -> usize {
        self.pending.len()
    }

    /// Returns the oldest unacknowledged events.
    pub(super) fn next_batch(&mut self, limit: NonZeroUsize) -> Option<Batch> {
        self.pending.batch(limit)
    }

    /// Removes the events of a batch and confirms them to their callers.
    pub(super) fn acknowledge(&mut self, ack: AckToken) -> Result<()> {
        for confirm in self.pending.acknowledge(ack)?.filter_map(|tracker| tracker.confirm) {
            // The caller may have stopped waiting.
            let _ = confirm.send(());
        }
        Ok(())
    }

    /// Adds a consumer, unless the bus has one. Returns whether it was added.
    pub(super) fn add_consumer(&mut self) -> bool {
        !std::mem::replace(&mut self.has_consumer, true)
    }

    /// Removes the consumer. The events stay, and their callers get an error.
    pub(super) fn remove_consumer(&mut self) {
        self.has_consumer = false;
        for tracker in self.pending.data_mut() {
            tracker.confirm = None;
        }
    }
}
