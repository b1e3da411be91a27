use std::{cmp::Reverse, collections::HashMap, fmt, sync::Arc, time::Duration};

use horizon_backend::Health;
use horizon_core::{Ports, ReaderId, Slug, Stats, Topic};
use parking_lot::Mutex;
use tokio::runtime::Handle;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    Frame, LatestReceiver, ObservedPages, ReaderMessages,
    frame::Message,
    latest::latest_channel,
    latest_totals::LatestTotals,
    observed_page::{self, Ticks},
    page,
    reader_page::{self, ReaderPage},
};
use crate::{StatsSnapshot, metrics::Metrics, read_cache::ReadCache};

/// The watched pages: one task for each topic with a live stream, and one for each page that streams observe.
///
/// Only existing pages are watched, so connections and pages bound the maps.
#[derive(Clone)]
pub(crate) struct Hub(Arc<HubState>);

struct HubState {
    parts: HubParts,
    runtime: Handle,
    pages: Mutex<HashMap<Topic, WatchedTopic>>,
    observed: Mutex<HashMap<Slug, ObservedTopic>>,
    /// The pages with streams of named readers.
    readers: Mutex<HashMap<Topic, ReaderTopic>>,
    ticks: Ticks,
}

/// What a hub needs.
pub(crate) struct HubParts {
    pub(crate) ports: Ports,
    /// Whether this process has an accumulator: an event that the bus took is then already counted and published.
    pub(crate) is_accumulator: bool,
    pub(crate) cache: Arc<ReadCache>,
    pub(crate) metrics: Arc<Metrics>,
    /// Ends the tasks.
    pub(crate) closing: CancellationToken,
    pub(crate) tasks: TaskTracker,
    pub(crate) health: Health,
    /// The longest silence of a watched page.
    pub(crate) max_silence: Duration,
}

struct WatchedTopic {
    leases: usize,
    frames: LatestReceiver<Frame>,
    /// `None` unless this process has an accumulator.
    totals: Option<LatestTotals>,
    stop: CancellationToken,
}

struct ReaderTopic {
    page: Arc<ReaderPage>,
    stop: CancellationToken,
    _lease: TopicLease,
}

struct ObservedTopic {
    leases: usize,
    messages: LatestReceiver<Message>,
    stop: CancellationToken,
}

impl Hub {
    /// Creates a hub whose tasks run on the current runtime. (In frameworks with a runtime for each worker, the first
    /// viewer of a page may connect on another one.)
    pub(crate) fn new(parts: HubParts) -> Self {
        Self(Arc::new(HubState {
            parts,
            runtime: Handle::current(),
            pages: Mutex::default(),
            observed: Mutex::default(),
            readers: Mutex::default(),
            ticks: Ticks::new(),
        }))
    }

    /// Watches a topic. The first lease starts its task. Returns `None` once the hub is closing.
    pub(crate) fn join(&self, topic: &Topic) -> Option<(TopicLease, LatestReceiver<Frame>)> {
        if self.0.parts.closing.is_cancelled() {
            return None;
        }
        let mut pages = self.0.pages.lock();
        let page = pages.entry(topic.clone()).or_insert_with(|| self.open(topic));
        page.leases += 1;
        let frames = page.frames.clone();
        let lease = TopicLease {
            hub: self.clone(),
            topic: topic.clone(),
        };
        Some((lease, frames))
    }

    /// Observes pages: watches their stats only. The first observer of a page starts its task.
    pub(crate) fn observe(&self, slugs: Box<[Slug]>) -> ObservedPages {
        let mut observed = self.0.observed.lock();
        let receiver = |slug: &Slug| {
            let topic = observed.entry(slug.clone()).or_insert_with(|| self.open_observed(slug));
            topic.leases += 1;
            topic.messages.clone()
        };
        let messages = slugs.iter().map(receiver).collect();
        ObservedPages::new(self.clone(), slugs, messages)
    }

    /// Ends an observation of pages.
    pub(super) fn stop_observing(&self, slugs: &[Slug]) {
        let mut observed = self.0.observed.lock();
        for slug in slugs {
            let Some(topic) = observed.get_mut(slug) else { continue };
            topic.leases -= 1;
            if topic.leases == 0 {
                self.stop(&topic.stop);
                observed.remove(slug);
            }
        }
    }

    /// Watches whether a named reader likes a page. The first reader of a page starts its task. Returns `None` once the
    /// hub is closing.
    pub(crate) fn watch_reader(&self, topic: &Topic, reader: ReaderId) -> Option<ReaderMessages> {
        let joined = self.join(topic)?;
        let mut readers = self.0.readers.lock();
        let watched = readers
            .entry(topic.clone())
            .or_insert_with(|| self.open_readers(topic, joined));
        let messages = watched.page.join(reader);
        drop(readers);
        Some(ReaderMessages::new(self.clone(), topic.clone(), reader, messages))
    }

    /// Ends the watch of a stream.
    pub(super) fn stop_watching_reader(&self, topic: &Topic, reader: ReaderId) {
        let mut readers = self.0.readers.lock();
        let Some(watched) = readers.get(topic) else { return };
        if watched.page.leave(reader) {
            watched.stop.cancel();
            let watched = readers.remove(topic);
            drop(readers);
            drop(watched);
        }
    }

    /// Tells the streams of a named reader that this process recorded their like or its removal.
    pub(crate) fn note_like(&self, topic: &Topic, reader: ReaderId, liked: bool) {
        let page = self
            .0
            .readers
            .lock()
            .get(topic)
            .map(|watched| Arc::clone(&watched.page));
        if let Some(page) = page {
            page.note_like(reader, liked);
        }
    }

    pub(crate) fn is_closing(&self) -> bool {
        self.0.parts.closing.is_cancelled()
    }

    /// Returns the stats in the last frame of a watched page, if they are current and include this process's writes.
    pub(crate) fn published_stats(&self, topic: &Topic) -> Option<StatsSnapshot> {
        let frame = self.0.pages.lock().get(topic)?.frames.get();
        if self.0.parts.cache.may_lack_write(topic) {
            return None;
        }
        let stats = frame.stats.clone().filter(|_| frame.is_current)?;
        Some(StatsSnapshot {
            stats,
            comments_revision: frame.comments_revision,
            is_current: true,
        })
    }

    /// Returns the open pages of this process with the most viewers, each with its viewers on all nodes, in any order.
    /// A page whose stats are not known has its open streams instead.
    pub(crate) fn busiest_pages(&self, limit: usize) -> Vec<(Slug, u64)> {
        let pages = self.0.pages.lock();
        let viewers = |(topic, page): (&Topic, &WatchedTopic)| {
            let stats = page.frames.get().stats.as_ref().map(|stats| stats.viewers);
            let viewers = stats.unwrap_or_else(|| u64::try_from(page.leases).unwrap_or(u64::MAX));
            (viewers > 0).then_some((Reverse(viewers), topic.slug()?.clone()))
        };
        let mut pages: Vec<_> = pages.iter().filter_map(viewers).collect();
        if pages.len() > limit {
            pages.select_nth_unstable(limit);
            pages.truncate(limit);
        }
        pages
            .into_iter()
            .map(|(Reverse(viewers), slug)| (slug, viewers))
            .collect()
    }

    /// Returns the totals of a watched page with every event that the bus took, if no read of the store is needed.
    pub(crate) fn counted_totals(&self, topic: &Topic) -> Option<Stats> {
        self.0.pages.lock().get_mut(topic)?.totals.as_mut()?.get()
    }

    /// Returns whether an event that the bus took is already counted.
    pub(crate) fn is_accumulator(&self) -> bool {
        self.0.parts.is_accumulator
    }

    fn open(&self, topic: &Topic) -> WatchedTopic {
        let parts = &self.0.parts;
        let (sender, frames) = latest_channel(Frame::default());
        let page = page::run(
            topic.clone(),
            self.clone(),
            parts.ports.clone(),
            Arc::clone(&parts.cache),
            Arc::clone(&parts.metrics),
            parts.max_silence,
            sender,
        );
        let watch = || LatestTotals::new(parts.ports.bus.watch(topic.clone()));
        let totals = parts.is_accumulator.then(watch);
        WatchedTopic {
            leases: 0,
            frames,
            totals,
            stop: self.spawn("live page", page),
        }
    }

    fn open_observed(&self, slug: &Slug) -> ObservedTopic {
        let parts = &self.0.parts;
        let (sender, messages) = latest_channel(Message::default());
        let page = observed_page::run(
            slug.clone(),
            parts.ports.clone(),
            Arc::clone(&parts.cache),
            Arc::clone(&parts.metrics),
            self.0.ticks,
            sender,
        );
        ObservedTopic {
            leases: 0,
            messages,
            stop: self.spawn("observed page", page),
        }
    }

    fn open_readers(&self, topic: &Topic, (lease, frames): (TopicLease, LatestReceiver<Frame>)) -> ReaderTopic {
        let page = Arc::new(ReaderPage::new());
        let stats = Arc::clone(&self.0.parts.ports.stats);
        let readers = reader_page::run(topic.clone(), Arc::clone(&page), stats, frames);
        ReaderTopic {
            page,
            stop: self.spawn_task("named readers", readers),
            _lease: lease,
        }
    }

    /// Starts the task of a page. Returns the token that stops it.
    fn spawn(&self, name: &'static str, page: impl Future<Output = ()> + Send + 'static) -> CancellationToken {
        self.0.parts.metrics.live_pages.inc();
        self.spawn_task(name, page)
    }

    fn spawn_task(&self, name: &'static str, task: impl Future<Output = ()> + Send + 'static) -> CancellationToken {
        let parts = &self.0.parts;
        let stop = parts.closing.child_token();
        let stopped = stop.clone();
        let task = async move { stopped.run_until_cancelled(task).await };
        parts
            .tasks
            .spawn_on(parts.health.supervise(name, task), &self.0.runtime);
        stop
    }

    /// Stops the task of a page.
    fn stop(&self, stop: &CancellationToken) {
        stop.cancel();
        self.0.parts.metrics.live_pages.dec();
    }

    fn leave(&self, topic: &Topic) {
        let mut pages = self.0.pages.lock();
        let Some(page) = pages.get_mut(topic) else { return };
        page.leases -= 1;
        if page.leases == 0 {
            self.stop(&page.stop);
            pages.remove(topic);
        }
    }
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
