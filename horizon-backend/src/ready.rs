use std::future::Future;
#[cfg(feature = "redis")]
use std::sync::Arc;
use std::time::Duration;

use horizon_core::{Error, Result};
#[cfg(feature = "redis")]
use horizon_redis::NodeRegistry;
use tokio::time::timeout;

use crate::backoff::error_chain;
use crate::{Health, NotReady, StoreHandle};

/// How long the store and Redis may take to answer.
const READY_WAIT: Duration = Duration::from_secs(2);

/// Says whether a process can do its work now: what a supervisor asks for.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use horizon_backend::{Health, ReadinessCheck, StoreHandle, StoreUrl};
///
/// let ready = ReadinessCheck::new(StoreHandle::open(&StoreUrl::Memory)?, Health::default());
/// assert_eq!(ready.check().await, Ok("the store is writable"));
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct ReadinessCheck {
    health: Health,
    /// Absent where the application brought its ports.
    store: Option<StoreHandle>,
    /// In the bus's Redis, where there is one.
    #[cfg(feature = "redis")]
    cluster: Option<Arc<NodeRegistry>>,
}

impl ReadinessCheck {
    /// Checks the background tasks alone.
    #[must_use]
    pub fn of_tasks(health: Health) -> Self {
        Self {
            health,
            store: None,
            #[cfg(feature = "redis")]
            cluster: None,
        }
    }

    /// Checks the background tasks and this store. From now on a panic of the store's own thread is reported to
    /// `health`, like that of any other task.
    #[must_use]
    pub fn new(store: StoreHandle, health: Health) -> Self {
        store.report_panics_to(&health);
        Self {
            store: Some(store),
            ..Self::of_tasks(health)
        }
    }

    /// Checks the Redis that events go through, too.
    #[cfg(feature = "redis")]
    #[must_use]
    pub fn with_redis(self, cluster: Arc<NodeRegistry>) -> Self {
        Self {
            cluster: Some(cluster),
            ..self
        }
    }

    /// Returns within 2 seconds whether everything works, as a sentence. Writes to the store, because a full disk can
    /// still be read.
    ///
    /// # Errors
    /// Every problem that the checks find or that background tasks have reported. The log says more about the cause.
    pub async fn check(&self) -> Result<&'static str, NotReady> {
        let (store, redis, replicas) = tokio::join!(
            in_time(self.check_store()),
            in_time(self.check_redis()),
            in_time(self.check_replicas())
        );
        let is_there = redis.is_ok();
        let mut problems = self.health.problems();
        problems.extend(describe("Redis cannot be reached", redis));
        if is_there {
            problems.extend(describe("the replicas of Redis do not confirm writes", replicas));
        }
        problems.extend(describe("the store is not writable", store));
        NotReady::from_problems(problems)?;
        Ok(match self.store {
            Some(_) => "the store is writable",
            None => "the background tasks run",
        })
    }

    async fn check_store(&self) -> Result<()> {
        match &self.store {
            Some(store) => store.check_writable().await,
            None => Ok(()),
        }
    }

    #[cfg(feature = "redis")]
    async fn check_redis(&self) -> Result<()> {
        match &self.cluster {
            Some(cluster) => cluster.members().await.map(drop),
            None => Ok(()),
        }
    }

    #[cfg(feature = "redis")]
    async fn check_replicas(&self) -> Result<()> {
        match &self.cluster {
            Some(cluster) => cluster.check_replicas().await,
            None => Ok(()),
        }
    }

    #[cfg(not(feature = "redis"))]
    async fn check_redis(&self) -> Result<()> {
        Ok(())
    }

    #[cfg(not(feature = "redis"))]
    async fn check_replicas(&self) -> Result<()> {
        Ok(())
    }
}

async fn in_time(answer: impl Future<Output = Result<()>>) -> Result<()> {
    let late = |_| Err(Error::unavailable("it did not answer in time"));
    timeout(READY_WAIT, answer).await.unwrap_or_else(late)
}

/// Logs what went wrong and returns it as a problem.
fn describe(what: &'static str, answer: Result<()>) -> Option<String> {
    let error = answer.err()?;
    tracing::warn!(%error, cause = error_chain(&error), "not ready: {what}");
    Some(format!("{what}: {error}"))
}
