//! EventHorizon's accumulator: takes events from a feed, counts each once, publishes the totals.
//!
//! [`run`] does so until it is told to stop; whoever holds both ends of a pipe spawns it as a task. The program
//! `horizon-accumulator` (feature `service`, on by default) is that for events in Redis, and the same for events in
//! JSON lines on its standard input.
//!
//! An application that embeds it needs only `run`: `default-features = false`, and of the features `sqlite` and `redis`
//! those whose addresses it wants to open by [`process::StoreUrl`] and [`process::PipeUrl`].

mod backoff;
#[cfg(feature = "service")]
mod config;
#[cfg(feature = "service")]
mod lines;
pub mod process;
mod run;
#[cfg(feature = "service")]
mod service;
#[cfg(feature = "service")]
mod stdin;

#[cfg(feature = "service")]
pub use config::{Arguments, Service, Work};
#[cfg(feature = "service")]
pub use lines::{BadLine, LineFeed, count};
pub use run::{Observer, run, run_observed};
#[cfg(feature = "service")]
pub use service::serve;
#[cfg(feature = "service")]
pub use stdin::count_stdin;

/// Holds the README's examples to what compiles and runs.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
