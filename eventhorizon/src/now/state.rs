use std::{sync::Arc, time::Duration};

use parking_lot::Mutex;
use tokio::time::Instant;

#[cfg(feature = "redis")]
use super::other_nodes::OtherNodesCache;
use super::{NowSnapshot, ViewerSources, recent_viewers::RecentViewers};

/// How long a snapshot is current: 900 milliseconds, so that a watch that reads once a second always gets a new one.
const SNAPSHOT_TTL: Duration = Duration::from_millis(900);

/// How long a snapshot may be used while a new one is read: 2 seconds.
const STALE_AFTER: Duration = Duration::from_secs(2);

/// What a process knows about this moment.
pub(crate) struct NowState {
    pub(crate) sources: Arc<ViewerSources>,
    #[cfg(feature = "redis")]
    pub(super) other_nodes: OtherNodesCache,
    /// Held while a snapshot is read, so that a second reader waits for it or uses the previous one.
    pub(super) reading: tokio::sync::Mutex<()>,
    recent: Mutex<RecentViewers>,
    latest: Mutex<Option<CachedSnapshot>>,
}

struct CachedSnapshot {
    snapshot: Arc<NowSnapshot>,
    read_at: Instant,
}

impl NowState {
    pub(crate) fn new() -> Self {
        Self {
            sources: ViewerSources::new(),
            #[cfg(feature = "redis")]
            other_nodes: OtherNodesCache::default(),
            reading: tokio::sync::Mutex::default(),
            recent: Mutex::new(RecentViewers::new(Instant::now())),
            latest: Mutex::default(),
        }
    }

    /// Adds a sample of the viewers of the site.
    pub(super) fn record(&self, viewers: u64) {
        self.recent.lock().record(viewers, Instant::now());
    }

    /// Returns the viewers of the last minutes, the oldest first. The last minute includes those of this moment, which
    /// may be newer than its last sample.
    pub(super) fn minutes(&self, viewers: Option<u64>) -> Vec<Option<u64>> {
        let mut minutes = self.recent.lock().minutes(Instant::now());
        if let Some(last) = minutes.last_mut() {
            *last = (*last).max(viewers);
        }
        minutes
    }

    /// Returns the last snapshot if it is not stale, and whether it is current.
    pub(super) fn latest(&self) -> Option<(Arc<NowSnapshot>, bool)> {
        let latest = self.latest.lock();
        let latest = latest.as_ref()?;
        let age = latest.read_at.elapsed();
        (age < STALE_AFTER).then(|| (Arc::clone(&latest.snapshot), age < SNAPSHOT_TTL))
    }

    /// Replaces the last snapshot. Returns it, or the previous one if they are equal.
    pub(super) fn publish(&self, snapshot: NowSnapshot) -> Arc<NowSnapshot> {
        let mut latest = self.latest.lock();
        let previous = latest.take().map(|cached| cached.snapshot);
        let unchanged = previous.filter(|previous| **previous == snapshot);
        let snapshot = unchanged.unwrap_or_else(|| Arc::new(snapshot));
        *latest = Some(CachedSnapshot {
            snapshot: Arc::clone(&snapshot),
            read_at: Instant::now(),
        });
        snapshot
    }
}
