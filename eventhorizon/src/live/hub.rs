use std::{collections::HashMap, fmt, sync::Arc};

use horizon_backend::Health;
use horizon_core::{Ports, Stats, Topic};
use parking_lot::Mutex;
use tokio::runtime::Handle;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{Frame, LatestReceiver, latest::latest_channel, latest_totals::LatestTotals, page};
use crate::{StatsSnapshot, metrics::Metrics, read_cache::ReadCache};

/// The watched pages: one task for each topic with a live stream.
///
/// Only existing pages are watched, so connections and pages bound the map.
#[derive(Clone)]
pub(crate) struct Hub(Arc<HubState>);

struct HubState {
    ports: Ports,
    is_accumulator: bool,
    cache: Arc<ReadCache>,
    metrics: Arc<Metrics>,
    closing: CancellationToken,
    tasks: TaskTracker,
    health: Health,
    runtime: Handle,
    pages: Mutex<HashMap<Topic, WatchedTopic>>,
}

struct WatchedTopic {
    leases: usize,
    frames: LatestReceiver<Frame>,
    /// `None` unless this process has an accumulator.
    totals: Option<LatestTotals>,
    stop: CancellationToken,
}

impl Hub {
    /// Creates a hub whose tasks belong to `tasks`, run on the current runtime and end on `closing`. (The first viewer
    /// of a page may come in on another runtime, in frameworks with one for each worker.) With an accumulator in this
    /// process (`is_accumulator`), an event that the bus took is already counted and published.
    pub(crate) fn new(
        ports: Ports,
        is_accumulator: bool,
        cache: Arc<ReadCache>,
        metrics: Arc<Metrics>,
        closing: CancellationToken,
        tasks: TaskTracker,
        health: Health,
    ) -> Self {
        Self(Arc::new(HubState {
            ports,
            is_accumulator,
            cache,
            metrics,
            closing,
            tasks,
            health,
            runtime: Handle::current(),
            pages: Mutex::default(),
        }))
    }

    /// Watches a topic. The first lease starts its task. Returns `None` once the hub is closing.
    pub(crate) fn join(&self, topic: &Topic) -> Option<(TopicLease, LatestReceiver<Frame>)> {
        if self.0.closing.is_cancelled() {
            return None;
        }
        let mut pages = self.0.pages.lock();
        let page = pages.entry(topic.clone()).or_insert_with(|| self.open(topic));
        page.leases += 1;
        let frames = page.frames.clone();
        self.0.metrics.live_pages.set(gauge(pages.len()));
        let lease = TopicLease {
            hub: self.clone(),
            topic: topic.clone(),
        };
        Some((lease, frames))
    }

    pub(crate) fn is_closing(&self) -> bool {
        self.0.closing.is_cancelled()
    }

    /// Returns the stats in the last frame of a watched page, if they are current and include this process's writes.
    pub(crate) fn published_stats(&self, topic: &Topic) -> Option<StatsSnapshot> {
        let frame = self.0.pages.lock().get(topic)?.frames.get();
        if self.0.cache.may_lack_write(topic) {
            return None;
        }
        let stats = frame.stats.filter(|_| frame.is_current)?;
        Some(StatsSnapshot {
            stats,
            comments_revision: frame.comments_revision,
            is_current: true,
        })
    }

    /// Returns the totals of a watched page with every event that the bus took, if no read of the store is needed.
    pub(crate) fn counted_totals(&self, topic: &Topic) -> Option<Stats> {
        self.0.pages.lock().get_mut(topic)?.totals.as_mut()?.get()
    }

    fn open(&self, topic: &Topic) -> WatchedTopic {
        let inner = &self.0;
        let (sender, frames) = latest_channel(Frame::default());
        let stop = inner.closing.child_token();
        let page = page::run(
            topic.clone(),
            self.clone(),
            inner.ports.clone(),
            Arc::clone(&inner.cache),
            Arc::clone(&inner.metrics),
            sender,
        );
        let watch = || LatestTotals::new(inner.ports.bus.watch(topic.clone()));
        let totals = inner.is_accumulator.then(watch);
        let stopped = stop.clone();
        let page = async move { stopped.run_until_cancelled(page).await };
        let page = inner.health.supervise("live page", page);
        inner.tasks.spawn_on(page, &inner.runtime);
        WatchedTopic {
            leases: 0,
            frames,
            totals,
            stop,
        }
    }

    fn leave(&self, topic: &Topic) {
        let mut pages = self.0.pages.lock();
        let Some(page) = pages.get_mut(topic) else { return };
        page.leases -= 1;
        if page.leases == 0 {
            page.stop.cancel();
            pages.remove(topic);
        }
        self.0.metrics.live_pages.set(gauge(pages.len()));
    }
}

fn gauge(pages: usize) -> i64 {
    i64::try_from(pages).unwrap_or(i64::MAX)
}

/// Keeps a page's task running. Dropping the last one ends it.
pub(crate) struct TopicLease {
    hub: Hub,
    topic: Topic,
}

impl Drop for TopicLease {
    fn drop(&mut self) {
        self.hub.leave(&self.topic);
    }
}

impl fmt::Debug for TopicLease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TopicLease({})", self.topic)
    }
}
