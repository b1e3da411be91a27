//! Reads what happens at this moment.

use std::{
    collections::HashMap,
    sync::{Arc, Weak},
    time::Duration,
};

use futures::{Stream, StreamExt, stream::unfold};
use horizon_core::Topic;
use tokio::time::{Interval, MissedTickBehavior, interval, timeout};

use super::{ActivePage, ActiveSource, NowSnapshot, OtherNodes};
use crate::{Horizon, horizon::SiteState};

/// The largest number of pages in a snapshot: 50.
pub(super) const MAX_PAGES: usize = 50;

/// The largest number of sources in a snapshot: 50.
pub(super) const MAX_SOURCES: usize = 50;

/// The shortest time between two snapshots of a watch: one second.
const WATCH_INTERVAL: Duration = Duration::from_secs(1);

/// The time limit for the number of the site's viewers: 100 milliseconds. The sampler keeps it ready.
const VIEWERS_TIMEOUT: Duration = Duration::from_millis(100);

impl Horizon {
    /// Returns what happens on the site at this moment, on all nodes that share a Redis.
    ///
    /// It is at most three seconds old, and cheap enough for every request: a process reads it once a second, however
    /// many callers there are. While Redis does not respond, it has what this process knows.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use eventhorizon::{Horizon, LiveOptions, Slug};
    /// let horizon = Horizon::in_memory().start(|_: &Slug| true).await?;
    /// let bread = horizon.page("bread").await?;
    /// let ada = horizon.caller([192, 0, 2, 1].into(), [("user-agent", "Mozilla/5.0 Firefox/130.0")]);
    /// let search = LiveOptions::page(&bread).referrer("https://www.google.com/");
    /// let _live = horizon.live(&ada, search).await?;
    /// let now = horizon.now().await;
    /// assert_eq!((now.viewers, now.pages[0].slug.as_str(), now.pages[0].viewers), (Some(1), "bread", 1));
    /// # #[cfg(feature = "context")]
    /// assert_eq!(&*now.sources[0].source, "google");
    /// # Ok(()) }
    /// ```
    pub async fn now(&self) -> NowSnapshot {
        Arc::unwrap_or_clone(self.latest_snapshot().await)
    }

    /// Watches what happens on the site: the current snapshot, then each change, at most one a second. An unchanged
    /// snapshot is not repeated. The stream does not keep the site open, and ends when it closes.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use eventhorizon::{Horizon, Slug};
    /// use futures::StreamExt;
    ///
    /// let horizon = Horizon::in_memory().start(|_: &Slug| true).await?;
    /// let mut snapshots = horizon.watch_now();
    /// assert_eq!(snapshots.next().await.unwrap().viewers, Some(0));
    /// horizon.close().await?;
    /// assert!(snapshots.next().await.is_none());
    /// # Ok(()) }
    /// ```
    pub fn watch_now(&self) -> impl Stream<Item = Arc<NowSnapshot>> + Send + Unpin + use<> {
        let mut ticks = interval(WATCH_INTERVAL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let closing = self.closing();
        let watch = SnapshotWatch {
            site: Arc::downgrade(&self.0),
            ticks,
            last: None,
        };
        let snapshots = unfold(watch, |mut watch| async { Some((watch.next().await?, watch)) });
        snapshots.take_until(closing.cancelled_owned()).boxed()
    }

    /// Returns the pages with the most viewers at this moment on all nodes, the highest first, then by slug: at most
    /// `limit`, and at most 50. A "popular now" list calls it for every request; see [`now`](Self::now).
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use eventhorizon::{Horizon, LiveOptions, Slug};
    /// let horizon = Horizon::in_memory().start(|_: &Slug| true).await?;
    /// let bread = horizon.page("bread").await?;
    /// let ada = horizon.caller([192, 0, 2, 1].into(), [("user-agent", "Mozilla/5.0 Firefox/130.0")]);
    /// let _live = horizon.live(&ada, LiveOptions::page(&bread)).await?;
    /// for page in horizon.active_pages(5).await {
    ///     println!("{}: {} reading now", page.slug, page.viewers);
    /// }
    /// # assert_eq!(horizon.active_pages(5).await.len(), 1);
    /// # Ok(()) }
    /// ```
    pub async fn active_pages(&self, limit: usize) -> Vec<ActivePage> {
        let snapshot = self.latest_snapshot().await;
        snapshot.pages.iter().take(limit).cloned().collect()
    }

    /// Returns a current snapshot, or the previous one while another caller reads.
    async fn latest_snapshot(&self) -> Arc<NowSnapshot> {
        let state = &self.0.now;
        let previous = match state.latest() {
            Some((snapshot, true)) => return snapshot,
            latest => latest.map(|(snapshot, _)| snapshot),
        };
        let reading = match (state.reading.try_lock(), previous) {
            (Ok(reading), _) => reading,
            (Err(_), Some(previous)) => return previous,
            (Err(_), None) => state.reading.lock().await,
        };
        if let Some((snapshot, true)) = state.latest() {
            return snapshot;
        }
        let snapshot = state.publish(self.read_now().await);
        drop(reading);
        snapshot
    }

    async fn read_now(&self) -> NowSnapshot {
        let (viewers, others) = tokio::join!(self.site_viewers(), self.other_nodes());
        let OtherNodes {
            mut pages,
            mut sources,
            active,
            silent,
        } = others;
        // No record of another node can show more viewers than presence counts on the site.
        let most = viewers.unwrap_or(u64::MAX);
        pages.values_mut().for_each(|viewers| *viewers = most.min(*viewers));
        let most = most.saturating_mul(u64::try_from(active).unwrap_or(u64::MAX));
        sources.values_mut().for_each(|viewers| *viewers = most.min(*viewers));
        // The own number is newer than what other nodes said about the page up to two seconds ago.
        pages.extend(self.0.hub.busiest_pages(MAX_PAGES));
        for (source, viewers) in self.0.now.sources.viewers() {
            let sum = sources.entry(source).or_default();
            *sum = viewers.saturating_add(*sum);
        }
        let pages = highest(pages, MAX_PAGES).into_iter();
        let sources = highest(sources, MAX_SOURCES).into_iter();
        NowSnapshot {
            viewers,
            pages: pages.map(|(slug, viewers)| ActivePage { slug, viewers }).collect(),
            sources: sources
                .map(|(source, viewers)| ActiveSource { source, viewers })
                .collect(),
            minutes: self.0.now.minutes(viewers),
            nodes: active + 1,
            silent_nodes: silent,
        }
    }

    async fn site_viewers(&self) -> Option<u64> {
        let mut counts = self.0.ports.presence.watch(Topic::Site);
        timeout(VIEWERS_TIMEOUT, counts.next()).await.ok().flatten()
    }
}

/// The state of a stream of [`Horizon::watch_now`].
struct SnapshotWatch {
    site: Weak<SiteState>,
    ticks: Interval,
    last: Option<Arc<NowSnapshot>>,
}

impl SnapshotWatch {
    async fn next(&mut self) -> Option<Arc<NowSnapshot>> {
        loop {
            self.ticks.tick().await;
            let site = Horizon(self.site.upgrade()?);
            let snapshot = site.latest_snapshot().await;
            if self.last.as_ref().is_none_or(|last| !Arc::ptr_eq(last, &snapshot)) {
                self.last = Some(Arc::clone(&snapshot));
                return Some(snapshot);
            }
        }
    }
}

/// Returns the entries with the most viewers, the highest first, then by key, without those that have none.
pub(super) fn highest<K: Ord>(viewers: HashMap<K, u64>, limit: usize) -> Vec<(K, u64)> {
    let mut entries: Vec<_> = viewers.into_iter().filter(|(_, viewers)| *viewers > 0).collect();
    entries.sort_unstable_by(|(a, most), (b, least)| least.cmp(most).then_with(|| a.cmp(b)));
    entries.truncate(limit);
    entries
}
