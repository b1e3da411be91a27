//! How much of everything.

use std::time::Duration;

/// The numbers of one form of the run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scale {
    /// Events that publishers send while faults happen.
    pub(crate) events: u64,
    /// Events that wait while no accumulator runs.
    pub(crate) backlog: u64,
    /// Events that are sent ten times each.
    pub(crate) repeated: u64,
    /// Events that are sent before an accumulator goes on that slept over them, and again after.
    pub(crate) slept_over: u64,
    /// How often an accumulator is killed.
    pub(crate) accumulator_kills: u64,
    /// How often a web node is killed.
    pub(crate) web_kills: u64,
    /// How often Redis is killed.
    pub(crate) redis_kills: u64,
    /// How long Redis is paused, each time.
    pub(crate) pauses: &'static [Duration],
    /// How often every connection that listens is cut, a second apart.
    pub(crate) pubsub_kills: u64,
    /// How often Redis runs out of memory.
    pub(crate) full_memories: u64,
    /// How long it stays so.
    pub(crate) full_for: Duration,
    /// How long an accumulator sleeps before it goes on as if nothing had been.
    pub(crate) sleep: Duration,
    /// Live streams that are kept open.
    pub(crate) viewers: u64,
    /// Readers who write over HTTP at the same time.
    pub(crate) readers: u64,
    /// Likes that are sent at each step of a class that checks alarms.
    pub(crate) likes: u64,
    /// Stages that run at the same time.
    pub(crate) stages: usize,
    /// Scenes of alarms that are played at the same time. They have few readers.
    pub(crate) scenes: usize,
    /// The longest that a class may take. It is also how far from midnight one starts.
    pub(crate) class_within: Duration,
}

/// The whole run.
pub(crate) const FULL: Scale = Scale {
    events: 1_000_000,
    backlog: 1_000_000,
    repeated: 100_000,
    slept_over: 200_000,
    accumulator_kills: 50,
    web_kills: 50,
    redis_kills: 20,
    pauses: &[Duration::from_secs(5), Duration::from_secs(30)],
    pubsub_kills: 60,
    full_memories: 5,
    full_for: Duration::from_secs(5),
    sleep: Duration::from_secs(60),
    viewers: 100,
    readers: 8,
    likes: 1_000,
    stages: 1,
    scenes: 2,
    class_within: Duration::from_secs(15 * 60),
};

/// For every change: the same classes, and as much of each as fits into three minutes.
pub(crate) const SHORT: Scale = Scale {
    events: 50_000,
    backlog: 100_000,
    repeated: 5_000,
    slept_over: 10_000,
    accumulator_kills: 8,
    web_kills: 8,
    redis_kills: 5,
    pauses: &[Duration::from_secs(1), Duration::from_secs(7)],
    pubsub_kills: 8,
    full_memories: 2,
    full_for: Duration::from_secs(3),
    sleep: Duration::from_secs(15),
    viewers: 24,
    readers: 8,
    likes: 50,
    stages: 2,
    scenes: 4,
    class_within: Duration::from_secs(3 * 60),
};
