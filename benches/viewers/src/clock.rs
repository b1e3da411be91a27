//! The clock of all measurements.

use std::time::{Duration, Instant};

/// Counts microseconds since its creation.
#[derive(Clone, Copy, Debug)]
pub struct MonotonicClock(Instant);

impl MonotonicClock {
    /// Starts the clock.
    #[must_use]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// Returns the microseconds since the start.
    #[must_use]
    pub fn now(&self) -> u64 {
        micros(self.0.elapsed())
    }
}

/// Returns a duration in microseconds.
#[must_use]
pub fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

/// Converts microseconds to milliseconds.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "no run lasts 2^52 microseconds, a century")]
pub fn millis(micros: u64) -> f64 {
    micros as f64 / 1_000.0
}

/// Converts microseconds to seconds.
#[must_use]
pub fn seconds(micros: u64) -> f64 {
    millis(micros) / 1_000.0
}
