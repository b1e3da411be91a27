//! Caches the numbers of pages and of the site, so that most responses need no read of the store.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use eventhorizon::{Horizon, PageReads};
use futures::{FutureExt, StreamExt, stream::BoxStream};
use horizon_core::{Ports, Slug, Stats, Topic, wire::PageStats};
use parking_lot::Mutex;
use tokio::task::unconstrained;

/// The time after which a topic is read from the store again: 2 seconds, as in the live path. Changes by this process
/// are visible at once; only changes by other processes can be this late.
const MAX_AGE: Duration = Duration::from_secs(2);

/// The maximum number of watched topics.
const MAX_TOPICS: usize = 4_096;

/// The numbers of a page and of the site at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PageSnapshot {
    /// The numbers of the page, if they are known.
    pub(crate) page: Option<PageStats>,
    /// The numbers of the site, if they are known.
    pub(crate) site: Option<PageStats>,
    /// Grows with each change of the comments.
    pub(crate) comments_revision: Option<u64>,
    /// Whether all of it is current, not last known.
    pub(crate) is_current: bool,
}

/// The numbers of watched topics, if this process is the accumulator.
///
/// The in-memory bus responds to a like after the totals with it are published, so readers find their own likes in the
/// cache. If other processes count the events, the store is read instead.
pub(crate) struct StatsCache {
    is_accumulator: bool,
    topics: Mutex<HashMap<Topic, WatchedStats>>,
}

impl StatsCache {
    pub(crate) fn new(is_accumulator: bool) -> Self {
        Self {
            is_accumulator,
            topics: Mutex::default(),
        }
    }

    /// Returns whether this process counts the events, so that a change is stored before the response to it.
    pub(crate) fn is_accumulator(&self) -> bool {
        self.is_accumulator
    }

    /// Returns the current or last known numbers. Uses the cache only while the store responds.
    pub(crate) async fn snapshot(&self, horizon: &Horizon, reads: &PageReads, slug: &Slug) -> PageSnapshot {
        let topics = [Topic::from(slug.clone()), Topic::Site];
        if self.is_accumulator
            && reads.is_store_available()
            && let Some(snapshot) = self.cached(horizon.ports(), &topics)
        {
            return snapshot;
        }
        let known = reads.stats_snapshots(&topics).await;
        let is_current = known
            .iter()
            .all(|known| known.as_ref().is_some_and(|known| known.is_current));
        let mut known = known.into_iter();
        let (page, site) = (known.next().flatten(), known.next().flatten());
        PageSnapshot {
            comments_revision: page.as_ref().map(|page| page.comments_revision),
            page: page.map(|page| page.stats),
            site: site.map(|site| site.stats),
            is_current,
        }
    }

    fn cached(&self, ports: &Ports, topics: &[Topic; 2]) -> Option<PageSnapshot> {
        let mut watched = self.topics.lock();
        if watched.len() >= MAX_TOPICS {
            watched.clear();
        }
        let [page, site] = topics.each_ref().map(|topic| {
            let stats = watched
                .entry(topic.clone())
                .or_insert_with(|| WatchedStats::new(topic, ports));
            if stats.since.elapsed() >= MAX_AGE {
                *stats = WatchedStats::new(topic, ports);
            }
            stats.latest()
        });
        let ((page, comments_revision), (site, _)) = (page?, site?);
        Some(PageSnapshot {
            page: Some(page),
            site: Some(site),
            comments_revision: Some(comments_revision),
            is_current: true,
        })
    }
}

/// The latest numbers of a watched topic.
struct WatchedStats {
    since: Instant,
    updates: BoxStream<'static, StatsUpdate>,
    viewers: Option<u64>,
    stats: Option<Stats>,
}

enum StatsUpdate {
    Viewers(u64),
    Totals(Stats),
}

impl WatchedStats {
    fn new(topic: &Topic, ports: &Ports) -> Self {
        let viewers = ports.presence.watch(topic.clone()).map(StatsUpdate::Viewers);
        let stats = ports.bus.watch(topic.clone()).map(StatsUpdate::Totals);
        Self {
            since: Instant::now(),
            updates: futures::stream::select(viewers, stats).boxed(),
            viewers: None,
            stats: None,
        }
    }

    /// Returns the numbers and the revision of the comments, or `None` before the first read.
    fn latest(&mut self) -> Option<(PageStats, u64)> {
        // Opts out of tokio's cooperative budget: with the budget exhausted the stream returns `Pending`, and the
        // numbers would be stale.
        while let Some(Some(update)) = unconstrained(self.updates.next()).now_or_never() {
            match update {
                StatsUpdate::Viewers(viewers) => self.viewers = Some(viewers),
                StatsUpdate::Totals(stats) => self.stats = Some(stats),
            }
        }
        let (viewers, stats) = (self.viewers?, self.stats.clone()?);
        let comments_revision = stats.comments_revision;
        Some((PageStats::new(viewers, stats), comments_revision))
    }
}
