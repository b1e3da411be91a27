use std::sync::Arc;
use std::time::Duration;

use horizon_core::Timestamp;

use super::Clock;
use crate::presence::{
    DEFAULT_GRACE,
    driver::{Driver, Time},
};

/// The time of a [`Clock`].
pub(super) struct ManualTime {
    clock: Clock,
    started: Timestamp,
}

impl Time for ManualTime {
    fn now(&self) -> Duration {
        self.clock.now().since(self.started)
    }

    /// Does nothing: the driver runs with each move of the clock.
    fn wake(&self) {}
}

/// Returns presence with the default grace, measured by this clock.
pub(super) fn new_presence(clock: &Clock) -> Arc<Driver<ManualTime>> {
    let time = ManualTime {
        clock: clock.clone(),
        started: clock.now(),
    };
    let driver = Driver::new(DEFAULT_GRACE, time);
    let weak = Arc::downgrade(&driver);
    clock.on_advance(move || weak.upgrade().map(|driver| driver.look()).is_some());
    driver
}
