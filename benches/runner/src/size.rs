//! The size of all measurements.

use std::time::Duration;

/// Durations and counts of all measurements.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size {
    /// Rounds of measurements with much variance. The median is reported.
    pub(crate) rounds: usize,
    /// Number of viewers.
    pub(crate) viewers: usize,
    /// Viewers that stop reading in `stalled`.
    pub(crate) stalled: usize,
    /// The duration of `burst` and of `stalled`.
    pub(crate) published: Duration,
    /// The duration of `idle`.
    pub(crate) idle: Duration,
    /// The duration of the requests for pages.
    pub(crate) pages: Duration,
    /// Rounds of requests while a backend is unavailable.
    pub(crate) outage: usize,
}

impl Size {
    /// The size of the targets.
    pub(crate) const FULL: Self = Self {
        rounds: 3,
        viewers: 10_000,
        stalled: 200,
        published: Duration::from_secs(10),
        idle: Duration::from_secs(60),
        pages: Duration::from_secs(10),
        outage: 100,
    };

    /// A quick check of all parts.
    pub(crate) const QUICK: Self = Self {
        rounds: 1,
        viewers: 1_000,
        stalled: 20,
        published: Duration::from_secs(3),
        idle: Duration::from_secs(10),
        pages: Duration::from_secs(3),
        outage: 10,
    };
}
