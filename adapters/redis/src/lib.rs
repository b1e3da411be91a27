//! EventHorizon on Redis: for as many processes as you like.
//!
//! [`RedisPipe`] puts events into a stream and hears of totals by pub/sub, [`RedisFeed`] is its other end for accumulators
//! that share the work. [`RedisStats`] counts, [`RedisPresence`] knows who is here on all nodes, [`RedisCluster`] lists the
//! processes. [`RedisPubSubPipe`] and [`RedisPubSubFeed`] do without the stream, best effort.
//!
//! What goes over the wire is described in `docs/contract.md`.

mod batch;
mod cluster;
mod commands;
mod comments;
mod connection;
mod desk;
mod entries;
mod error;
mod feed;
mod forget;
mod gauges;
mod held;
mod keys;
mod outbox;
mod pipe;
mod presence;
mod publisher;
mod pubsub;
mod reader;
mod record;
mod salts;
mod script;
mod stats;
mod subscriber;
mod task;
#[cfg(feature = "testing")]
pub mod testing;
mod watchers;
mod wire;
mod writer;

pub use cluster::{About, BEAT_EVERY, Member, RedisCluster, Work};
pub use connection::RedisConfig;
pub use feed::{FeedConfig, RedisFeed};
pub use gauges::StreamState;
pub use pipe::RedisPipe;
pub use presence::RedisPresence;
pub use pubsub::{RedisPubSubFeed, RedisPubSubPipe};
pub use stats::RedisStats;
