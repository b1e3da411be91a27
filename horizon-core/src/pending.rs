use std::collections::VecDeque;
use std::num::NonZeroUsize;

use crate::{AckToken, Batch, Error, Event, Result};

/// The events of an [`EventConsumer`](crate::EventConsumer) that are not acknowledged yet, in order.
///
/// Every event has a position that is never used again. An [`AckToken`] is the position after a batch, so a repeated or
/// late acknowledgement does no harm. `T` is the data that the adapter keeps with each event.
///
/// ```
/// use std::num::NonZeroUsize;
/// use horizon_core::{Event, EventKind, UnacknowledgedEvents, Stamp, Timestamp, Topic};
///
/// let visit = Event::new(Stamp::new(Timestamp::default(), [7; 10]), Topic::Site, EventKind::visit(None));
/// let mut pending = UnacknowledgedEvents::default();
/// pending.push(visit, "entry 1");
/// let batch = pending.batch(NonZeroUsize::MAX).ok_or("no events")?;
/// assert_eq!(pending.acknowledge(batch.ack)?.collect::<Vec<_>>(), ["entry 1"]);
/// assert!(pending.is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct UnacknowledgedEvents<T = ()> {
    entries: VecDeque<(Event, T)>,
    /// The position of the first entry.
    first: u64,
    /// The position after the last event that was in a batch.
    handed_out: u64,
}

impl<T> Default for UnacknowledgedEvents<T> {
    fn default() -> Self {
        Self {
            entries: VecDeque::new(),
            first: 0,
            handed_out: 0,
        }
    }
}

impl<T> UnacknowledgedEvents<T> {
    /// Appends an event.
    pub fn push(&mut self, event: Event, data: T) {
        self.entries.push_back((event, data));
    }

    /// Returns how many events are not acknowledged.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Returns whether every event is acknowledged.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Returns the data of all unacknowledged events.
    pub fn data_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.entries.iter_mut().map(|(_, data)| data)
    }

    /// Returns at most `limit` of the oldest events, or `None` if all events are acknowledged.
    pub fn batch(&mut self, limit: NonZeroUsize) -> Option<Batch> {
        let events = self.entries.iter().take(limit.get());
        let events: Vec<Event> = events.map(|(event, _)| event.clone()).collect();
        if events.is_empty() {
            return None;
        }
        let end = self.first + events.len() as u64;
        self.handed_out = self.handed_out.max(end);
        Some(Batch::new(events, AckToken(end)))
    }

    /// Returns the data of the events that `ack` acknowledges, and keeps them.
    ///
    /// # Errors
    /// Permanent if no batch had this token.
    pub fn data_until(&self, ack: AckToken) -> Result<impl Iterator<Item = &T>> {
        let count = self.count(ack)?;
        Ok(self.entries.iter().take(count).map(|(_, data)| data))
    }

    /// Removes the events that `ack` acknowledges, and returns their data.
    ///
    /// # Errors
    /// Permanent if no batch had this token.
    pub fn acknowledge(&mut self, ack: AckToken) -> Result<impl Iterator<Item = T>> {
        let count = self.count(ack)?;
        self.first += count as u64;
        Ok(self.entries.drain(..count).map(|(_, data)| data))
    }

    fn count(&self, ack: AckToken) -> Result<usize> {
        if ack.0 > self.handed_out {
            return Err(Error::permanent("no batch has this token"));
        }
        let count = usize::try_from(ack.0.saturating_sub(self.first)).unwrap_or(usize::MAX);
        Ok(count.min(self.entries.len()))
    }
}
