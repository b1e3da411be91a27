use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use futures::stream::{BoxStream, StreamExt, unfold};
use horizon_core::{Analytics, Event, Result, Stats, StatsStore, Topic};

use crate::connection::RedisConfig;
use crate::monitor::BusMonitor;
use crate::watchers::{Watcher, Watchers};
use crate::writer::Writer;

/// The most events that may wait in the stream before no more are taken: ten million, some 3 GB.
const WAITING_EVENTS: u64 = 10_000_000;

/// The pipe's end for those who track and watch: events go into a stream, totals come by pub/sub.
///
/// An event is answered once Redis has it, so it outlives this process; how well it outlives Redis is for
/// Redis' own configuration to say (`appendonly yes`, `appendfsync always`). Calls at the same time share a round trip. After an
/// error the event may have been taken: try again with the same event, and it counts once.
///
/// A watch hears of news by pub/sub and reads the kept totals every two seconds, so that nothing that
/// pub/sub loses stays unknown for longer. It outlives any absence of Redis.
///
/// ```no_run
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # use std::sync::Arc;
/// # use horizon_core::{AnalyticsExt, Stamp, Timestamp};
/// # use horizon_redis::{RedisConfig, RedisBus, RedisPubSubBus, RedisStats};
/// # let stamp = Stamp::new(Timestamp::from_millis(1_800_000_000_000), [7; 10]);
/// let redis = RedisConfig::new("redis://127.0.0.1")?;
/// let store = Arc::new(RedisStats::connect(&redis)?);
/// let pipe = RedisBus::connect(&redis, store)?;
/// pipe.track_site_visit(stamp, None).await?; // Redis has it
/// # Ok(())
/// # }
/// ```
pub struct RedisBus {
    writer: Writer,
    watchers: Arc<Watchers>,
}

impl RedisBus {
    /// The pipe of this Redis. New watches read from `store` what was counted before they came.
    ///
    /// It has to be called within a tokio runtime. Connections are made when they are needed.
    ///
    /// # Errors
    /// The connection cannot be set up.
    pub fn connect(config: &RedisConfig, store: Arc<dyn StatsStore>) -> Result<Self> {
        Self::with_capacity(config, store, WAITING_EVENTS)
    }

    /// The same, where no more events are taken while `most` wait in the stream.
    ///
    /// ```no_run
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use std::sync::Arc;
    /// # use horizon_core::{AnalyticsExt, Stamp, Timestamp};
    /// # use horizon_redis::{RedisConfig, RedisBus, RedisPubSubBus, RedisStats};
    /// # let stamp = Stamp::new(Timestamp::from_millis(1_800_000_000_000), [7; 10]);
    /// # let redis = RedisConfig::new("redis://127.0.0.1")?;
    /// # let store = Arc::new(RedisStats::connect(&redis)?);
    /// let small = RedisBus::with_capacity(&redis, store, 1_000)?;
    /// let full = small.track_site_visit(stamp, None).await.is_err_and(|error| error.is_retryable());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// The connection cannot be set up.
    pub fn with_capacity(config: &RedisConfig, store: Arc<dyn StatsStore>, most: u64) -> Result<Self> {
        Ok(Self {
            writer: Writer::start(config, most)?,
            watchers: Arc::new(Watchers::start(config, store)?),
        })
    }

    /// Returns what knows of lost events, and why Redis takes none.
    ///
    /// ```no_run
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use std::sync::Arc;
    /// # use horizon_redis::{RedisConfig, RedisBus, RedisStats};
    /// # let redis = RedisConfig::new("redis://127.0.0.1")?;
    /// # let store = Arc::new(RedisStats::connect(&redis)?);
    /// let monitor = RedisBus::connect(&redis, store)?.monitor();
    /// assert_eq!(monitor.found(), 0);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn monitor(&self) -> BusMonitor {
        self.writer.monitor().clone()
    }
}

#[async_trait]
impl Analytics for RedisBus {
    async fn track(&self, event: Event) -> Result<()> {
        self.writer.write(&event).await
    }

    fn watch(&self, topic: Topic) -> BoxStream<'static, Stats> {
        watch(Arc::clone(&self.watchers), topic)
    }
}

/// The totals of a topic as a stream.
pub(crate) fn watch(watchers: Arc<Watchers>, topic: Topic) -> BoxStream<'static, Stats> {
    unfold(Watcher::new(watchers, topic), |mut watcher| async {
        let update = watcher.next().await?;
        Some((update.stats, watcher))
    })
    .boxed()
}

impl fmt::Debug for RedisBus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisBus").finish_non_exhaustive()
    }
}
