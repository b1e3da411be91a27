//! An event bus over PUBLISH and SUBSCRIBE, without a stream: best effort.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use futures::stream::BoxStream;
use horizon_core::{
    AckToken, Batch, Error, Event, EventBus, EventConsumer, EventId, Result, Stamp, Stats, StatsStore, Timestamp,
    Topic, UnacknowledgedEvents, Update,
};
use redis::aio::ConnectionManager;
use tokio::sync::mpsc;

use super::publisher::Publisher;
use super::totals::TotalsSubscriber;
use crate::connection::RedisConfig;
use crate::connection::subscriber::{Channels, Listener};
use crate::connection::task::Task;
use crate::error::map;
use crate::wire::{self, EVENTS};

/// The maximum number of events that wait for the accumulator. More are dropped.
const QUEUE_EVENTS: usize = 65_536;

/// The event bus for web processes without a stream: an event is published, and counted if an accumulator is
/// subscribed at that moment.
///
/// `Ok` means that Redis sent the event to all current subscribers, even if nobody was subscribed. Totals are published
/// as in [`RedisBus`](crate::RedisBus).
///
/// ```no_run
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use std::sync::Arc;
/// use horizon_core::{EventBusExt, Stamp, Timestamp};
/// use horizon_redis::{RedisConfig, RedisPubSubBus, RedisStore};
///
/// let redis = RedisConfig::new("redis://127.0.0.1")?;
/// let bus = RedisPubSubBus::connect(&redis, Arc::new(RedisStore::connect(&redis)?))?;
/// let stamp = Stamp::new(Timestamp::from_millis(1_800_000_000_000), [7; 10]);
/// bus.track_site_visit(stamp, None).await?; // sent to all subscribers
/// # Ok(())
/// # }
/// ```
pub struct RedisPubSubBus {
    connection: ConnectionManager,
    totals: TotalsSubscriber,
}

impl RedisPubSubBus {
    /// Returns the bus of this Redis. New watches start with the totals in `store`.
    ///
    /// Must be called within a tokio runtime. Connections are opened when they are needed.
    ///
    /// # Errors
    /// The connection cannot be set up. Permanent if the address has `?wait=N`.
    pub fn connect(config: &RedisConfig, store: Arc<dyn StatsStore>) -> Result<Self> {
        if config.waits_for_replicas() {
            return Err(Error::permanent(
                "`wait` in the Redis address needs a bus with a stream: pub/sub stores no event that a replica could \
                 confirm",
            ));
        }
        Ok(Self {
            connection: config.command_connection()?,
            totals: TotalsSubscriber::start(config, store)?,
        })
    }
}

#[async_trait]
impl EventBus for RedisPubSubBus {
    async fn track(&self, event: Event) -> Result<()> {
        let json = wire::encode_event(&event)
            .map_err(|e| Error::permanent("the event cannot be encoded as JSON").with_source(e))?;
        redis::cmd("PUBLISH")
            .arg(EVENTS)
            .arg(json)
            .exec_async(&mut self.connection.clone())
            .await
            .map_err(|e| map("the event cannot be published to Redis", e))
    }

    fn watch(&self, topic: Topic) -> BoxStream<'static, Stats> {
        self.totals.watch(topic)
    }
}

/// The event consumer of an accumulator without a stream.
///
/// Unacknowledged events are delivered again, but are lost with this consumer. Every consumer receives every event: if
/// several accumulators share a store, each event is applied several times and counts once by its id. An event without
/// an id gets a random one here, so it would count once per accumulator.
pub struct RedisPubSubConsumer {
    publisher: Publisher,
    events: mpsc::Receiver<Event>,
    pending: UnacknowledgedEvents,
    queue: Arc<PubSubQueue>,
    channels: Channels,
    _listener: Task,
}

struct PubSubQueue {
    sender: mpsc::Sender<Event>,
    is_subscribed: AtomicBool,
    dropped: AtomicU64,
}

impl RedisPubSubConsumer {
    /// Subscribes to the events. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// The connection cannot be set up.
    pub fn connect(config: &RedisConfig) -> Result<Self> {
        let (sender, events) = mpsc::channel(QUEUE_EVENTS);
        let queue = Arc::new(PubSubQueue {
            sender,
            is_subscribed: AtomicBool::new(false),
            dropped: AtomicU64::new(0),
        });
        let channels = Channels::default();
        channels.subscribe(EVENTS.into());
        Ok(Self {
            publisher: Publisher::new(config.command_connection()?),
            events,
            pending: UnacknowledgedEvents::default(),
            _listener: channels.listen(config, Arc::clone(&queue) as _),
            queue,
            channels,
        })
    }

    /// Returns a function that returns whether the consumer is subscribed now, and how many events it has dropped
    /// because its queue was full. It can be called after the consumer has moved to the accumulator.
    pub fn state(&self) -> impl Fn() -> (bool, u64) + Send + Sync + 'static {
        let (queue, channels) = (Arc::clone(&self.queue), self.channels.clone());
        move || {
            let is_subscribed = queue.is_subscribed.load(Ordering::Relaxed) && channels.round_trip().is_some();
            (is_subscribed, queue.dropped.load(Ordering::Relaxed))
        }
    }
}

impl Listener for PubSubQueue {
    fn on_subscribed(&self, _: &str) {
        self.is_subscribed.store(true, Ordering::Relaxed);
    }

    fn on_message(&self, channel: &str, payload: &[u8]) {
        match random_stamp().and_then(|default| wire::decode_event(payload, default)) {
            Ok(event) => {
                if self.sender.try_send(event).is_err() {
                    self.dropped.fetch_add(1, Ordering::Relaxed);
                }
            }
            Err(reason) => tracing::warn!(channel, reason, "dropped a message that is not an event"),
        }
    }
}

/// Returns the stamp of an event without one.
fn random_stamp() -> Result<Stamp, String> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let at = Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX));
    let mut random = [0; 10];
    getrandom::fill(&mut random).map_err(|error| format!("the operating system has no random bytes: {error}"))?;
    let id = EventId::new(at, random);
    Ok(Stamp { at, id })
}

#[async_trait]
impl EventConsumer for RedisPubSubConsumer {
    async fn next_batch(&mut self, limit: NonZeroUsize) -> Result<Batch> {
        let stopped = || Error::permanent("the task that receives events has stopped: restart the process");
        if self.pending.is_empty() {
            let event = self.events.recv().await.ok_or_else(stopped)?;
            self.pending.push(event, ());
        }
        while self.pending.len() < limit.get()
            && let Ok(event) = self.events.try_recv()
        {
            self.pending.push(event, ());
        }
        self.pending.batch(limit).ok_or_else(stopped)
    }

    async fn publish(&mut self, updates: &[Update]) -> Result<()> {
        self.publisher.publish(updates).await
    }

    async fn acknowledge(&mut self, ack: AckToken) -> Result<()> {
        self.pending.acknowledge(ack).map(drop)
    }
}
