use std::sync::Arc;
use std::time::Duration;

use horizon_core::Timestamp;
use horizon_core::presence::driver::{PresenceDriver, Transport};

use super::Clock;
use crate::presence::{DEFAULT_GRACE, single_node};

/// The time of a [`Clock`].
pub(super) struct ManualTime {
    clock: Clock,
    started: Timestamp,
}

impl Transport for ManualTime {
    fn now(&self) -> Duration {
        self.clock.now().since(self.started)
    }
}

/// Returns presence with the default grace, measured by this clock.
pub(super) fn new_presence(clock: &Clock) -> Arc<PresenceDriver<ManualTime>> {
    let time = ManualTime {
        clock: clock.clone(),
        started: clock.now(),
    };
    let driver = PresenceDriver::new(single_node(DEFAULT_GRACE), time);
    let weak = Arc::downgrade(&driver);
    clock.on_advance(move || weak.upgrade().map(|driver| driver.tick()).is_some());
    driver
}
