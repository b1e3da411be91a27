use std::future::Future;
use std::time::Duration;

use async_trait::async_trait;
use horizon_core::Result;
use tokio::time::sleep;

use crate::Health;
use crate::backoff::error_chain;

/// How often a process checks its Redis: once a minute.
pub const CHECK_INTERVAL: Duration = Duration::from_secs(60);

/// The wait before the checks run again where Redis did not answer one, or one found a problem: one second. After a
/// failover the address leads to another server soon.
const ASK_AGAIN: Duration = Duration::from_secs(1);

/// The parts that report how a Redis is set up.
const SETUP_PARTS: [&str; 2] = ["redis-kind", "redis-settings"];

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
/// They run again after a second where Redis did not answer one of them or one reports a problem of the parts
/// `redis-kind` and `redis-settings`, so that a Redis that was away or is replaced by another is checked when
/// it is there.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// use async_trait::async_trait;
/// use horizon_backend::{Health, RedisCheck, check_redis};
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
        let mut wait = CHECK_INTERVAL;
        for check in checks {
            if let Err(error) = check.check(health).await {
                tracing::debug!(%error, cause = error_chain(&error), "Redis cannot be checked, trying again");
                wait = ASK_AGAIN;
            }
        }
        if SETUP_PARTS.iter().any(|part| health.has(part)) {
            wait = ASK_AGAIN;
        }
        sleep(wait).await;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use tokio::time::Instant;

    use super::*;

    /// Finds a replica twice and then a master, as behind an address that a failover turns.
    #[derive(Default)]
    struct Turned(AtomicU32);

    #[async_trait]
    impl RedisCheck for Turned {
        async fn check(&self, health: &Health) -> Result<()> {
            let is_replica = self.0.fetch_add(1, Ordering::Relaxed) < 2;
            health.update("redis-kind", is_replica.then(|| "it is a replica".to_owned()));
            Ok(())
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_problem_of_the_setup_is_looked_at_again_after_a_second() {
        let (health, start) = (Health::default(), Instant::now());
        let gone = async {
            while !health.has("redis-kind") {
                tokio::task::yield_now().await;
            }
            while health.has("redis-kind") {
                sleep(Duration::from_millis(100)).await;
            }
        };
        check_redis(&[Box::new(Turned::default())], &health, gone).await;
        assert!(start.elapsed() < CHECK_INTERVAL / 10, "{:?}", start.elapsed());
    }
}
