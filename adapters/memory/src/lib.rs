//! EventHorizon in memory: presence, both ends of the pipe, and the store.
//!
//! Everything lives in this process and needs a tokio runtime. With a durable store behind it the
//! pipe is durable too: [`MemoryPipe`] answers an event only once its batch is acknowledged.

mod pipe;
mod presence;
mod queue;
mod stats;
mod totals;
mod watchers;

pub use pipe::{MemoryFeed, MemoryPipe};
pub use presence::LocalPresence;
pub use stats::MemoryStats;
