use std::collections::VecDeque;
use std::num::NonZeroUsize;

use horizon_core::{AckToken, Batch, Error, Event, Result};
use tokio::sync::{OwnedSemaphorePermit, oneshot};

/// The events that are not acknowledged yet, in order. Pure state, without waiting.
///
/// Every event has a position, which is never reused. An [`AckToken`] is the position after the last event of its
/// batch, so acknowledging twice or late is harmless.
#[derive(Debug)]
pub(super) struct EventQueue {
    entries: VecDeque<QueuedEvent>,
    /// The position of the first entry.
    first: u64,
    /// The position after the last event that was handed out.
    handed_out: u64,
    has_consumer: bool,
}

#[derive(Debug)]
struct QueuedEvent {
    event: Event,
    /// Confirms the event to the caller of `track`. `None` once the consumer was dropped.
    confirm: Option<oneshot::Sender<()>>,
    /// Releases the event's slot in the queue when the entry is dropped.
    _permit: OwnedSemaphorePermit,
}

impl EventQueue {
    /// Returns an empty queue with a consumer.
    pub(super) fn new() -> Self {
        Self {
            entries: VecDeque::new(),
            first: 0,
            handed_out: 0,
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
        self.entries.push_back(QueuedEvent {
            event,
            confirm: Some(confirm),
            _permit: permit,
        });
        Some(confirmed)
    }

    /// Returns the number of events that are not acknowledged.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Returns the oldest unacknowledged events.
    pub(super) fn next_batch(&mut self, limit: NonZeroUsize) -> Option<Batch> {
        let events: Vec<Event> = self.entries.iter().take(limit.get()).map(|e| e.event.clone()).collect();
        if events.is_empty() {
            return None;
        }
        let end = self.first + events.len() as u64;
        self.handed_out = self.handed_out.max(end);
        Some(Batch::new(events, AckToken(end)))
    }

    /// Removes the events of a batch and confirms them to their callers.
    pub(super) fn acknowledge(&mut self, ack: AckToken) -> Result<()> {
        if ack.0 > self.handed_out {
            return Err(Error::permanent("the acknowledged batch was never handed out"));
        }
        while self.first < ack.0 {
            self.first += 1;
            if let Some(confirm) = self.entries.pop_front().and_then(|entry| entry.confirm) {
                // The caller may have stopped waiting.
                let _ = confirm.send(());
            }
        }
        Ok(())
    }

    /// Adds a consumer, unless there is one. Returns whether it was added.
    pub(super) fn add_consumer(&mut self) -> bool {
        !std::mem::replace(&mut self.has_consumer, true)
    }

    /// Removes the consumer. The events stay, and their callers get an error.
    pub(super) fn remove_consumer(&mut self) {
        self.has_consumer = false;
        for entry in &mut self.entries {
            entry.confirm = None;
        }
    }
}
