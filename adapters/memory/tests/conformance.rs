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

    use horizon_core::testing::PresenceRig;
    use horizon_memory::LocalPresence;

    async fn make() -> PresenceRig {
        PresenceRig {
            presence: Box::new(LocalPresence::default()),
            grace: Duration::from_secs(3),
        }
    }

    horizon_core::presence_suite!(make, start_paused = true);
}

mod pipe {
    use std::sync::Arc;

    use async_trait::async_trait;
    use horizon_core::{Analytics, Feed, Result, StatsStore, testing::PipeRig};
    use horizon_memory::{MemoryFeed, MemoryPipe, MemoryStats};

    struct Rig {
        pipe: Arc<MemoryPipe>,
        first: Option<MemoryFeed>,
        store: Arc<MemoryStats>,
    }

    #[async_trait]
    impl PipeRig for Rig {
        fn analytics(&self) -> Arc<dyn Analytics> {
            Arc::clone(&self.pipe) as _
        }

        async fn feed(&mut self) -> Result<Box<dyn Feed>> {
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
        let (pipe, feed) = MemoryPipe::new(Arc::clone(&store) as _);
        Rig {
            pipe: Arc::new(pipe),
            first: Some(feed),
            store,
        }
    }

    horizon_core::pipe_suite!(make, start_paused = true);
}
