use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use horizon_backend::Health;
use horizon_core::{Ports, Stats, Topic};
use tokio::runtime::Handle;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{Frame, LatestReceiver, heard::Heard, latest::latest_channel, page};
use crate::{StatsSnapshot, metrics::Metrics, read_cache::ReadCache};

/// Every watched page: a task for each, as long as somebody sits there.
///
/// A page costs memory only while it is watched, and only pages that exist are ever asked for, so
/// the map is bounded by the connections and by the pages.
#[derive(Clone)]
pub(crate) struct Hub(Arc<Inner>);

struct Inner {
    ports: Ports,
    /// Whether what the pipe took is counted and published by then.
    counts_here: bool,
    cache: Arc<ReadCache>,
    metrics: Arc<Metrics>,
    closing: CancellationToken,
    tasks: TaskTracker,
    health: Health,
    runtime: Handle,
    rooms: Mutex<HashMap<Topic, Room>>,
}

struct Room {
    seats: usize,
    frames: LatestReceiver<Frame>,
    heard: Option<Heard>,
    empty: CancellationToken,
}

impl Hub {
    /// A hub whose pages end on `closing` and run among `tasks`, on the runtime that this is called in: the first
    /// reader of a page may come in on another one, a worker's of a framework that has many. `counts_here`: the pipe
    /// takes a word when it is counted and published. `cache` holds what a page says until its sources answer.
    pub(crate) fn new(
        ports: Ports,
        counts_here: bool,
        cache: Arc<ReadCache>,
        metrics: Arc<Metrics>,
        closing: CancellationToken,
        tasks: TaskTracker,
        health: Health,
    ) -> Self {
        Self(Arc::new(Inner {
            ports,
            counts_here,
            cache,
            metrics,
            closing,
            tasks,
            health,
            runtime: Handle::current(),
            rooms: Mutex::default(),
        }))
    }

    /// Sits down at a page, whose task starts with its first seat. Nothing once the hub is closing.
    pub(crate) fn join(&self, topic: &Topic) -> Option<(Seat, LatestReceiver<Frame>)> {
        if self.0.closing.is_cancelled() {
            return None;
        }
        let mut rooms = self.rooms();
        let room = rooms.entry(topic.clone()).or_insert_with(|| self.open(topic));
        room.seats += 1;
        let frames = room.frames.clone();
        self.0.metrics.live_pages.set(count(rooms.len()));
        Some((
            Seat {
                hub: self.clone(),
                topic: topic.clone(),
            },
            frames,
        ))
    }

    /// Whether nobody can sit down any more.
    pub(crate) fn is_closing(&self) -> bool {
        self.0.closing.is_cancelled()
    }

    /// The page's numbers, if it is watched and its sources have said them, unless a reader who just wrote could miss
    /// their own word in them.
    pub(crate) fn published_stats(&self, topic: &Topic) -> Option<StatsSnapshot> {
        let frame = self.rooms().get(topic)?.frames.get();
        if self.0.cache.may_lack_write(topic) {
            return None;
        }
        let stats = frame.numbers.filter(|_| frame.is_current)?;
        Some(StatsSnapshot {
            stats,
            comments_revision: frame.comments_revision,
            is_current: true,
        })
    }

    /// The totals of a watched page with every word in them that the pipe took, where they can be had without the
    /// store.
    pub(crate) fn counted(&self, topic: &Topic) -> Option<Stats> {
        self.rooms().get_mut(topic)?.heard.as_mut()?.latest()
    }

    fn open(&self, topic: &Topic) -> Room {
        let (sender, frames) = latest_channel(Frame::default());
        let empty = self.0.closing.child_token();
        let page = page::run(
            topic.clone(),
            self.clone(),
            self.0.ports.clone(),
            Arc::clone(&self.0.cache),
            Arc::clone(&self.0.metrics),
            sender,
        );
        let counts_here = self.0.counts_here;
        let heard = counts_here.then(|| Heard::new(self.0.ports.analytics.watch(topic.clone())));
        let stop = empty.clone();
        let page = async move { stop.run_until_cancelled(page).await };
        let page = self.0.health.supervise("live page", page);
        self.0.tasks.spawn_on(page, &self.0.runtime);
        Room {
            seats: 0,
            frames,
            heard,
            empty,
        }
    }

    fn leave(&self, topic: &Topic) {
        let mut rooms = self.rooms();
        let Some(room) = rooms.get_mut(topic) else { return };
        room.seats -= 1;
        if room.seats == 0 {
            room.empty.cancel();
            rooms.remove(topic);
        }
        self.0.metrics.live_pages.set(count(rooms.len()));
    }

    fn rooms(&self) -> MutexGuard<'_, HashMap<Topic, Room>> {
        self.0.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn count(rooms: usize) -> i64 {
    i64::try_from(rooms).unwrap_or(i64::MAX)
}

/// Keeps a page's task alive. The last one to be dropped ends it.
pub(crate) struct Seat {
    hub: Hub,
    topic: Topic,
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.hub.leave(&self.topic);
    }
}

impl fmt::Debug for Seat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Seat({})", self.topic)
    }
}
