//! What Redis lost is found, whichever way it was lost; and what is not lost raises no alarm.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

mod alarms;
mod entries;
mod failover;
mod restarts;
mod setbacks;
mod setup;

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use horizon_core::{Analytics, Event, EventKind, Stamp, StatsStoreExt, Timestamp, Topic, process_batch};
use horizon_memory::MemoryStats;
use horizon_redis::testing::RedisServer;
use horizon_redis::{BusMonitor, ConsumerConfig, RedisBus, RedisConfig, RedisConsumer};
use tokio::time::{sleep, timeout};

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

/// The longest time that anything here may take.
const PATIENCE: Duration = Duration::from_secs(30);

struct Stage {
    server: RedisServer,
    config: RedisConfig,
    store: Arc<MemoryStats>,
    pipe: RedisBus,
}

impl Stage {
    async fn new(options: &[&str]) -> Self {
        let server = RedisServer::start(options).await.unwrap();
        let config = RedisConfig::new(&server.url()).unwrap();
        let store = Arc::new(MemoryStats::new());
        let pipe = RedisBus::connect(&config, Arc::clone(&store) as _).unwrap();
        Self {
            server,
            config,
            store,
            pipe,
        }
    }

    fn feed(&self, name: &str) -> RedisConsumer {
        let mut feed = ConsumerConfig::new(name);
        feed.claim_after = Duration::from_millis(200);
        RedisConsumer::connect(&self.config, feed).unwrap()
    }

    async fn track(&self, numbers: std::ops::Range<u64>) {
        for number in numbers {
            self.pipe.track(hit(number)).await.unwrap();
        }
    }

    async fn visits(&self) -> u64 {
        self.store.total(&Topic::Site).await.unwrap().stats.visits
    }

    /// Counts until the site has so many visits.
    async fn count(&self, feed: &mut RedisConsumer, visits: u64) {
        let counted = async {
            while self.visits().await < visits {
                let _ = timeout(Duration::from_millis(100), self.step(feed)).await;
            }
        };
        let counted = timeout(PATIENCE, counted).await;
        assert!(counted.is_ok(), "{} of {visits} are counted", self.visits().await);
    }

    /// Counts one batch. A failed step repeats itself, as the accumulator's does.
    async fn step(&self, feed: &mut RedisConsumer) {
        let _ = process_batch(feed, &*self.store, &|| NOW, NonZeroUsize::MAX).await;
    }

    async fn redis(&self, words: &[&str]) -> String {
        self.server.cli(words).await.unwrap().trim().to_owned()
    }

    /// Waits until every pipe and feed has looked at the stream `looks` times more, all of them together.
    async fn looked(&self, looks: u64) {
        let before = self.looks().await;
        until("they look at the stream", async || self.looks().await >= before + looks).await;
    }

    async fn looks(&self) -> u64 {
        self.calls("evalsha").await
    }

    /// How many connections there are, this one included.
    async fn clients(&self) -> usize {
        self.redis(&["CLIENT", "LIST"]).await.lines().count()
    }

    /// How often this command was called.
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
    Event::new(Stamp::new(NOW, random), Topic::Site, EventKind::Visit { visitor: None })
}

async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let held = timeout(PATIENCE, async {
        while !holds().await {
            sleep(Duration::from_millis(10)).await;
        }
    });
    assert!(held.await.is_ok(), "{what}");
}

/// How many events are known to be lost, and one for each time that Redis was emptied while none waited.
fn lost(monitor: &BusMonitor) -> u64 {
    monitor.loss().map_or(0, |loss| loss.events + loss.emptied)
}
