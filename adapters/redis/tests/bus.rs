//! The conformance suite of event buses, with and without a stream.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use horizon_core::testing::BusHarness;
use horizon_core::{EventBus, EventConsumer, Result, StatsStore};
use horizon_memory::MemoryStore;
use horizon_redis::testing::RedisServer;
use horizon_redis::{ConsumerConfig, RedisBus, RedisConfig, RedisConsumer};

struct StreamHarness {
    bus: Arc<RedisBus>,
    config: RedisConfig,
    store: Arc<MemoryStore>,
    /// Returns the name of the consumer with this number.
    names: fn(u32) -> String,
    consumers: u32,
    _server: RedisServer,
}

impl StreamHarness {
    async fn new(names: fn(u32) -> String) -> Self {
        let server = RedisServer::start(&[]).await.unwrap();
        let config = RedisConfig::new(&server.url()).unwrap();
        let store = Arc::new(MemoryStore::new());
        Self {
            bus: Arc::new(RedisBus::connect(&config, Arc::clone(&store) as _).unwrap()),
            config,
            store,
            names,
            consumers: 0,
            _server: server,
        }
    }
}

#[async_trait]
impl BusHarness for StreamHarness {
    fn bus(&self) -> Arc<dyn EventBus> {
        Arc::clone(&self.bus) as _
    }

    async fn consumer(&mut self) -> Result<Box<dyn EventConsumer>> {
        self.consumers += 1;
        let mut consumer = ConsumerConfig::new((self.names)(self.consumers));
        consumer.claim_after = Duration::from_millis(100);
        Ok(Box::new(RedisConsumer::connect(&self.config, consumer)?))
    }

    fn store(&self) -> Arc<dyn StatsStore> {
        Arc::clone(&self.store) as _
    }
}

mod a_consumer_with_its_former_name {
    async fn make() -> super::StreamHarness {
        super::StreamHarness::new(|_| "one".into()).await
    }
    horizon_core::bus_suite!(make);
}

mod a_consumer_with_a_new_name {
    async fn make() -> super::StreamHarness {
        super::StreamHarness::new(|number| number.to_string()).await
    }
    horizon_core::bus_suite!(make);
}

/// Best effort: unacknowledged events are lost with their consumer, so a few checks are left out.
mod without_a_stream {
    use std::sync::Arc;
    use std::time::Duration;

    use async_trait::async_trait;
    use horizon_core::testing::BusHarness;
    use horizon_core::{EventBus, EventConsumer, Result, StatsStore};
    use horizon_memory::MemoryStore;
    use horizon_redis::testing::RedisServer;
    use horizon_redis::{RedisConfig, RedisPubSubBus, RedisPubSubConsumer};

    struct PubSubHarness {
        bus: Arc<RedisPubSubBus>,
        config: RedisConfig,
        store: Arc<MemoryStore>,
        _server: RedisServer,
    }

    async fn make() -> PubSubHarness {
        let server = RedisServer::start(&[]).await.unwrap();
        let config = RedisConfig::new(&server.url()).unwrap();
        let store = Arc::new(MemoryStore::new());
        PubSubHarness {
            bus: Arc::new(RedisPubSubBus::connect(&config, Arc::clone(&store) as _).unwrap()),
            config,
            store,
            _server: server,
        }
    }

    #[async_trait]
    impl BusHarness for PubSubHarness {
        fn bus(&self) -> Arc<dyn EventBus> {
            Arc::clone(&self.bus) as _
        }

        async fn consumer(&mut self) -> Result<Box<dyn EventConsumer>> {
            let consumer = RedisPubSubConsumer::connect(&self.config)?;
            let state = consumer.state();
            while !state().0 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            Ok(Box::new(consumer))
        }

        fn store(&self) -> Arc<dyn StatsStore> {
            Arc::clone(&self.store) as _
        }
    }

    horizon_core::conformance_tests! { bus, make, (),
        events_are_delivered_in_order
        a_batch_has_at_most_limit_events
        a_tracked_event_reaches_the_store
        unacknowledged_events_are_redelivered
        cancelling_next_batch_loses_nothing
        an_event_tracked_twice_counts_once
        a_watch_starts_with_the_latest_totals
        a_watch_yields_each_newer_total
        a_watch_ignores_older_revisions
        a_slow_watch_skips_to_the_latest
        a_watch_yields_only_its_topic
        a_watch_outlives_the_consumer
    }
}
