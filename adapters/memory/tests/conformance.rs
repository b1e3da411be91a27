//! The memory adapter keeps every promise of the ports.

use std::sync::Arc;

use horizon_core::testing::Store;
use horizon_memory::MemoryStats;

async fn store() -> Arc<dyn Store> {
    Arc::new(MemoryStats::new())
}

horizon_core::store_suite!(store);

mod presence {
    use std::time::Duration;

    use horizon_core::testing::PresenceHarness;
    use horizon_memory::MemoryPresence;

    async fn make() -> PresenceHarness {
        PresenceHarness {
            presence: Box::new(MemoryPresence::default()),
            grace: Duration::from_secs(3),
        }
    }

    horizon_core::presence_suite!(make, start_paused = true);
}

mod pipe {
    use std::sync::Arc;

    use async_trait::async_trait;
    use horizon_core::{Analytics, EventConsumer, Result, StatsStore, testing::BusHarness};
    use horizon_memory::{MemoryBus, MemoryConsumer, MemoryStats};

    struct Rig {
        pipe: Arc<MemoryBus>,
        first: Option<MemoryConsumer>,
        store: Arc<MemoryStats>,
    }

    #[async_trait]
    impl BusHarness for Rig {
        fn analytics(&self) -> Arc<dyn Analytics> {
            Arc::clone(&self.pipe) as _
        }

        async fn consumer(&mut self) -> Result<Box<dyn EventConsumer>> {
            Ok(match self.first.take() {
                Some(feed) => Box::new(feed),
                None => Box::new(self.pipe.feed()?),
            })
        }

        fn store(&self) -> Arc<dyn StatsStore> {
            Arc::clone(&self.store) as _
        }
    }

    async fn make() -> Rig {
        let store = Arc::new(MemoryStats::new());
        let (pipe, feed) = MemoryBus::new(Arc::clone(&store) as _);
        Rig {
            pipe: Arc::new(pipe),
            first: Some(feed),
            store,
        }
    }

    horizon_core::bus_suite!(make, start_paused = true);
}
