//! EventHorizon in memory: presence, both ends of the pipe, and the store.
//!
//! Everything lives in this process and needs a tokio runtime. With a durable store behind it the
//! pipe is durable too: [`MemoryBus`] answers an event only once its batch is acknowledged.
//!
//! Feature `testing` holds fakes for whoever tests an application: all ports in one value, a clock that the test
//! moves, and failures that happen when the test says so.

mod comments;
mod pipe;
mod presence;
mod queue;
mod stats;
#[cfg(feature = "testing")]
pub mod testing;
mod totals;
mod watchers;

pub use pipe::{MemoryBus, MemoryConsumer};
pub use presence::MemoryPresence;
pub use stats::MemoryStats;

/// Holds the README's example to what compiles and runs.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
