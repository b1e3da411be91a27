//! EventHorizon on Redis: for as many processes as you like.
//!
//! [`RedisBus`] puts events into a stream and hears of totals by pub/sub, [`RedisConsumer`] is its other end for accumulators
//! that share the work. [`RedisStats`] counts, [`RedisPresence`] knows who is here on all nodes, [`NodeRegistry`] lists the
//! processes. [`RedisPubSubBus`] and [`RedisPubSubConsumer`] do without the stream, best effort.
//!
//! What goes over the wire is described in `docs/contract.md`.
//!
//! ```no_run
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use std::sync::Arc;
//! use horizon_core::Ports;
//! use horizon_redis::{ConsumerConfig, RedisConfig, RedisConsumer, RedisBus, RedisPresence, RedisStats};
//!
//! let redis = RedisConfig::new("redis://127.0.0.1")?;
//! let store = Arc::new(RedisStats::connect(&redis)?);
//! let ports = Ports { // in each web process
//!     presence: Arc::new(RedisPresence::connect(&redis, "web-1".parse()?)?),
//!     analytics: Arc::new(RedisBus::connect(&redis, store.clone())?),
//!     stats: store.clone(),
//!     comments: store.clone(),
//!     salts: store.clone(),
//! };
//! let feed = RedisConsumer::connect(&redis, ConsumerConfig::new("counts-1"))?; // in each accumulator
//! # Ok(())
//! # }
//! ```

mod batch;
mod bus;
mod cluster;
mod commands;
mod comments;
mod connection;
mod desk;
mod entries;
mod entry_scripts;
mod error;
mod feed;
mod forget;
mod gauges;
mod held;
mod inspect;
mod keys;
mod monitor;
mod outbox;
mod pipe;
mod presence;
mod publisher;
mod pubsub;
mod reader;
mod record;
mod replicas;
mod salts;
mod script;
mod stats;
mod subscriber;
mod task;
#[cfg(feature = "testing")]
pub mod testing;
mod unconfirmed;
mod watchers;
mod wire;
mod writer;
mod writes;

pub use cluster::{HEARTBEAT_INTERVAL, Heartbeat, NodeInfo, NodeRegistry, NodeRole, RegisteredNode};
pub use connection::RedisConfig;
pub use feed::{ConsumerConfig, RedisConsumer};
pub use gauges::StreamState;
pub use inspect::{RedisInspector, RedisSetup};
pub use monitor::{BusMonitor, Loss};
pub use pipe::RedisBus;
pub use presence::RedisPresence;
pub use pubsub::{RedisPubSubBus, RedisPubSubConsumer};
pub use stats::RedisStats;

/// Holds the README's example to what compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
