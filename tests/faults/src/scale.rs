//! The numbers of a run.

use std::time::Duration;

/// The numbers of a full or a short run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scale {
    /// Events that publishers send while faults happen.
    pub(crate) events: u64,
    /// Events of the day before yesterday, which are counted before the first fault.
    pub(crate) past_events: u64,
    /// Events that wait while no accumulator runs.
    pub(crate) backlog: u64,
    /// Events that are sent ten times each.
    pub(crate) repeated: u64,
    /// Events that are sent while an accumulator is paused, and again after it resumed.
    pub(crate) slept_over: u64,
    /// How often an accumulator is killed.
    pub(crate) accumulator_kills: u64,
    /// How often the accumulator of an SQLite file is killed.
    pub(crate) sqlite_kills: u64,
    /// Events that publishers send meanwhile.
    pub(crate) sqlite_events: u64,
    /// How often PostgreSQL is killed.
    pub(crate) postgres_kills: u64,
    /// How long PostgreSQL is paused, each time.
    pub(crate) postgres_pauses: &'static [Duration],
    /// How often all connections to PostgreSQL are terminated, once a second.
    pub(crate) postgres_terminations: u64,
    /// How often one of two accumulators of PostgreSQL is killed.
    pub(crate) postgres_accumulator_kills: u64,
    /// Events that publishers send in each of these classes.
    pub(crate) postgres_events: u64,
    /// How often a web node is killed.
    pub(crate) web_kills: u64,
    /// How often Redis is killed.
    pub(crate) redis_kills: u64,
    /// How long Redis is paused, each time.
    pub(crate) pauses: &'static [Duration],
    /// How often all pub/sub connections are closed, a second apart.
    pub(crate) pubsub_kills: u64,
    /// How often Redis runs out of memory.
    pub(crate) full_memories: u64,
    /// How long Redis stays out of memory.
    pub(crate) full_for: Duration,
    /// How long an accumulator is paused.
    pub(crate) sleep: Duration,
    /// Random queries after each class, in addition to the fixed ones.
    pub(crate) random_queries: usize,
    /// Open live streams.
    pub(crate) viewers: u64,
    /// Clients that write over HTTP at the same time.
    pub(crate) readers: u64,
    /// Likes per step of an alarm class.
    pub(crate) likes: u64,
    /// Clusters that run at the same time.
    pub(crate) clusters: usize,
    /// Alarm classes that run at the same time.
    pub(crate) scenarios: usize,
    /// The longest time of a class.
    pub(crate) class_within: Duration,
}

/// The full run.
pub(crate) const FULL: Scale = Scale {
    events: 1_000_000,
    past_events: 20_000,
    backlog: 1_000_000,
    repeated: 100_000,
    slept_over: 200_000,
    accumulator_kills: 50,
    sqlite_kills: 25,
    sqlite_events: 250_000,
    postgres_kills: 20,
    postgres_pauses: &[Duration::from_secs(5), Duration::from_secs(30)],
    postgres_terminations: 60,
    postgres_accumulator_kills: 20,
    postgres_events: 250_000,
    web_kills: 50,
    redis_kills: 20,
    pauses: &[Duration::from_secs(5), Duration::from_secs(30)],
    pubsub_kills: 60,
    full_memories: 5,
    full_for: Duration::from_secs(5),
    sleep: Duration::from_secs(60),
    random_queries: 200,
    viewers: 100,
    readers: 8,
    likes: 1_000,
    clusters: 1,
    scenarios: 2,
    class_within: Duration::from_secs(15 * 60),
};

/// The short run for CI: the same classes in about four minutes.
pub(crate) const SHORT: Scale = Scale {
    events: 50_000,
    past_events: 2_000,
    backlog: 100_000,
    repeated: 5_000,
    slept_over: 10_000,
    accumulator_kills: 8,
    sqlite_kills: 4,
    sqlite_events: 24_000,
    postgres_kills: 3,
    postgres_pauses: &[Duration::from_secs(5)],
    postgres_terminations: 5,
    postgres_accumulator_kills: 3,
    postgres_events: 12_000,
    web_kills: 8,
    redis_kills: 5,
    pauses: &[Duration::from_secs(1), Duration::from_secs(7)],
    pubsub_kills: 8,
    full_memories: 2,
    full_for: Duration::from_secs(3),
    sleep: Duration::from_secs(15),
    random_queries: 30,
    viewers: 24,
    readers: 8,
    likes: 50,
    clusters: 2,
    scenarios: 4,
    class_within: Duration::from_secs(3 * 60),
};
