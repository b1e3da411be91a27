//! The reads for one page, which share a deadline.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use horizon_core::{Slug, Topic, error_chain};
use tokio::time::Instant;

use crate::{
    Caller, Horizon, StatsSnapshot,
    breaker::{ANSWER_TIMEOUT, CACHED_TIMEOUT, LIKE_TIMEOUT, Subject, remaining},
};

/// The reads to render one page. They share one deadline: together they take 900 milliseconds at most.
///
/// Once a read times out, the others return what is cached, or nothing, and hardly wait. Create it with
/// [`Horizon::page_reads`] at the start of a request and use it for all reads of that request.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # use eventhorizon::{Horizon, Slug};
/// let horizon = Horizon::in_memory().start(|_: &Slug| true).await?;
/// let bread = horizon.page("bread").await?;
/// let ada = horizon.caller([192, 0, 2, 1].into(), [("user-agent", "Firefox")]);
///
/// let reads = horizon.page_reads();
/// let stats = reads.stats_snapshots(&[(&bread).into()]).await;
/// let liked = reads.is_liked_by(&bread, &ada).await;
/// assert!(stats[0].is_some() && liked == Some(false));
/// assert!(reads.is_current());
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct PageReads {
    pub(crate) horizon: Horizon,
    pub(crate) deadline: Instant,
    is_current: AtomicBool,
}

impl Horizon {
    /// Starts the reads for one page. Their deadline is 900 milliseconds from this call; see [`PageReads`].
    #[must_use]
    pub fn page_reads(&self) -> PageReads {
        PageReads {
            horizon: self.clone(),
            deadline: Instant::now() + ANSWER_TIMEOUT,
            is_current: AtomicBool::new(true),
        }
    }
}

impl PageReads {
    /// Returns whether all reads succeeded so far. If not, do not cache the page.
    #[must_use]
    pub fn is_current(&self) -> bool {
        self.is_current.load(Ordering::Relaxed)
    }

    /// Returns whether the last read of the store, by any request, succeeded. While it does not, stats that the
    /// application caches itself may be old.
    #[must_use]
    pub fn is_store_available(&self) -> bool {
        !self.horizon.0.breaker.is_open()
    }

    /// Returns the stats of these topics. See [`Horizon::stats_snapshots`].
    pub async fn stats_snapshots(&self, topics: &[Topic]) -> Vec<Option<StatsSnapshot>> {
        let snapshots = self.horizon.stats_until(topics, self.deadline).await;
        self.note(
            snapshots
                .iter()
                .all(|stats| stats.as_ref().is_some_and(|stats| stats.is_current)),
        );
        snapshots
    }

    /// Returns whether the caller likes the page, or `None` if that is unknown. The read takes 50 milliseconds at most
    /// if a cached value exists, otherwise 100. Rules that ask a database add to that: [`Identify`](crate::Identify),
    /// up to the deadline of these reads, and [`Pages`](crate::Pages), 50 milliseconds.
    pub async fn is_liked_by(&self, slug: &Slug, caller: &Caller) -> Option<bool> {
        let reader = match self.horizon.reader_until(caller, self.deadline).await {
            Ok(Some(reader)) => reader,
            Ok(None) => return Some(false),
            Err(error) => {
                let (cause, slug) = (error_chain(&error), slug.as_str());
                tracing::warn!(%error, cause, slug, "a page does not show whether it is liked");
                self.note(false);
                return None;
            }
        };
        let (inner, topic) = (&self.horizon.0, Topic::from(slug.clone()));
        let cached = inner.cache.like(&topic, reader);
        if !self.is_current() {
            return cached;
        }
        let wait = if cached.is_some() { CACHED_TIMEOUT } else { LIKE_TIMEOUT };
        let read = {
            let (cache, stats) = (Arc::clone(&inner.cache), Arc::clone(&inner.ports.stats));
            let (topic, exists) = (topic.clone(), self.horizon.exists(&topic, self.deadline).await);
            async move {
                let started = Instant::now();
                let liked = stats.is_liked_by(&topic, reader).await?;
                if exists {
                    cache.put_like(&topic, reader, liked, started);
                }
                Ok(liked)
            }
        };
        let wait = wait.min(remaining(self.deadline));
        let liked = inner
            .breaker
            .read_detached(Subject::Like(topic, reader), wait, read)
            .await;
        self.note(liked.is_ok());
        match liked {
            Ok(liked) => Some(liked),
            Err(error) => {
                tracing::debug!(%error, slug = slug.as_str(), "reading a like failed");
                cached
            }
        }
    }

    pub(crate) fn note(&self, succeeded: bool) {
        if !succeeded {
            self.is_current.store(false, Ordering::Relaxed);
        }
    }
}
