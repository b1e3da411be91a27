//! EventHorizon's accumulator: takes events from a feed, counts each once, publishes the totals.
//!
//! [`run`] does so until it is told to stop; whoever holds both ends of a pipe spawns it as a task.
//! [`count`] does so for events in JSON lines, until they end. The program `horizon-accumulator` is [`serve`]
//! around the one, or [`count_stdin`] around the other.

mod backoff;
mod config;
mod lines;
pub mod process;
mod run;
mod service;
mod stdin;

pub use config::{Arguments, Service, Work};
pub use lines::{BadLine, LineFeed, count};
pub use run::{Observer, run, run_observed};
pub use service::serve;
pub use stdin::count_stdin;
