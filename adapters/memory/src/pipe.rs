use std::fmt;
use std::mem;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use futures::stream::BoxStream;
use horizon_core::{AckToken, Analytics, Batch, Error, Event, EventConsumer, Result, Stats, StatsStore, Topic, Update};
use tokio::{
    sync::{Notify, Semaphore},
    time::{Instant, sleep, timeout},
};

use crate::{queue::Queue, totals::Totals};

/// The most events between the two ends, in events.
const QUEUE_EVENTS: usize = 16_384;

/// From how many events in a batch the next one is gathered for a while, in events.
const SHARED_EVENTS: usize = 8;

/// How long nothing more may come before a batch that is gathered goes: 2 milliseconds.
const GATHER_STEP: Duration = Duration::from_millis(2);

/// How long a batch is gathered at most: 10 milliseconds.
const GATHER: Duration = Duration::from_millis(10);

/// How long an event waits for a place in the queue and for being counted.
const TRACK_WAIT: Duration = Duration::from_secs(5);

/// The pipe's end for those who track and watch.
///
/// An event is answered once its batch is acknowledged: it is then as durable as the store of
/// whoever reads the feed. An event that waits longer than 5 seconds, or whose feed goes away, is
/// answered with a retryable error and may still be counted. Dropping the future of an event that
/// is in the queue does not take it back.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use std::{num::NonZeroUsize, sync::Arc};
/// use horizon_core::{AnalyticsExt, Stamp, StatsStoreExt, Timestamp, Topic, process_batch};
/// use horizon_memory::{MemoryBus, MemoryStats};
///
/// let store = Arc::new(MemoryStats::new());
/// let (pipe, mut feed) = MemoryBus::new(store.clone());
/// let now = || Timestamp::from_millis(1_800_000_000_000); // ask your clock
/// let counting = process_batch(&mut feed, &*store, &now, NonZeroUsize::MIN);
/// let (tracked, _) = tokio::join!(pipe.track_site_visit(Stamp::new(now(), [7; 10]), None), counting);
/// tracked?;
/// assert_eq!(store.total(&Topic::Site).await?.stats.visits, 1);
/// # Ok(())
/// # }
/// ```
pub struct MemoryBus {
    shared: Arc<Shared>,
}

/// The pipe's end for the accumulator.
///
/// Without an acknowledgement it hands out the same events again, whichever way it failed. Where many track at once it
/// gathers a batch for 10 milliseconds.
///
/// `horizon_backend::run_accumulator` reads one for as long as the process lives. By hand it is [`process_batch`](horizon_core::step)
/// in a loop:
///
/// ```
/// use std::num::NonZeroUsize;
/// use horizon_core::{Result, StatsStore, Timestamp, process_batch};
/// use horizon_memory::MemoryConsumer;
///
/// async fn count(mut feed: MemoryConsumer, store: &dyn StatsStore, now: fn() -> Timestamp) -> Result<()> {
///     loop {
///         process_batch(&mut feed, store, &now, NonZeroUsize::MAX).await?;
///     }
/// }
/// ```
pub struct MemoryConsumer {
    shared: Arc<Shared>,
    /// How many events the last batch had.
    handed: usize,
}

struct Shared {
    queue: Mutex<Queue>,
    places: Arc<Semaphore>,
    arrived: Notify,
    totals: Arc<Totals>,
}

impl MemoryBus {
    /// Both ends of a pipe. Watches read from `store` what was counted before they came.
    #[must_use]
    pub fn new(store: Arc<dyn StatsStore>) -> (Self, MemoryConsumer) {
        let shared = Arc::new(Shared {
            queue: Mutex::new(Queue::new()),
            places: Arc::new(Semaphore::new(QUEUE_EVENTS)),
            arrived: Notify::new(),
            totals: Totals::new(store),
        });
        let feed = MemoryConsumer::of(&shared);
        (Self { shared }, feed)
    }

    /// Opens the feed anew when the last one was dropped. It starts with what is not acknowledged.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use std::sync::Arc;
    /// use horizon_memory::{MemoryBus, MemoryStats};
    ///
    /// let (pipe, feed) = MemoryBus::new(Arc::new(MemoryStats::new()));
    /// assert!(pipe.feed().is_err());
    /// drop(feed);
    /// assert!(pipe.feed().is_ok());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Retryable while the last feed is still there: a pipe has one.
    pub fn feed(&self) -> Result<MemoryConsumer> {
        if !self.shared.queue().open() {
            return Err(Error::unavailable("the pipe already has a feed"));
        }
        Ok(MemoryConsumer::of(&self.shared))
    }
}

#[async_trait]
impl Analytics for MemoryBus {
    async fn track(&self, event: Event) -> Result<()> {
        timeout(TRACK_WAIT, self.shared.track(event))
            .await
            .unwrap_or_else(|_| Err(Error::unavailable("the event was not counted in time")))
    }

    fn watch(&self, topic: Topic) -> BoxStream<'static, Stats> {
        self.shared.totals.watch(topic)
    }
}

#[async_trait]
impl EventConsumer for MemoryConsumer {
    async fn next_batch(&mut self, limit: NonZeroUsize) -> Result<Batch> {
        self.gather(limit).await;
        loop {
            let batch = self.shared.queue().batch(limit);
            match batch {
                Some(batch) => {
                    self.handed = batch.events.len();
                    return Ok(batch);
                }
                None => self.shared.arrived.notified().await,
            }
        }
    }

    async fn publish(&mut self, updates: &[Update]) -> Result<()> {
        self.shared.totals.publish(updates);
        Ok(())
    }

    async fn acknowledge(&mut self, ack: AckToken) -> Result<()> {
        self.shared.queue().acknowledge(ack)
    }
}

impl Drop for MemoryConsumer {
    fn drop(&mut self) {
        self.shared.queue().close();
    }
}

impl MemoryConsumer {
    fn of(shared: &Arc<Shared>) -> Self {
        Self {
            shared: Arc::clone(shared),
            handed: 0,
        }
    }

    /// Waits while more events come, if many came before. A store writes to its disk once for a batch, and among 5,000 likes a
    /// second that is most of what a like costs unless some share it. Who tracks one event after the other waits for
    /// nothing (like `commit_delay` and `commit_siblings` of PostgreSQL).
    async fn gather(&self, limit: NonZeroUsize) {
        let mut waiting = self.shared.queue().len();
        if self.handed < SHARED_EVENTS || waiting >= self.handed {
            return;
        }
        let enough = Instant::now() + GATHER;
        while Instant::now() < enough {
            sleep(GATHER_STEP).await;
            let before = mem::replace(&mut waiting, self.shared.queue().len());
            if waiting == before || waiting >= limit.get() {
                return;
            }
        }
    }
}

impl Shared {
    async fn track(&self, event: Event) -> Result<()> {
        let gone = || Error::unavailable("nobody takes events off the pipe");
        let place = Arc::clone(&self.places)
            .acquire_owned()
            .await
            .map_err(|e| gone().with_source(e))?;
        let counted = self.queue().push(event, place).ok_or_else(gone)?;
        self.arrived.notify_one();
        counted.await.map_err(|e| gone().with_source(e))
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for MemoryBus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryBus").finish_non_exhaustive()
    }
}

impl fmt::Debug for MemoryConsumer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryConsumer").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
