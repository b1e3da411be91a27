//! What EventHorizon's programs share: event buses and stores by URL, the counting loop, readiness, the log and signals.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use std::future::ready;
//! use horizon_backend::{StoreLock, StoreHandle, StoreUrl, now};
//! use horizon_memory::MemoryBus;
//!
//! let url: StoreUrl = "memory:".parse()?; // in production: `sqlite:numbers.db`
//! let _alone = StoreLock::on(&url)?; // no other process counts into it
//! let store = StoreHandle::open(&url)?;
//! let (_pipe, feed) = MemoryBus::new(store.stats.clone());
//! horizon_backend::run_accumulator(feed, store.stats.clone(), now, ready(())).await;
//! store.close().await?;
//! # Ok(()) }
//! ```

mod alone;
#[cfg(feature = "program")]
mod announce;
mod backoff;
#[cfg(feature = "redis")]
mod bus_report;
mod clock;
#[cfg(feature = "redis")]
mod clock_report;
mod corrected_clock;
mod health;
#[cfg(feature = "log")]
mod log;
#[cfg(feature = "redis")]
mod node;
#[cfg(feature = "redis")]
mod peers;
#[cfg(feature = "metrics")]
mod problem_metric;
#[cfg(feature = "program")]
mod program;
mod ready;
#[cfg(feature = "sqlite")]
mod real_path;
mod redis_checks;
#[cfg(feature = "redis")]
mod redis_setup;
mod run;
mod secret_text;
#[cfg(feature = "signals")]
mod signals;
#[cfg(feature = "redis")]
mod speak;
mod store;
mod url;

pub use alone::StoreLock;
#[cfg(feature = "program")]
pub use announce::announce;
pub use backoff::{Backoff, error_chain};
#[cfg(feature = "redis")]
pub use bus_report::report_bus;
pub use clock::now;
pub use corrected_clock::{ClockReading, CorrectedClock, MAX_CLOCK_OFFSET};
pub use health::{Health, NotReady};
#[cfg(feature = "log")]
pub use log::{LogGuard, register_log_metrics, start_log};
#[cfg(feature = "redis")]
pub use node::random_node;
#[cfg(feature = "program")]
pub use program::run_program;
pub use ready::ReadinessCheck;
#[cfg(feature = "sqlite")]
pub use real_path::real_path;
pub use redis_checks::{CHECK_INTERVAL, RedisCheck, check_redis};
#[cfg(feature = "redis")]
pub use redis_setup::RedisSetupCheck;
pub use run::{AccumulatorObserver, run_accumulator, run_accumulator_observed};
pub use secret_text::SecretText;
#[cfg(feature = "signals")]
pub use signals::{shutdown_signal, wait_for_shutdown};
#[cfg(feature = "redis")]
pub use speak::{Membership, run_heartbeat};
pub use store::StoreHandle;
#[cfg(feature = "redis")]
pub use url::Delivery;
pub use url::{BusUrl, StoreUrl, pipe_and_store};

/// Compiles and runs the examples of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
