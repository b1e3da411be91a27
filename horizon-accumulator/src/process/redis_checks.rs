use std::future::Future;
use std::time::Duration;

use async_trait::async_trait;
use horizon_core::Result;
use tokio::time::sleep;

use crate::backoff::cause;
use crate::process::Health;

/// How often a process checks its Redis: once a minute.
pub const CHECK_EVERY: Duration = Duration::from_secs(60);

/// The wait before a check that Redis did not answer runs again: one second.
const ASK_AGAIN: Duration = Duration::from_secs(1);

/// A check of the Redis that a process works with. [`check_redis`] runs it.
#[async_trait]
pub trait RedisCheck: Send + Sync {
    /// Checks once, and reports to `health` each problem that it finds or no longer finds.
    ///
    /// # Errors
    /// Redis did not answer. The check runs again after a second.
    async fn check(&self, health: &Health) -> Result<()>;
}

/// Runs these checks at once and then every minute, until `shutdown`.
///
/// A check that Redis did not answer runs again after a second, so that a Redis that was away is checked when it is
/// there.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// use async_trait::async_trait;
/// use horizon_accumulator::process::{Health, RedisCheck, check_redis};
/// use horizon_core::Result;
///
/// struct Clock;
///
/// #[async_trait]
/// impl RedisCheck for Clock {
///     async fn check(&self, health: &Health) -> Result<()> {
///         health.fail("clock", "the clock is 7,200 s ahead of Redis");
///         Ok(())
///     }
/// }
/// let health = Health::default();
/// let shutdown = async { while health.problems().is_empty() { tokio::task::yield_now().await } };
/// check_redis(&[Box::new(Clock)], &health, shutdown).await;
/// assert_eq!(health.problems().len(), 1);
/// # }
/// ```
pub async fn check_redis(checks: &[Box<dyn RedisCheck>], health: &Health, shutdown: impl Future<Output = ()>) {
    tokio::select! {
        () = shutdown => {}
        () = check_for_ever(checks, health) => {}
    }
}

async fn check_for_ever(checks: &[Box<dyn RedisCheck>], health: &Health) {
    loop {
        let mut wait = CHECK_EVERY;
        for check in checks {
            if let Err(error) = check.check(health).await {
                tracing::debug!(%error, cause = cause(&error), "Redis cannot be checked, trying again");
                wait = ASK_AGAIN;
            }
        }
        sleep(wait).await;
    }
}
