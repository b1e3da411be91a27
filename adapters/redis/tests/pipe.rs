//! The stream keeps every promise of a pipe, and what it promises beyond.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use horizon_core::testing::PipeRig;
use horizon_core::{Analytics, Feed, Result, StatsStore};
use horizon_memory::MemoryStats;
use horizon_redis::testing::RedisServer;
use horizon_redis::{FeedConfig, RedisConfig, RedisFeed, RedisPipe};

struct Rig {
    pipe: Arc<RedisPipe>,
    config: RedisConfig,
    store: Arc<MemoryStats>,
    /// How a new feed is called: like the last one, or not.
    names: fn(u32) -> String,
    feeds: u32,
    _server: RedisServer,
}

impl Rig {
    async fn new(names: fn(u32) -> String) -> Self {
        let server = RedisServer::start(&[]).await.unwrap();
        let config = RedisConfig::new(&server.url()).unwrap();
        let store = Arc::new(MemoryStats::new());
        Self {
            pipe: Arc::new(RedisPipe::connect(&config, Arc::clone(&store) as _).unwrap()),
            config,
            store,
            names,
            feeds: 0,
            _server: server,
        }
    }
}

#[async_trait]
impl PipeRig for Rig {
    fn analytics(&self) -> Arc<dyn Analytics> {
        Arc::clone(&self.pipe) as _
    }

    async fn feed(&mut self) -> Result<Box<dyn Feed>> {
        self.feeds += 1;
        let mut feed = FeedConfig::new((self.names)(self.feeds));
        feed.claim_after = Duration::from_millis(100);
        Ok(Box::new(RedisFeed::connect(&self.config, feed)?))
    }

    fn store(&self) -> Arc<dyn StatsStore> {
        Arc::clone(&self.store) as _
    }
}

mod an_accumulator_that_comes_back_by_its_name {
    async fn make() -> super::Rig {
        super::Rig::new(|_| "one".into()).await
    }
    horizon_core::pipe_suite!(make);
}

mod an_accumulator_that_takes_over_from_another {
    async fn make() -> super::Rig {
        super::Rig::new(|number| number.to_string()).await
    }
    horizon_core::pipe_suite!(make);
}
