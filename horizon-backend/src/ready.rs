use std::future::Future;
#[cfg(feature = "redis")]
use std::sync::Arc;
use std::time::Duration;

use horizon_core::{Error, Result, error_chain};
#[cfg(feature = "redis")]
use horizon_redis::NodeRegistry;
use tokio::time::timeout;

use crate::{Health, ReadinessError, StoreHandle};

/// How long the store and Redis may take to answer: 2 seconds.
const READY_TIMEOUT: Duration = Duration::from_secs(2);

/// Checks whether a process can do its work, for `/readyz`.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use horizon_backend::{Health, ReadinessCheck, StoreHandle, StoreUrl};
///
/// let health = Health::default();
/// let readiness = ReadinessCheck::new(health.clone()).with_store(StoreHandle::open(&StoreUrl::Memory)?);
/// assert_eq!(readiness.check().await, Ok("the store is writable"));
/// health.fail("clock", "the clock is 7,200 s ahead of Redis");
/// assert_eq!(readiness.check().await.unwrap_err().problems(), ["clock: the clock is 7,200 s ahead of Redis"]);
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct ReadinessCheck {
    health: Health,
    store: Option<StoreHandle>,
    #[cfg(feature = "redis")]
    registry: Option<Arc<NodeRegistry>>,
}

impl ReadinessCheck {
    /// Checks the background tasks that report to `health`.
    #[must_use]
    pub fn new(health: Health) -> Self {
        Self {
            health,
            store: None,
            #[cfg(feature = "redis")]
            registry: None,
        }
    }

    /// Also checks that this store is writable, or readable if the application opened it, and reports panics of its
    /// threads to the [`Health`].
    #[must_use]
    pub fn with_store(self, store: StoreHandle) -> Self {
        store.report_panics_to(&self.health);
        Self {
            store: Some(store),
            ..self
        }
    }

    /// Also checks the Redis of the bus and its replicas.
    #[cfg(feature = "redis")]
    #[must_use]
    pub fn with_redis(self, registry: Arc<NodeRegistry>) -> Self {
        Self {
            registry: Some(registry),
            ..self
        }
    }

    /// Returns within 2 seconds a sentence that says what works. Writes to the store, because a full disk can still be
    /// read.
    ///
    /// # Errors
    /// All problems that the checks find or that background tasks have reported. The causes are logged.
    pub async fn check(&self) -> Result<&'static str, ReadinessError> {
        let (store, redis, replicas) = tokio::join!(
            with_timeout(self.check_store()),
            with_timeout(self.check_redis()),
            with_timeout(self.check_replicas())
        );
        let is_redis_available = redis.is_ok();
        let mut problems = self.health.problems();
        problems.extend(problem("Redis cannot be reached", redis));
        if is_redis_available {
            problems.extend(problem("the replicas of Redis do not confirm writes", replicas));
        }
        let (works, fails) = match &self.store {
            Some(store) if store.is_from_application() => ("the store can be read", "the store cannot be read"),
            Some(_) => ("the store is writable", "the store is not writable"),
            None => ("the background tasks run", "the background tasks do not run"),
        };
        problems.extend(problem(fails, store));
        if problems.is_empty() {
            Ok(works)
        } else {
            Err(ReadinessError(problems))
        }
    }

    async fn check_store(&self) -> Result<()> {
        let Some(store) = &self.store else { return Ok(()) };
        let checked = self.health.supervise("readiness", store.check_writable()).await;
        checked.unwrap_or_else(|| Err(Error::permanent("it panicked")))
    }

    async fn check_redis(&self) -> Result<()> {
        #[cfg(feature = "redis")]
        if let Some(registry) = &self.registry {
            registry.nodes().await?;
        }
        Ok(())
    }

    async fn check_replicas(&self) -> Result<()> {
        #[cfg(feature = "redis")]
        if let Some(registry) = &self.registry {
            registry.check_replicas().await?;
        }
        Ok(())
    }
}

async fn with_timeout(check: impl Future<Output = Result<()>>) -> Result<()> {
    let late = |_| Err(Error::unavailable("it did not respond in time"));
    timeout(READY_TIMEOUT, check).await.unwrap_or_else(late)
}

/// Logs a failed check and returns it as a problem.
fn problem(what: &'static str, outcome: Result<()>) -> Option<String> {
    let error = outcome.err()?;
    tracing::warn!(%error, cause = error_chain(&error), "not ready: {what}");
    Some(format!("{what}: {error}"))
}
