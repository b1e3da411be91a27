//! How much of everything is measured.

use std::time::Duration;

/// How much of everything there is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size {
    /// How often what wanders is measured; the middle counts.
    pub(crate) rounds: usize,
    /// How many view.
    pub(crate) viewers: usize,
    /// How many of them stop reading in the scenario about that.
    pub(crate) stalled: usize,
    /// How long messages are published in the scenarios about many of them, and about those who stop reading.
    pub(crate) published: Duration,
    /// How long nothing happens in the scenario about that.
    pub(crate) idle: Duration,
    /// How long pages are asked for.
    pub(crate) pages: Duration,
    /// How many readers come while a backend is away.
    pub(crate) outage: usize,
}

impl Size {
    /// What the aims are about.
    pub(crate) const FULL: Self = Self {
        rounds: 3,
        viewers: 10_000,
        stalled: 200,
        published: Duration::from_secs(10),
        idle: Duration::from_secs(60),
        pages: Duration::from_secs(10),
        outage: 100,
    };

    /// A look at whether everything works.
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
