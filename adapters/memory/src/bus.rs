mod queue;

use std::fmt;
use std::mem;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::stream::BoxStream;
use horizon_core::totals::TotalsHub;
use horizon_core::{AckToken, Batch, Error, Event, EventBus, EventConsumer, Result, Stats, StatsStore, Topic, Update};
use parking_lot::Mutex;
use tokio::{
    sync::{Notify, Semaphore},
    time::{Instant, sleep, timeout},
};

use queue::EventQueue;

/// The maximum number of events that are not acknowledged.
const QUEUE_EVENTS: usize = 16_384;

/// The size of a batch after which the consumer gathers the next one, in events.
const GATHER_EVENTS: usize = 8;

/// The consumer stops gathering when no event arrives for this long: 2 milliseconds.
const GATHER_STEP: Duration = Duration::from_millis(2);

/// The longest time to gather a batch: 10 milliseconds.
const GATHER_TIME: Duration = Duration::from_millis(10);

/// How long `track` waits for a slot in the queue and for the acknowledgement: 5 seconds.
const TRACK_TIMEOUT: Duration = Duration::from_secs(5);

/// The event bus of one process: takes events, and streams totals to watchers.
///
/// `track` returns after the batch of its event was acknowledged, so the event is as durable as the store of the
/// consumer. After 5 seconds, or if the consumer is dropped, it returns a retryable error, and the event may still be
/// counted. Dropping the future does not take back an event that is in the queue.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use std::{num::NonZeroUsize, sync::Arc};
/// use horizon_core::{EventBusExt, Stamp, StatsStoreExt, Timestamp, Topic, process_batch};
/// use horizon_memory::{MemoryBus, MemoryStore};
///
/// let store = Arc::new(MemoryStore::new());
/// let (bus, mut consumer) = MemoryBus::new(store.clone());
/// let now = || Timestamp::from_millis(1_800_000_000_000); // your clock
/// let counting = process_batch(&mut consumer, &*store, &now, NonZeroUsize::MIN);
/// let (tracked, _) = tokio::join!(bus.track_site_visit(Stamp::new(now(), [7; 10]), None), counting);
/// tracked?;
/// assert_eq!(store.total(&Topic::Site).await?.stats.visits, 1);
/// # Ok(())
/// # }
/// ```
pub struct MemoryBus {
    inner: Arc<BusInner>,
}

/// The consumer of a [`MemoryBus`].
///
/// It returns the same events again until they are acknowledged. After a batch of at least 8 events it gathers the next
/// one for up to 10 milliseconds.
///
/// `horizon_backend::run_accumulator` runs a consumer until shutdown. Without it, call
/// [`process_batch`](horizon_core::process_batch) in a loop.
pub struct MemoryConsumer {
    inner: Arc<BusInner>,
    /// The number of events in the last batch.
    last_batch: usize,
}

struct BusInner {
    queue: Mutex<EventQueue>,
    slots: Arc<Semaphore>,
    arrived: Notify,
    totals: Arc<TotalsHub>,
}

impl MemoryBus {
    /// Returns a bus and its consumer. Watches start with the totals of `store`.
    #[must_use]
    pub fn new(store: Arc<dyn StatsStore>) -> (Self, MemoryConsumer) {
        let inner = Arc::new(BusInner {
            queue: Mutex::new(EventQueue::new()),
            slots: Arc::new(Semaphore::new(QUEUE_EVENTS)),
            arrived: Notify::new(),
            totals: TotalsHub::new(store, ()),
        });
        let consumer = MemoryConsumer::new(&inner);
        (Self { inner }, consumer)
    }

    /// Returns a new consumer after the last one was dropped. It starts with the unacknowledged events.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use horizon_memory::{MemoryBus, MemoryStore};
    ///
    /// let (bus, consumer) = MemoryBus::new(Arc::new(MemoryStore::new()));
    /// assert!(bus.consumer().is_err());
    /// drop(consumer);
    /// assert!(bus.consumer().is_ok());
    /// ```
    ///
    /// # Errors
    /// Retryable while the bus has a consumer.
    pub fn consumer(&self) -> Result<MemoryConsumer> {
        if !self.inner.queue.lock().add_consumer() {
            return Err(Error::unavailable("the event bus already has a consumer"));
        }
        Ok(MemoryConsumer::new(&self.inner))
    }
}

#[async_trait]
impl EventBus for MemoryBus {
    async fn track(&self, event: Event) -> Result<()> {
        timeout(TRACK_TIMEOUT, self.inner.track(event))
            .await
            .unwrap_or_else(|_| Err(Error::unavailable("the event was not acknowledged in time")))
    }

    fn watch(&self, topic: Topic) -> BoxStream<'static, Stats> {
        self.inner.totals.watch(topic)
    }
}

#[async_trait]
impl EventConsumer for MemoryConsumer {
    async fn next_batch(&mut self, limit: NonZeroUsize) -> Result<Batch> {
        self.gather(limit).await;
        loop {
            let batch = self.inner.queue.lock().next_batch(limit);
            match batch {
                Some(batch) => {
                    self.last_batch = batch.events.len();
                    return Ok(batch);
                }
                None => self.inner.arrived.notified().await,
            }
        }
    }

    async fn publish(&mut self, updates: &[Update]) -> Result<()> {
        updates.iter().for_each(|update| self.inner.totals.publish(update));
        Ok(())
    }

    async fn acknowledge(&mut self, ack: AckToken) -> Result<()> {
        self.inner.queue.lock().acknowledge(ack)
    }
}

impl Drop for MemoryConsumer {
    fn drop(&mut self) {
        self.inner.queue.lock().remove_consumer();
    }
}

impl MemoryConsumer {
    fn new(inner: &Arc<BusInner>) -> Self {
        Self {
            inner: Arc::clone(inner),
            last_batch: 0,
        }
    }

    /// Waits for more events if the last batch was large, because the store syncs its disk once per batch. A caller
    /// that tracks one event at a time does not wait. PostgreSQL's `commit_delay` and `commit_siblings` do the same.
    async fn gather(&self, limit: NonZeroUsize) {
        let mut queued = self.inner.queue.lock().len();
        if self.last_batch < GATHER_EVENTS || queued >= self.last_batch {
            return;
        }
        let deadline = Instant::now() + GATHER_TIME;
        while Instant::now() < deadline {
            sleep(GATHER_STEP).await;
            let before = mem::replace(&mut queued, self.inner.queue.lock().len());
            if queued == before || queued >= limit.get() {
                return;
            }
        }
    }
}

impl BusInner {
    async fn track(&self, event: Event) -> Result<()> {
        let no_consumer = || Error::unavailable("the event bus has no consumer");
        let slot = Arc::clone(&self.slots)
            .acquire_owned()
            .await
            .map_err(|e| no_consumer().with_source(e))?;
        let confirmed = self.queue.lock().push(event, slot).ok_or_else(no_consumer)?;
        self.arrived.notify_one();
        confirmed.await.map_err(|e| no_consumer().with_source(e))
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
