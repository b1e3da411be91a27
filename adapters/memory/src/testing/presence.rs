use std::sync::Arc;
use std::time::Duration;

use horizon_core::Timestamp;

use super::Clock;
use crate::presence::{
    DEFAULT_GRACE,
    driver::{Driver, Time},
};

/// The time of a clock that is moved by hand.
pub(super) struct HandTime {
    clock: Clock,
    started: Timestamp,
}

impl Time for HandTime {
    fn now(&self) -> Duration {
        self.clock.now().since(self.started)
    }

    /// The driver looks with each move of the clock anyway.
    fn wake(&self) {}
}

/// Who is here, by this clock: a leave counts when the clock was moved over the grace.
pub(super) fn presence(clock: &Clock) -> Arc<Driver<HandTime>> {
    let time = HandTime {
        clock: clock.clone(),
        started: clock.now(),
    };
    let driver = Driver::new(DEFAULT_GRACE, time);
    let follower = Arc::downgrade(&driver);
    clock.follow(move || follower.upgrade().map(|driver| driver.look()).is_some());
    driver
}
