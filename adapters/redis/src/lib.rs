//! EventHorizon on Redis, for any number of processes.
//!
//! Applications get it from [`eventhorizon`](https://docs.rs/eventhorizon) by URLs like `redis://HOST` (feature
//! `redis`). The README says how to run Redis, and `docs/contract.md` in the repository describes the wire format.
//!
//! ```no_run
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use std::sync::Arc;
//! use horizon_core::Ports;
//! use horizon_redis::{ConsumerConfig, RedisBus, RedisConfig, RedisConsumer, RedisPresence, RedisStore};
//!
//! let redis = RedisConfig::new("redis://127.0.0.1")?;
//! let store = Arc::new(RedisStore::connect(&redis)?);
//! let presence = Arc::new(RedisPresence::connect(&redis, "web-1".parse()?)?);
//! let bus = Arc::new(RedisBus::connect(&redis, store.clone())?);
//! let ports = Ports::new(presence, bus, store.clone(), store.clone(), store); // in each web process
//! let consumer = RedisConsumer::connect(&redis, ConsumerConfig::new("counts-1"))?; // in each accumulator
//! # Ok(())
//! # }
//! ```
//!
//! | topic | items |
//! |---|---|
//! | connection | [`RedisConfig`]; [`RedisInspector`] checks the settings of Redis ([`RedisSetup`]) |
//! | events in a stream, which accumulators share | [`RedisBus`], [`RedisConsumer`], [`ConsumerConfig`] |
//! | lost events | [`StreamMonitor`], [`StreamState`], [`StreamLoss`] |
//! | events without a stream, best effort | [`RedisPubSubBus`], [`RedisPubSubConsumer`] |
//! | store | [`RedisStore`]: totals, comments and salts |
//! | presence | [`RedisPresence`] counts the viewers of all nodes |
//! | processes | [`NodeRegistry`], [`NodeInfo`], [`NodeRole`], [`RegisteredNode`] |
//! | heartbeats of processes | [`Heartbeat`], [`HEARTBEAT_INTERVAL`] |
//! | module `testing` | starts a `redis-server` for a test |
//!
//! | feature | default | what it gives |
//! |---|---|---|
//! | `testing` | no | the module `testing` |
//!
//! [`horizon_core`] describes the ports.

mod bus;
mod connection;
mod error;
mod presence;
mod registry;
mod store;
#[cfg(feature = "testing")]
pub mod testing;
mod wire;

pub use bus::{
    ConsumerConfig, RedisBus, RedisConsumer, RedisPubSubBus, RedisPubSubConsumer, StreamLoss, StreamMonitor,
    StreamState,
};
pub use connection::{RedisConfig, RedisInspector, RedisSetup};
pub use presence::RedisPresence;
pub use registry::{HEARTBEAT_INTERVAL, Heartbeat, NodeInfo, NodeRegistry, NodeRole, RegisteredNode};
pub use store::RedisStore;

/// Implements `Debug` with the name of the type.
macro_rules! opaque_debug {
    ($($name:ident),+) => {$(
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        }
    )+};
}

opaque_debug!(
    RedisBus,
    RedisConsumer,
    RedisPubSubBus,
    RedisPubSubConsumer,
    StreamMonitor
);
opaque_debug!(NodeRegistry, RedisInspector, RedisPresence, RedisStore);

/// Compiles the example of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
