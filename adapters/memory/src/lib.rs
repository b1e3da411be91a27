//! EventHorizon in memory: presence, the event bus and the store.
//!
//! Everything lives in one process and needs a tokio runtime. [`MemoryBus`] is as durable as the store that its
//! consumer writes to: it confirms an event only after the event's batch was acknowledged.
//!
//! The feature `testing` adds fakes for the tests of an application: all ports in one value, a clock that the test
//! moves, and failures on demand.

mod bus;
mod presence;
mod store;
#[cfg(feature = "testing")]
pub mod testing;

pub use bus::{MemoryBus, MemoryConsumer};
pub use presence::MemoryPresence;
pub use store::MemoryStore;

/// Compiles and runs the README's example.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
