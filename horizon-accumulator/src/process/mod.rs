//! What a program around the accumulator needs, whether it is `horizon-accumulator`, `horizon-web` or one of yours: its
//! log, its clock, the signals that end it, and the pipe and the store that its configuration names.
//!
//! The log needs feature `log`, the signals feature `signals`, [`run`] feature `service`, which has both; what is said
//! to other processes needs feature `redis`.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use std::future::ready;
//! use horizon_accumulator::process::{Alone, Store, StoreUrl, now};
//! use horizon_memory::MemoryPipe;
//!
//! let url: StoreUrl = "memory:".parse()?; // in production: `sqlite:numbers.db`
//! let _alone = Alone::on(&url)?; // nobody else counts into it
//! let store = Store::open(&url)?;
//! let (_pipe, feed) = MemoryPipe::new(store.stats.clone());
//! horizon_accumulator::run(feed, store.stats.clone(), now, ready(())).await;
//! store.close().await?;
//! # Ok(()) }
//! ```

mod alone;
#[cfg(feature = "service")]
mod announce;
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
mod ready;
#[cfg(feature = "sqlite")]
mod real_path;
mod redis_checks;
#[cfg(feature = "redis")]
mod redis_setup;
#[cfg(feature = "service")]
mod run;
mod secret_text;
#[cfg(feature = "signals")]
mod signals;
#[cfg(feature = "redis")]
mod speak;
mod store;
mod url;

pub use crate::backoff::cause;
pub use alone::Alone;
#[cfg(feature = "service")]
pub use announce::announce;
#[cfg(feature = "redis")]
pub use bus_report::report_bus;
pub use clock::now;
pub use corrected_clock::{CorrectedClock, MAX_CLOCK_OFFSET, Reading};
pub use health::{Health, NotReady};
#[cfg(feature = "log")]
pub use log::{LogGuard, register_log_metrics, start_log};
#[cfg(feature = "redis")]
pub use node::random_node;
pub use ready::Ready;
#[cfg(feature = "sqlite")]
pub use real_path::real_path;
pub use redis_checks::{CHECK_EVERY, RedisCheck, check_redis};
#[cfg(feature = "redis")]
pub use redis_setup::SetupCheck;
#[cfg(feature = "service")]
pub use run::run;
pub use secret_text::SecretText;
#[cfg(feature = "signals")]
pub use signals::{asked_to_stop, ended};
#[cfg(feature = "redis")]
pub use speak::{Membership, speak};
pub use store::Store;
#[cfg(feature = "redis")]
pub use url::Delivery;
pub use url::{PipeUrl, StoreUrl, pipe_and_store};
