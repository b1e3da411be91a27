use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use horizon_core::{AckToken, Batch, Error, EventConsumer, Result, UnacknowledgedEvents, Update};
use parking_lot::Mutex;
use redis::RedisError;
use redis::aio::ConnectionManager;
use tokio::sync::mpsc;

use super::entries::{StreamEntry, StreamId};
use super::entry_scripts::EntryScripts;
use super::in_flight::InFlight;
use super::monitor::StreamMonitor;
use super::publisher::Publisher;
use super::reader::{GROUP, StreamReader};
use super::stream_check::StreamCheck;
use super::stream_state::StreamState;
use crate::connection::RedisConfig;
use crate::connection::task::Task;
use crate::error::map;
use crate::wire::EVENTS;

/// How many reads of up to 1,024 events are buffered.
const READS_AHEAD: usize = 2;

/// The default of [`ConsumerConfig::claim_after`]: 10 seconds.
const CLAIM_AFTER: Duration = Duration::from_secs(10);

/// The default of [`ConsumerConfig::forget_after`]: an hour. Without it, random names would pile up.
const FORGET_AFTER: Duration = Duration::from_secs(3_600);

/// The settings of a [`RedisConsumer`].
///
/// ```
/// use std::time::Duration;
/// use horizon_redis::ConsumerConfig;
///
/// let mut config = ConsumerConfig::new("counts-1");
/// config.claim_after = Duration::from_secs(30);
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ConsumerConfig {
    /// The name of this accumulator, unique among running accumulators. An accumulator that restarts under the same
    /// name continues its unfinished work at once.
    pub consumer: String,
    /// How long an event may stay unacknowledged before another accumulator takes it over. An accumulator that is
    /// slower than this does no harm: the store counts an event once, even if two accumulators apply it.
    pub claim_after: Duration,
    /// How long an accumulator without pending events may be silent before its name is removed from the group.
    pub forget_after: Duration,
}

impl ConsumerConfig {
    /// Returns the defaults: take over after 10 seconds, forget after an hour.
    #[must_use]
    pub fn new(consumer: impl Into<String>) -> Self {
        Self {
            consumer: consumer.into(),
            claim_after: CLAIM_AFTER,
            forget_after: FORGET_AFTER,
        }
    }
}

/// The event consumer of an accumulator. Any number of them share the events of one stream.
///
/// It takes over events that another consumer does not acknowledge, so several consumers do not keep the order of
/// events; stores do not need it. Entries that are not events move to the stream `analytics:refused`. Entries that
/// every group has acknowledged are trimmed.
///
/// ```no_run
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use std::num::NonZeroUsize;
/// use horizon_core::{Timestamp, process_batch};
/// use horizon_redis::{ConsumerConfig, RedisConfig, RedisConsumer, RedisStore};
///
/// let redis = RedisConfig::new("redis://127.0.0.1")?;
/// let store = RedisStore::connect(&redis)?;
/// let mut consumer = RedisConsumer::connect(&redis, ConsumerConfig::new("counts-1"))?;
/// let now = || Timestamp::default(); // ask your clock
/// loop {
///     // `horizon_backend::run_accumulator` also retries after an error.
///     process_batch(&mut consumer, &store, &now, NonZeroUsize::MAX).await?;
/// }
/// # }
/// ```
pub struct RedisConsumer {
    connection: ConnectionManager,
    publisher: Publisher,
    entries: mpsc::Receiver<Vec<StreamEntry>>,
    pending: UnacknowledgedEvents<StreamId>,
    in_flight: Arc<InFlight>,
    state: Arc<Mutex<StreamState>>,
    monitor: StreamMonitor,
    _reader: Task,
}

impl RedisConsumer {
    /// Starts to read. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// The connection cannot be set up.
    pub fn connect(config: &RedisConfig, consumer: ConsumerConfig) -> Result<Self> {
        let (sender, entries) = mpsc::channel(READS_AHEAD);
        let (in_flight, state) = (Arc::new(InFlight::new()), Arc::<Mutex<StreamState>>::default());
        let monitor = StreamMonitor::default();
        let reader = StreamReader {
            redis: config.clone(),
            config: consumer,
            in_flight: Arc::clone(&in_flight),
            entries: sender,
            state: Arc::clone(&state),
            scripts: EntryScripts::new(),
            check: StreamCheck::new(monitor.clone(), config.replicas()),
        };
        let connection = config.command_connection()?;
        Ok(Self {
            publisher: Publisher::new(connection.clone()),
            connection,
            entries,
            pending: UnacknowledgedEvents::default(),
            in_flight,
            state,
            monitor,
            _reader: Task::spawn(config.panic_report(), "redis stream reader", reader.run()),
        })
    }

    /// Returns a function that returns the state of the stream. It can be called after the consumer has moved to the
    /// accumulator.
    pub fn state(&self) -> impl Fn() -> StreamState + Send + Sync + 'static {
        let (state, monitor) = (Arc::clone(&self.state), self.monitor.clone());
        move || StreamState {
            lost: monitor.found(),
            ..*state.lock()
        }
    }

    /// Returns the monitor of lost events. It can be used after the consumer has moved to the accumulator.
    #[must_use]
    pub fn monitor(&self) -> StreamMonitor {
        self.monitor.clone()
    }
}

#[async_trait]
impl EventConsumer for RedisConsumer {
    async fn next_batch(&mut self, limit: NonZeroUsize) -> Result<Batch> {
        while self.pending.len() < limit.get() {
            let more = if self.pending.is_empty() {
                self.entries.recv().await
            } else {
                self.entries.try_recv().ok()
            };
            let Some(entries) = more else { break };
            for entry in entries {
                self.pending.push(entry.event, entry.id);
            }
        }
        let stopped = || Error::permanent("the task that reads the event stream has stopped: restart the process");
        self.pending.batch(limit).ok_or_else(stopped)
    }

    async fn publish(&mut self, updates: &[Update]) -> Result<()> {
        self.publisher.publish(updates).await
    }

    async fn acknowledge(&mut self, ack: AckToken) -> Result<()> {
        let mut ids = self.pending.data_until(ack)?.peekable();
        if ids.peek().is_none() {
            return Ok(());
        }
        let mut acknowledge = redis::cmd("XACK");
        acknowledge.arg(&[EVENTS, GROUP]);
        for id in ids {
            acknowledge.arg(id);
        }
        let failed = |e: RedisError| map("the events cannot be acknowledged in Redis", e);
        acknowledge.exec_async(&mut self.connection).await.map_err(failed)?;
        self.in_flight.remove(self.pending.acknowledge(ack)?);
        Ok(())
    }
}
