//! EventHorizon's accumulator: takes events from a feed, counts each once, publishes the totals.
//!
//! The program `horizon-accumulator` counts events in Redis, or in JSON lines on its standard input. The loop itself is
//! [`horizon_backend::run_accumulator`].

mod config;
mod lines;
mod service;
mod stdin;

pub use config::{Arguments, Service, Work};
pub use lines::{BadLine, LineConsumer, count};
pub use service::serve;
pub use stdin::count_stdin;
