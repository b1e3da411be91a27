//! The conformance suites of all ports but the event bus: a fake has no consumer, it counts within `track`.

use std::sync::Arc;
use std::time::Duration;

use horizon_core::testing::{PresenceHarness, Store};
use horizon_memory::testing::Fake;

use crate::{GRACE, clock, fake};

async fn store() -> Arc<dyn Store> {
    Arc::new(fake())
}

horizon_core::store_suite!(store, reports);

/// Presence whose clock follows the runtime's time.
async fn presence_harness() -> PresenceHarness {
    const STEP: Duration = Duration::from_millis(10);
    let clock = clock();
    let presence = Box::new(Fake::new(clock.clone()));
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(STEP).await;
            clock.advance(STEP);
        }
    });
    PresenceHarness { presence, grace: GRACE }
}

mod presence {
    horizon_core::presence_suite!(super::presence_harness, start_paused = true);
}
