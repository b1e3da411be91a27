//! The memory adapters pass the conformance suites.

use std::sync::Arc;

use horizon_core::testing::Store;
use horizon_memory::MemoryStore;

async fn store() -> Arc<dyn Store> {
    Arc::new(MemoryStore::new())
}

horizon_core::store_suite!(store, reports);

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

mod bus {
    use std::sync::Arc;

    use async_trait::async_trait;
    use horizon_core::{EventBus, EventConsumer, Result, StatsStore, testing::BusHarness};
    use horizon_memory::{MemoryBus, MemoryConsumer, MemoryStore};

    struct MemoryBusHarness {
        bus: Arc<MemoryBus>,
        first: Option<MemoryConsumer>,
        store: Arc<MemoryStore>,
    }

    #[async_trait]
    impl BusHarness for MemoryBusHarness {
        fn bus(&self) -> Arc<dyn EventBus> {
            Arc::clone(&self.bus) as _
        }

        async fn consumer(&mut self) -> Result<Box<dyn EventConsumer>> {
            Ok(match self.first.take() {
                Some(consumer) => Box::new(consumer),
                None => Box::new(self.bus.consumer()?),
            })
        }

        fn store(&self) -> Arc<dyn StatsStore> {
            Arc::clone(&self.store) as _
        }
    }

    async fn make() -> MemoryBusHarness {
        let store = Arc::new(MemoryStore::new());
        let (bus, consumer) = MemoryBus::new(Arc::clone(&store) as _);
        MemoryBusHarness {
            bus: Arc::new(bus),
            first: Some(consumer),
            store,
        }
    }

    horizon_core::bus_suite!(make, start_paused = true);
}
