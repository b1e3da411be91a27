mod consumer;
mod entries;
mod entry_scripts;
mod in_flight;
mod monitor;
mod publisher;
mod pubsub;
mod reader;
pub(crate) mod redact;
mod stream_check;
mod stream_state;
mod totals;
mod unconfirmed;
mod writer;

use std::sync::Arc;

use async_trait::async_trait;
use futures::stream::BoxStream;
use horizon_core::{Event, EventBus, Result, Stats, StatsStore, Topic};

use crate::connection::RedisConfig;
pub use consumer::{ConsumerConfig, RedisConsumer};
pub use monitor::{StreamLoss, StreamMonitor};
pub use pubsub::{RedisPubSubBus, RedisPubSubConsumer};
pub use stream_state::StreamState;
use totals::TotalsSubscriber;
use writer::Writer;

/// The maximum number of events in the stream before new ones are rejected: ten million, some 3 GB.
const STREAM_CAPACITY: u64 = 10_000_000;

/// The event bus for web processes: events go to a stream, totals come by pub/sub.
///
/// An event is acknowledged once Redis has it, so it outlives this process; whether it outlives Redis depends on
/// `appendonly` and `appendfsync`. Concurrent calls share a round trip. After an error Redis may have the event: repeat
/// the call with the same event, and it counts once.
///
/// A watch is notified by pub/sub and reads the stored totals every two seconds, so a lost message delays an update by
/// two seconds at most. It survives any outage of Redis.
///
/// ```no_run
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use std::sync::Arc;
/// use horizon_core::{EventBusExt, Stamp, Timestamp};
/// use horizon_redis::{RedisBus, RedisConfig, RedisStore};
///
/// let redis = RedisConfig::new("redis://127.0.0.1")?;
/// let bus = RedisBus::connect(&redis, Arc::new(RedisStore::connect(&redis)?))?;
/// let stamp = Stamp::new(Timestamp::from_millis(1_800_000_000_000), [7; 10]);
/// bus.track_site_visit(stamp, None).await?; // Redis has it
/// # Ok(())
/// # }
/// ```
pub struct RedisBus {
    writer: Writer,
    totals: TotalsSubscriber,
}

impl RedisBus {
    /// Returns the bus of this Redis. New watches start with the totals in `store`.
    ///
    /// Must be called within a tokio runtime. Connections are opened when they are needed.
    ///
    /// # Errors
    /// The connection cannot be set up.
    pub fn connect(config: &RedisConfig, store: Arc<dyn StatsStore>) -> Result<Self> {
        Self::with_capacity(config, store, STREAM_CAPACITY)
    }

    /// Like [`connect`](Self::connect), but rejects events as retryable while `capacity` events are in the stream.
    ///
    /// # Errors
    /// The connection cannot be set up.
    pub fn with_capacity(config: &RedisConfig, store: Arc<dyn StatsStore>, capacity: u64) -> Result<Self> {
        Ok(Self {
            writer: Writer::start(config, capacity)?,
            totals: TotalsSubscriber::start(config, store)?,
        })
    }

    /// Returns the monitor of lost events and rejected writes.
    #[must_use]
    pub fn monitor(&self) -> StreamMonitor {
        self.writer.monitor().clone()
    }
}

#[async_trait]
impl EventBus for RedisBus {
    async fn track(&self, event: Event) -> Result<()> {
        self.writer.write(&event).await
    }

    fn watch(&self, topic: Topic) -> BoxStream<'static, Stats> {
        self.totals.watch(topic)
    }
}
