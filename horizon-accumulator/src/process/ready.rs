use std::future::Future;
#[cfg(feature = "redis")]
use std::sync::Arc;
use std::time::Duration;

use horizon_core::{Error, Result};
#[cfg(feature = "redis")]
use horizon_redis::RedisCluster;
use tokio::time::timeout;

use crate::backoff::cause;
use crate::process::Store;

/// How long the store and Redis may take to answer.
const READY_WAIT: Duration = Duration::from_secs(2);

/// Says whether a process can do its work now: what a supervisor asks for.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use horizon_accumulator::process::{Ready, Store, StoreUrl};
///
/// let ready = Ready::new(Store::open(&StoreUrl::Memory)?);
/// assert_eq!(ready.check().await, Ok("the store is writable"));
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct Ready {
    store: Store,
    /// In the pipe's Redis, if that is where the pipe is.
    #[cfg(feature = "redis")]
    cluster: Option<Arc<RedisCluster>>,
}

impl Ready {
    /// What asks this store alone.
    #[must_use]
    pub fn new(store: Store) -> Self {
        Self {
            store,
            #[cfg(feature = "redis")]
            cluster: None,
        }
    }

    /// The same, and it asks the Redis that the pipe goes through too.
    #[cfg(feature = "redis")]
    #[must_use]
    pub fn with_redis(self, cluster: Arc<RedisCluster>) -> Self {
        Self {
            cluster: Some(cluster),
            ..self
        }
    }

    /// Whether everything answers, as a sentence. It takes 2 seconds at most. The store is written to, because a disk
    /// that is full can be read.
    ///
    /// # Errors
    /// What does not, as a sentence; the reason goes to the log.
    pub async fn check(&self) -> Result<&'static str, &'static str> {
        let (store, redis) = tokio::join!(in_time(self.store.check_writable()), in_time(self.check_redis()));
        say("Redis cannot be reached", redis)?;
        say("the store is not writable", store)?;
        Ok("the store is writable")
    }

    #[cfg(feature = "redis")]
    async fn check_redis(&self) -> Result<()> {
        match &self.cluster {
            Some(cluster) => cluster.members().await.map(drop),
            None => Ok(()),
        }
    }

    #[cfg(not(feature = "redis"))]
    async fn check_redis(&self) -> Result<()> {
        Ok(())
    }
}

async fn in_time(answer: impl Future<Output = Result<()>>) -> Result<()> {
    let late = |_| Err(Error::unavailable("it did not answer in time"));
    timeout(READY_WAIT, answer).await.unwrap_or_else(late)
}

fn say(what: &'static str, answer: Result<()>) -> Result<(), &'static str> {
    answer.map_err(|error| {
        tracing::warn!(%error, cause = cause(&error), "{what}");
        what
    })
}
