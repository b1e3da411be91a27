use std::collections::VecDeque;
use std::fmt;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use horizon_core::{AckToken, Batch, Error, EventConsumer, Result, Update};
use redis::RedisError;
use redis::aio::ConnectionManager;
use tokio::sync::mpsc;

use crate::bus::Bus;
use crate::connection::RedisConfig;
use crate::entries::Entry;
use crate::entry_scripts::EntryScripts;
use crate::error::map;
use crate::gauges::{Gauges, StreamState};
use crate::held::Held;
use crate::monitor::BusMonitor;
use crate::publisher::Publisher;
use crate::reader::{GROUP, Reader};
use crate::task::Task;
use crate::wire::EVENTS;

/// How many reads may lie ready beside the one that is being counted, in reads of 1,024 events.
const READS_AHEAD: usize = 2;

/// How long an event may stay unacknowledged before another accumulator takes it over, unless told otherwise.
const CLAIM_AFTER: Duration = Duration::from_secs(10);

/// How long an accumulator that has nothing left to do is remembered, unless told otherwise: an hour. Those with
/// random names would pile up for ever.
const FORGET_AFTER: Duration = Duration::from_secs(3_600);

/// How a [`RedisConsumer`] takes its share of the work.
///
/// ```
/// use std::time::Duration;
/// use horizon_redis::ConsumerConfig;
///
/// let mut config = ConsumerConfig::new("counts-1");
/// config.claim_after = Duration::from_secs(30);
/// assert_eq!(config.consumer, "counts-1");
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ConsumerConfig {
    /// The name of this accumulator. Two that run at the same time must not have the same; one that
    /// is started again with the name it had finds its unfinished work at once.
    pub consumer: String,
    /// How long an event may stay unacknowledged before another accumulator takes it over. One that is
    /// slower than that is not harmed: what is counted twice counts once.
    pub claim_after: Duration,
    /// How long an accumulator with nothing left to do may be silent before the group forgets its name.
    pub forget_after: Duration,
}

impl ConsumerConfig {
    /// An accumulator of this name that takes over after 10 seconds.
    #[must_use]
    pub fn new(consumer: impl Into<String>) -> Self {
        Self {
            consumer: consumer.into(),
            claim_after: CLAIM_AFTER,
            forget_after: FORGET_AFTER,
        }
    }
}

/// The pipe's end for an accumulator. As many as you like share the work of one stream.
///
/// What another has taken and does not acknowledge for a while comes to this one; with several
/// accumulators the order of one publisher's events is therefore not kept, and need not be, because stores
/// go by when something was said. Entries that hold no event are put aside to the stream
/// `analytics:refused`. What every group has acknowledged is trimmed.
///
/// ```no_run
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # use std::{num::NonZeroUsize, time::{Duration, SystemTime}};
/// # use horizon_core::{EventConsumer, Timestamp, process_batch};
/// # use horizon_redis::{ConsumerConfig, RedisConfig, RedisConsumer, RedisPubSubConsumer, RedisStats};
/// # let redis = RedisConfig::new("redis://127.0.0.1")?;
/// let store = RedisStats::connect(&redis)?;
/// let mut feed = RedisConsumer::connect(&redis, ConsumerConfig::new("counts-1"))?;
/// let now = || Timestamp::default(); // ask your clock
/// loop {
///     process_batch(&mut feed, &store, &now, NonZeroUsize::MAX).await?; // `horizon_backend::run_accumulator` also goes on after an error
/// }
/// # }
/// ```
pub struct RedisConsumer {
    connection: ConnectionManager,
    publisher: Publisher,
    arrived: mpsc::Receiver<Vec<Entry>>,
    /// What is not acknowledged, in order.
    pending: VecDeque<Entry>,
    /// The place of the first of `pending`, counted from the first event that ever arrived.
    first: u64,
    /// The place behind the last event that was handed out.
    handed: u64,
    held: Arc<Held>,
    gauges: Arc<Gauges>,
    monitor: BusMonitor,
    _reader: Task,
}

impl RedisConsumer {
    /// Starts to read. It has to be called within a tokio runtime.
    ///
    /// # Errors
    /// The connection cannot be set up.
    pub fn connect(config: &RedisConfig, feed: ConsumerConfig) -> Result<Self> {
        let (out, arrived) = mpsc::channel(READS_AHEAD);
        let (held, gauges) = (Arc::new(Held::new()), Arc::new(Gauges::default()));
        let monitor = BusMonitor::default();
        let reader = Reader {
            config: config.clone(),
            consumer: feed.consumer,
            claim_after: feed.claim_after,
            forget_after: feed.forget_after,
            held: Arc::clone(&held),
            out,
            gauges: Arc::clone(&gauges),
            scripts: EntryScripts::new(),
            bus: Bus::new(monitor.clone(), config.replicas()),
        };
        let connection = config.commands()?;
        Ok(Self {
            publisher: Publisher::new(connection.clone()),
            connection,
            arrived,
            pending: VecDeque::new(),
            first: 0,
            handed: 0,
            held,
            gauges,
            monitor,
            _reader: Task::spawn(config.panic_report(), "redis stream reader", reader.run()),
        })
    }

    /// What to ask how the stream stands, also after the feed has gone to the accumulator.
    ///
    /// ```no_run
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use std::{num::NonZeroUsize, time::{Duration, SystemTime}};
    /// # use horizon_core::{EventConsumer, Timestamp, process_batch};
    /// # use horizon_redis::{ConsumerConfig, RedisConfig, RedisConsumer, RedisPubSubConsumer, RedisStats};
    /// # let redis = RedisConfig::new("redis://127.0.0.1")?;
    /// let feed = RedisConsumer::connect(&redis, ConsumerConfig::new("counts-1"))?;
    /// let state = feed.state(); // keep it, and give the feed away
    /// assert_eq!(state().lost, 0);
    /// # Ok(())
    /// # }
    /// ```
    pub fn state(&self) -> impl Fn() -> StreamState + Send + Sync + 'static {
        let (gauges, monitor) = (Arc::clone(&self.gauges), self.monitor.clone());
        move || gauges.state(monitor.found())
    }

    /// Returns what knows of lost events, also after the feed has gone to the accumulator.
    #[must_use]
    pub fn monitor(&self) -> BusMonitor {
        self.monitor.clone()
    }
}

#[async_trait]
impl EventConsumer for RedisConsumer {
    async fn next_batch(&mut self, limit: NonZeroUsize) -> Result<Batch> {
        while self.pending.len() < limit.get() {
            let more = if self.pending.is_empty() {
                self.arrived.recv().await
            } else {
                self.arrived.try_recv().ok()
            };
            match more {
                Some(entries) => self.pending.extend(entries),
                None if self.pending.is_empty() => {
                    return Err(Error::permanent("the task that reads the stream is gone"));
                }
                None => break,
            }
        }
        let events: Vec<_> = self
            .pending
            .iter()
            .take(limit.get())
            .map(|entry| entry.event.clone())
            .collect();
        let behind = self.first + events.len() as u64;
        self.handed = self.handed.max(behind);
        Ok(Batch::new(events, AckToken(behind)))
    }

    async fn publish(&mut self, updates: &[Update]) -> Result<()> {
        self.publisher.publish(updates).await
    }

    async fn acknowledge(&mut self, ack: AckToken) -> Result<()> {
        if ack.0 > self.handed {
            return Err(Error::permanent("this ack was never handed out"));
        }
        let done = usize::try_from(ack.0.saturating_sub(self.first)).unwrap_or(usize::MAX);
        if done == 0 {
            return Ok(());
        }
        let mut acknowledge = redis::cmd("XACK");
        acknowledge.arg(&[EVENTS, GROUP]);
        for entry in self.pending.iter().take(done) {
            acknowledge.arg(entry.id);
        }
        let failed = |e: RedisError| map("the events cannot be acknowledged", e);
        acknowledge.exec_async(&mut self.connection).await.map_err(failed)?;
        let done = self.pending.drain(..done.min(self.pending.len()));
        self.first += done.len() as u64;
        self.held.release(done.map(|entry| entry.id));
        Ok(())
    }
}

impl fmt::Debug for RedisConsumer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisConsumer").finish_non_exhaustive()
    }
}
