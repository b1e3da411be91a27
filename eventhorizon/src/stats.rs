//! The stats and the newest threads of a page: current if the backends respond soon, otherwise cached.

use std::{sync::Arc, time::Duration};

use futures::{FutureExt, future::join_all};
use horizon_core::{Error, PresenceExt, Result, Stats, Topic, error_chain, wire};
use tokio::time::{Instant, timeout, timeout_at};

use crate::{
    Horizon,
    breaker::{CACHED_TIMEOUT, READ_TIMEOUT, Subject, remaining},
    rules::rule_deadline,
};

/// The time limit for the stats of a page: 600 milliseconds. Presence over Redis waits 500 for silent nodes.
const PAGE_TIMEOUT: Duration = Duration::from_millis(600);

/// The time limit for stats that must be current: one second.
const CURRENT_TIMEOUT: Duration = Duration::from_secs(1);

/// The stats of a topic.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StatsSnapshot {
    /// The stats.
    pub stats: wire::PageStats,
    /// A number that grows whenever a comment of the page appears or disappears.
    pub comments_revision: u64,
    /// Whether the store responded. If not, these are cached stats: show them, but do not cache the page.
    pub is_current: bool,
}

/// How fresh the result has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Freshness {
    /// A cached value is good enough.
    Cached,
    /// Only the current values of the backends are good enough.
    Current,
}

impl Freshness {
    /// Returns the deadline of a look-up that starts now.
    fn deadline(self) -> Instant {
        let wait = match self {
            Self::Cached => PAGE_TIMEOUT,
            Self::Current => CURRENT_TIMEOUT,
        };
        Instant::now() + wait
    }
}

impl Horizon {
    /// Returns the stats of these topics, in their order. A like or comment that this process accepted is included as
    /// soon as the store has counted it. A page that the site does not have has zeros. Likes and comments belong to
    /// pages, so those of [`Topic::Site`] are zero.
    ///
    /// It takes one second at most. Where the store or presence does not respond within 50 milliseconds, it returns
    /// cached stats; [`stats_snapshots`](Self::stats_snapshots) tells which those are.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use eventhorizon::{Horizon, LiveOptions, Slug, Topic};
    /// let horizon = Horizon::in_memory().start(|_: &Slug| true).await?;
    /// let bread = horizon.page("bread").await?;
    /// let ada = horizon.caller([192, 0, 2, 1].into(), [("user-agent", "Mozilla/5.0 Firefox/130.0")]);
    /// horizon.like(&bread, &ada).await?;
    /// let _live = horizon.live(&ada, LiveOptions::page(&bread)).await?;
    /// let stats = horizon.stats(&[bread.into(), Topic::Site]).await?;
    /// assert_eq!((stats[0].viewers, stats[0].likes), (1, 1));
    /// assert_eq!((stats[1].viewers, stats[1].likes), (1, 0));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// Those of the store, if some of the stats are not cached.
    pub async fn stats(&self, topics: &[Topic]) -> Result<Vec<wire::PageStats>> {
        let freshness = Freshness::Cached;
        let (snapshots, error) = self.look_up(topics, freshness, freshness.deadline()).await;
        let stats: Option<Vec<_>> = snapshots.into_iter().map(|snapshot| Some(snapshot?.stats)).collect();
        stats.ok_or_else(|| error.unwrap_or_else(unknown))
    }

    /// Returns the stats of these topics, each with whether it is current, and `None` for unknown stats. Show such a
    /// page without stats: a zero would be wrong.
    ///
    /// A page that needs more than its stats reads everything through [`page_reads`](Self::page_reads).
    pub async fn stats_snapshots(&self, topics: &[Topic]) -> Vec<Option<StatsSnapshot>> {
        self.page_reads().stats_snapshots(topics).await
    }

    /// Returns the stats of a topic as the backends have them now.
    pub(crate) async fn current_stats(&self, topic: Topic) -> Result<wire::PageStats> {
        let freshness = Freshness::Current;
        let (snapshots, error) = self.look_up(&[topic], freshness, freshness.deadline()).await;
        match snapshots.into_iter().next().flatten() {
            Some(snapshot) if snapshot.is_current => Ok(snapshot.stats),
            _ => Err(error.unwrap_or_else(unknown)),
        }
    }

    pub(crate) async fn stats_until(&self, topics: &[Topic], deadline: Instant) -> Vec<Option<StatsSnapshot>> {
        let deadline = deadline.min(Freshness::Cached.deadline());
        self.look_up(topics, Freshness::Cached, deadline).await.0
    }

    /// Returns the stats, and why some of them are not current.
    async fn look_up(
        &self,
        topics: &[Topic],
        freshness: Freshness,
        deadline: Instant,
    ) -> (Vec<Option<StatsSnapshot>>, Option<Error>) {
        let published: Vec<_> = topics.iter().map(|topic| self.0.hub.published_stats(topic)).collect();
        // Only a read closes an open breaker.
        if published.iter().all(Option::is_some) && !self.0.breaker.is_open() {
            return (published, None);
        }
        let (totals, error): (Vec<Option<Stats>>, _) = match self.read_totals(topics, freshness, deadline).await {
            Ok(totals) => (totals.into_iter().map(Some).collect(), None),
            Err(error) => (
                topics.iter().map(|topic| self.0.cache.stats(topic)).collect(),
                Some(error),
            ),
        };
        let is_current = error.is_none();
        let snapshots = topics.iter().zip(published).zip(totals);
        let snapshots = snapshots.map(async |((topic, published), stats)| match published {
            Some(published) => Some(StatsSnapshot {
                is_current,
                ..published
            }),
            None => {
                let (stats, deadline) = (stats?, is_current.then_some(deadline));
                let viewers = self.viewers(topic, freshness, deadline).await?;
                Some(StatsSnapshot {
                    comments_revision: stats.comments_revision,
                    stats: wire::PageStats::new(viewers, stats),
                    is_current,
                })
            }
        });
        (join_all(snapshots).await, error)
    }

    /// Reads the totals of the topics, and caches those that exist.
    async fn read_totals(&self, topics: &[Topic], freshness: Freshness, deadline: Instant) -> Result<Vec<Stats>> {
        let inner = &self.0;
        let is_cached = |topic| inner.cache.stats(topic).is_some() && !inner.cache.may_lack_write(topic);
        let wait = if topics.iter().all(is_cached) {
            CACHED_TIMEOUT
        } else {
            READ_TIMEOUT
        };
        let wait = wait.min(remaining(deadline));
        let existing = join_all(topics.iter().map(|topic| self.exists(topic, deadline))).await;
        let read = {
            let (cache, store) = (Arc::clone(&inner.cache), Arc::clone(&inner.ports.stats));
            let topics = topics.to_vec();
            async move {
                let started = Instant::now();
                let updates = store.totals(&topics).await?;
                for ((topic, update), exists) in topics.iter().zip(&updates).zip(existing) {
                    if exists {
                        cache.put_stats(topic, update.stats.clone(), started);
                    }
                }
                Ok(updates.into_iter().map(|update| update.stats).collect())
            }
        };
        match freshness {
            Freshness::Cached => {
                let subject = Subject::Totals(topics.to_vec());
                inner.breaker.read_detached(subject, wait, read).await
            }
            Freshness::Current => inner.breaker.read(read).await,
        }
    }

    /// Returns the number of viewers from presence, or the cached one. Without a deadline it does not wait.
    async fn viewers(&self, topic: &Topic, freshness: Freshness, deadline: Option<Instant>) -> Option<u64> {
        let cached = self.0.cache.viewers(topic);
        let viewers = self.0.ports.presence.viewers(topic.clone());
        let viewers = match (deadline, cached, freshness) {
            (None, ..) => viewers.now_or_never(),
            (Some(_), Some(_), Freshness::Cached) => timeout(CACHED_TIMEOUT, viewers).await.ok(),
            (Some(deadline), ..) => timeout_at(deadline, viewers).await.ok(),
        };
        if let Some(viewers) = viewers
            && self.exists_now(topic) == Some(true)
        {
            self.0.cache.put_viewers(topic, viewers);
        }
        viewers.or(cached)
    }

    /// Returns whether the topic may be cached. Names that strangers can make up must not be. If that is not known
    /// within [`CACHED_TIMEOUT`] and before `deadline`, it returns `false`, and the question continues in the
    /// background for the next request.
    pub(crate) async fn exists(&self, topic: &Topic, deadline: Instant) -> bool {
        if let Some(exists) = self.exists_now(topic) {
            return exists;
        }
        let Some(slug) = topic.slug() else { return true };
        let deadline = deadline.min(Instant::now() + CACHED_TIMEOUT);
        let (rules, asked) = (Arc::clone(&self.0.rules), slug.clone());
        let mut question = Box::pin(async move { rules.page_exists(&asked, rule_deadline()).await });
        let Ok(exists) = timeout_at(deadline, &mut question).await else {
            self.0.page_questions.finish_in_background(slug.clone(), async {
                // The answer is cached, and the next request logs an error.
                let _ = question.await;
            });
            return false;
        };
        exists.unwrap_or_else(|error| {
            tracing::debug!(%error, cause = error_chain(&error), slug = slug.as_str(), "stats are not cached");
            false
        })
    }

    /// Returns whether the topic exists, or `None` if that is not known without waiting.
    fn exists_now(&self, topic: &Topic) -> Option<bool> {
        match topic.slug() {
            Some(slug) => self.0.rules.page_exists_now(slug),
            None => Some(true),
        }
    }
}

fn unknown() -> Error {
    Error::unavailable("the stats are unknown, because presence does not respond")
}
