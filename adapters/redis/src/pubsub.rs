//! The original's way: events by PUBLISH and SUBSCRIBE, best effort.

use std::collections::VecDeque;
use std::fmt;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use futures::stream::BoxStream;
use horizon_core::{
    AckToken, Analytics, Batch, Error, Event, EventConsumer, EventId, Result, Stamp, Stats, StatsStore, Timestamp,
    Topic, Update,
};
use redis::aio::ConnectionManager;
use tokio::sync::mpsc;

use crate::connection::RedisConfig;
use crate::error::map;
use crate::pipe::watch;
use crate::publisher::Publisher;
use crate::subscriber::{Channels, Listener};
use crate::task::Task;
use crate::watchers::Watchers;
use crate::wire::{self, EVENTS};

/// The most events that wait for the accumulator. More are dropped, which is what best effort means.
const WAITING_EVENTS: usize = 65_536;

/// The pipe's end for those who track and watch, without a stream: an event is published, and counted if
/// an accumulator listens at that moment.
///
/// Ok means that Redis told everybody who listened, also if that was nobody. Any client can take part, as the
/// original's could. Totals go the same way as those of [`RedisBus`](crate::RedisPipe).
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
/// let pipe = RedisPubSubBus::connect(&redis, store)?;
/// pipe.track_site_visit(stamp, None).await?; // told to whoever listens
/// # Ok(())
/// # }
/// ```
pub struct RedisPubSubBus {
    connection: ConnectionManager,
    watchers: Arc<Watchers>,
}

impl RedisPubSubBus {
    /// The pipe of this Redis. New watches read from `store` what was counted before they came.
    ///
    /// It has to be called within a tokio runtime. Connections are made when they are needed.
    ///
    /// # Errors
    /// The connection cannot be set up. Permanent if the address has `?wait=N`: nothing is kept that a replica could
    /// confirm.
    pub fn connect(config: &RedisConfig, store: Arc<dyn StatsStore>) -> Result<Self> {
        if config.waits_for_replicas() {
            return Err(Error::permanent(
                "`wait` in the address of Redis needs a stream: by pub/sub no event is kept, and no \
                 replica can have it",
            ));
        }
        Ok(Self {
            connection: config.commands()?,
            watchers: Arc::new(Watchers::start(config, store)?),
        })
    }
}

#[async_trait]
impl Analytics for RedisPubSubBus {
    async fn track(&self, event: Event) -> Result<()> {
        let json = wire::encode_event(&event)
            .map_err(|e| Error::permanent("the event cannot be written as JSON").with_source(e))?;
        redis::cmd("PUBLISH")
            .arg(EVENTS)
            .arg(json)
            .exec_async(&mut self.connection.clone())
            .await
            .map_err(|e| map("Redis did not publish the event", e))
    }

    fn watch(&self, topic: Topic) -> BoxStream<'static, Stats> {
        watch(Arc::clone(&self.watchers), topic)
    }
}

/// The pipe's end for an accumulator, without a stream.
///
/// What is not acknowledged comes again from this feed, but is gone with it. Every feed hears every event: with
/// several accumulators on one store each event is applied several times and counts once by its id. An event that
/// brings no id gets one here, so that it would count once for each.
///
/// ```no_run
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # use std::{num::NonZeroUsize, time::{Duration, SystemTime}};
/// # use horizon_core::{EventConsumer, Timestamp, process_batch};
/// # use horizon_redis::{ConsumerConfig, RedisConfig, RedisConsumer, RedisPubSubConsumer, RedisStats};
/// # let redis = RedisConfig::new("redis://127.0.0.1")?;
/// let mut feed = RedisPubSubConsumer::connect(&redis)?;
/// let batch = feed.next_batch(NonZeroUsize::MIN).await?;
/// assert_eq!(batch.events.len(), 1);
/// # Ok(())
/// # }
/// ```
pub struct RedisPubSubConsumer {
    publisher: Publisher,
    arrived: mpsc::Receiver<Event>,
    /// What is not acknowledged, in order.
    pending: VecDeque<Event>,
    /// The place of the first of `pending`, counted from the first event that ever arrived.
    first: u64,
    ear: Arc<Ear>,
    channels: Channels,
    _listener: Task,
}

struct Ear {
    out: mpsc::Sender<Event>,
    listening: AtomicBool,
    dropped: AtomicU64,
}

impl RedisPubSubConsumer {
    /// Starts to listen. It has to be called within a tokio runtime.
    ///
    /// # Errors
    /// The connection cannot be set up.
    pub fn connect(config: &RedisConfig) -> Result<Self> {
        let (out, arrived) = mpsc::channel(WAITING_EVENTS);
        let ear = Arc::new(Ear {
            out,
            listening: AtomicBool::new(false),
            dropped: AtomicU64::new(0),
        });
        let channels = Channels::default();
        channels.subscribe(EVENTS.into());
        Ok(Self {
            publisher: Publisher::new(config.commands()?),
            arrived,
            pending: VecDeque::new(),
            first: 0,
            _listener: channels.listen(config, Arc::clone(&ear) as _),
            ear,
            channels,
        })
    }

    /// What to ask whether events are heard now, and how many found no place and are lost.
    ///
    /// ```no_run
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use std::{num::NonZeroUsize, time::{Duration, SystemTime}};
    /// # use horizon_core::{EventConsumer, Timestamp, process_batch};
    /// # use horizon_redis::{ConsumerConfig, RedisConfig, RedisConsumer, RedisPubSubConsumer, RedisStats};
    /// # let redis = RedisConfig::new("redis://127.0.0.1")?;
    /// let feed = RedisPubSubConsumer::connect(&redis)?;
    /// let (listens, lost) = feed.state()();
    /// # Ok(())
    /// # }
    /// ```
    pub fn state(&self) -> impl Fn() -> (bool, u64) + Send + Sync + 'static {
        let (ear, channels) = (Arc::clone(&self.ear), self.channels.clone());
        move || {
            let listens = ear.listening.load(Ordering::Relaxed) && channels.round_trip().is_some();
            (listens, ear.dropped.load(Ordering::Relaxed))
        }
    }
}

impl Listener for Ear {
    fn subscribed(&self, _: &str) {
        self.listening.store(true, Ordering::Relaxed);
    }

    fn message(&self, channel: &str, payload: &[u8]) {
        match birth().and_then(|birth| wire::decode_event(payload, birth)) {
            Ok(event) => {
                if self.out.try_send(event).is_err() {
                    self.dropped.fetch_add(1, Ordering::Relaxed);
                }
            }
            Err(reason) => tracing::warn!(channel, reason, "a message is no event, it was skipped"),
        }
    }
}

/// The stamp of an event that brings none.
fn birth() -> Result<Stamp, String> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let at = Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX));
    let mut random = [0; 10];
    getrandom::fill(&mut random).map_err(|error| format!("there is no randomness for its id: {error}"))?;
    Ok(Stamp {
        at,
        id: EventId::new(at, random),
    })
}

#[async_trait]
impl EventConsumer for RedisPubSubConsumer {
    async fn next_batch(&mut self, limit: NonZeroUsize) -> Result<Batch> {
        if self.pending.is_empty() {
            let event = self.arrived.recv().await;
            let gone = || Error::permanent("the task that listens for events is gone");
            self.pending.push_back(event.ok_or_else(gone)?);
        }
        while self.pending.len() < limit.get()
            && let Ok(event) = self.arrived.try_recv()
        {
            self.pending.push_back(event);
        }
        let events: Vec<_> = self.pending.iter().take(limit.get()).cloned().collect();
        let ack = AckToken(self.first + events.len() as u64);
        Ok(Batch::new(events, ack))
    }

    async fn publish(&mut self, updates: &[Update]) -> Result<()> {
        self.publisher.publish(updates).await
    }

    async fn acknowledge(&mut self, ack: AckToken) -> Result<()> {
        while self.first < ack.0 && self.pending.pop_front().is_some() {
            self.first += 1;
        }
        Ok(())
    }
}

impl fmt::Debug for RedisPubSubBus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisPubSubBus").finish_non_exhaustive()
    }
}

impl fmt::Debug for RedisPubSubConsumer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisPubSubConsumer").finish_non_exhaustive()
    }
}
