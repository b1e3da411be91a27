//! EventHorizon in memory: presence, the event bus and the store, in one process on tokio.
//!
//! Applications get it from [`eventhorizon`](https://docs.rs/eventhorizon) by the URL `memory:`. Depend on it directly
//! for the fakes in `testing`, or to connect the ports by yourself:
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use std::{num::NonZeroUsize, sync::Arc};
//! use horizon_core::{EventBusExt, Slug, Stamp, StatsStoreExt, Timestamp, process_batch};
//! use horizon_memory::{MemoryBus, MemoryStore};
//!
//! let store = Arc::new(MemoryStore::new());
//! let (bus, mut consumer) = MemoryBus::new(store.clone());
//! let now = || Timestamp::from_millis(1_800_000_000_000); // your clock
//! let hello = Slug::new("hello")?;
//! let visit = bus.track_blog_visit(Stamp::new(now(), [7; 10]), &hello, None);
//! let counting = process_batch(&mut consumer, &*store, &now, NonZeroUsize::MIN);
//! let (tracked, counted) = tokio::join!(visit, counting);
//! (tracked?, counted?);
//! assert_eq!(store.total(&hello.into()).await?.stats.visits, 1);
//! # Ok(())
//! # }
//! ```
//!
//! | item | what it is |
//! |---|---|
//! | [`MemoryPresence`] | counts the viewers of this process |
//! | [`MemoryBus`], [`MemoryConsumer`] | an event bus, as durable as the store of its consumer |
//! | [`MemoryStore`] | a store of totals, comments and salts |
//! | module `testing` | fakes for the tests of an application |
//!
//! | feature | default | what it gives |
//! |---|---|---|
//! | `testing` | no | `testing::Fake`: all ports in one value, a clock that the test moves, and failures on demand |
//!
//! [`horizon_core`] describes the ports. [`horizon-sqlite`](https://docs.rs/horizon-sqlite),
//! [`horizon-postgres`](https://docs.rs/horizon-postgres) and [`horizon-redis`](https://docs.rs/horizon-redis) keep
//! their numbers.

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
