//! Opens EventHorizon's event buses and stores by URL and runs what a process needs around them: the accumulator, the
//! store lock, readiness, the corrected clock, the log and signals.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use std::future::ready;
//! use horizon_backend::{StoreHandle, StoreLock, StoreUrl, now, run_accumulator};
//! use horizon_memory::MemoryBus;
//!
//! let url: StoreUrl = "memory:".parse()?; // in production: `sqlite:numbers.db`
//! let _lock = StoreLock::acquire(&url)?; // no other process counts into it
//! let store = StoreHandle::open(&url)?;
//! let (_bus, consumer) = MemoryBus::new(store.stats.clone());
//! run_accumulator(consumer, store.stats.clone(), now, ready(())).await;
//! store.close().await?;
//! # Ok(()) }
//! ```

mod accumulator;
#[cfg(feature = "program")]
mod arguments;
mod backend;
mod backend_urls;
mod batch_retry;
#[cfg(feature = "redis")]
mod bus_report;
#[cfg(feature = "sqlite")]
mod canonical_path;
mod clock;
#[cfg(feature = "redis")]
mod clock_report;
mod corrected_clock;
mod health;
#[cfg(feature = "redis")]
mod heartbeat;
#[cfg(feature = "program")]
mod listen_addr;
#[cfg(feature = "log")]
mod log;
mod login_key;
#[cfg(feature = "redis")]
mod peer_checks;
#[cfg(feature = "metrics")]
mod problem_metric;
#[cfg(feature = "program")]
mod program;
mod random;
mod ready;
#[cfg(feature = "redis")]
mod redis_node;
#[cfg(feature = "redis")]
mod redis_setup;
mod report_csv;
#[cfg(feature = "program")]
mod report_settings;
mod reports_check;
mod secret_string;
mod session_retention;
#[cfg(feature = "signals")]
mod signals;
mod store;
mod store_lock;
mod stored_secret;
mod url;

pub use accumulator::{AccumulatorConfig, AccumulatorObserver, run_accumulator, run_accumulator_observed};
#[cfg(feature = "program")]
pub use arguments::parse_arguments;
pub use backend::{Backend, BackendConfig};
pub use backend_urls::{BackendUrls, ProgramKind, SettingError, UrlSettings};
pub use batch_retry::BatchRetry;
#[cfg(feature = "redis")]
pub use bus_report::report_stream_problems;
pub use clock::now;
pub use corrected_clock::{ClockReading, CorrectedClock, MAX_CLOCK_OFFSET};
pub use health::{Health, ReadinessError};
#[cfg(feature = "redis")]
pub use heartbeat::{HeartbeatConfig, run_heartbeat};
#[cfg(feature = "program")]
pub use listen_addr::{ParseListenAddrError, parse_listen_addr};
#[cfg(all(feature = "log", feature = "metrics"))]
pub use log::register_log_metrics;
#[cfg(feature = "log")]
pub use log::{LogGuard, start_log};
pub use login_key::LoginKey;
#[cfg(feature = "program")]
pub use program::{descriptor_limit, print_line, run_program};
pub use random::random_bytes;
#[cfg(feature = "redis")]
pub use random::random_node_id;
pub use ready::ReadinessCheck;
#[cfg(feature = "redis")]
pub use redis_setup::RedisSetupCheck;
pub use report_csv::report_csv;
#[cfg(feature = "program")]
pub use report_settings::ReportSettings;
pub use reports_check::ReportsCheck;
pub use secret_string::SecretString;
pub use session_retention::{ParseRetentionError, SessionRetention};
#[cfg(feature = "signals")]
pub use signals::{shutdown_signal, wait_for_shutdown};
pub use store::StoreHandle;
pub use store_lock::StoreLock;
pub use stored_secret::is_secret_missing;
#[cfg(feature = "redis")]
pub use url::Delivery;
pub use url::{BackendUrlError, BusUrl, StoreUrl};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
