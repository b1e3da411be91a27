//! The event stream: delivery through failures, and detection of lost events without false alarms.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

mod alarms;
mod delivery;
mod entries;
mod failover;
mod restarts;
mod setbacks;
mod setup;

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use horizon_core::{Event, EventBus, EventKind, Stamp, StatsStoreExt, Timestamp, Topic, process_batch};
use horizon_memory::MemoryStore;
use horizon_redis::testing::RedisServer;
use horizon_redis::{ConsumerConfig, RedisBus, RedisConfig, RedisConsumer, StreamMonitor};
use tokio::time::{sleep, timeout};

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

/// The timeout of every wait.
const PATIENCE: Duration = Duration::from_secs(30);

struct TestStream {
    server: RedisServer,
    config: RedisConfig,
    store: Arc<MemoryStore>,
    bus: RedisBus,
}

impl TestStream {
    async fn new(options: &[&str]) -> Self {
        let server = RedisServer::start(options).await.unwrap();
        let config = RedisConfig::new(&server.url()).unwrap();
        let store = Arc::new(MemoryStore::new());
        let bus = RedisBus::connect(&config, Arc::clone(&store) as _).unwrap();
        Self {
            server,
            config,
            store,
            bus,
        }
    }

    fn consumer(&self, name: &str) -> RedisConsumer {
        let mut consumer = ConsumerConfig::new(name);
        consumer.claim_after = Duration::from_millis(200);
        RedisConsumer::connect(&self.config, consumer).unwrap()
    }

    async fn track(&self, numbers: std::ops::Range<u64>) {
        for number in numbers {
            self.bus.track(hit(number)).await.unwrap();
        }
    }

    /// Tracks an event, and retries until it is accepted.
    async fn track_with_retries(&self, number: u64) {
        let tracked = async {
            while let Err(error) = self.bus.track(hit(number)).await {
                assert!(error.is_retryable(), "{error:?}");
                sleep(Duration::from_millis(20)).await;
            }
        };
        assert!(timeout(PATIENCE, tracked).await.is_ok(), "the event is accepted");
    }

    async fn visits(&self) -> u64 {
        self.store.total(&Topic::Site).await.unwrap().stats.visits
    }

    /// Processes batches until the site has this many visits.
    async fn count(&self, consumer: &mut RedisConsumer, visits: u64) {
        let counted = async {
            while self.visits().await < visits {
                let _ = timeout(Duration::from_millis(100), self.process_batch(consumer)).await;
            }
        };
        let counted = timeout(PATIENCE, counted).await;
        assert!(counted.is_ok(), "{} of {visits} are counted", self.visits().await);
    }

    /// Processes one batch. A failure is repeated by the next call.
    async fn process_batch(&self, consumer: &mut RedisConsumer) {
        let _ = process_batch(consumer, &*self.store, &|| NOW, NonZeroUsize::MAX).await;
    }

    async fn redis(&self, words: &[&str]) -> String {
        self.server.cli(words).await.unwrap().trim().to_owned()
    }

    /// Waits until all buses and consumers together have checked the stream `checks` more times.
    async fn checked(&self, checks: u64) {
        let before = self.checks().await;
        until("they check the stream", async || self.checks().await >= before + checks).await;
    }

    async fn checks(&self) -> u64 {
        self.calls("evalsha").await
    }

    /// Returns the number of connections, this one included.
    async fn clients(&self) -> usize {
        self.redis(&["CLIENT", "LIST"]).await.lines().count()
    }

    /// Returns how often this command was called.
    async fn calls(&self, command: &str) -> u64 {
        let stats = self.redis(&["INFO", "commandstats"]).await;
        let start = format!("cmdstat_{command}:");
        let line = stats.lines().find(|line| line.starts_with(&start));
        let calls = line.and_then(|line| line.split_once("calls=")?.1.split_once(','));
        calls.map_or(0, |(calls, _)| calls.parse().unwrap())
    }
}

fn hit(number: u64) -> Event {
    let mut random = [0; 10];
    random[2..].copy_from_slice(&number.to_be_bytes());
    Event::new(Stamp::new(NOW, random), Topic::Site, EventKind::visit(None))
}

async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let held = timeout(PATIENCE, async {
        while !holds().await {
            sleep(Duration::from_millis(10)).await;
        }
    });
    assert!(held.await.is_ok(), "{what}");
}

/// Returns the number of lost events, plus one for each time that Redis was emptied while none waited.
fn lost(monitor: &StreamMonitor) -> u64 {
    monitor.loss().map_or(0, |loss| loss.events + loss.emptied)
}
