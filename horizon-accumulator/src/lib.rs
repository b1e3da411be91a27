//! EventHorizon's accumulator: takes events from a feed, counts each once, publishes the totals.
//!
//! [`run`] does so until it is told to stop; whoever holds both ends of a pipe spawns it as a task.
//! [`count`] does so for events in JSON lines, until they end.

mod backoff;
mod lines;
mod run;

pub use lines::{BadLine, LineFeed, count};
pub use run::run;
