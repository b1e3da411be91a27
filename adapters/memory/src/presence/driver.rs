use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::stream::{BoxStream, StreamExt, unfold};
use horizon_core::presence::{Effect, NodeId, Replica, Timing};
use horizon_core::{Error, PresenceGuard, Result, Topic, VisitorKey};
use tokio::sync::watch;

/// How often a sign of life is given where nobody else is there to hear it: once a day.
const SELDOM: Duration = Duration::from_secs(24 * 3600);

/// Where a driver gets the time from, and who looks at what its time has come for.
pub(crate) trait Time: Send + Sync + 'static {
    /// The time since a fixed moment.
    fn now(&self) -> Duration;

    /// There is something to look at earlier than [`Driver::look`] said last, or nothing ever again.
    fn wake(&self);
}

/// Who is here in this process: the presence of many nodes, with one node and nobody to talk to.
pub(crate) struct Driver<T: Time> {
    state: Mutex<State>,
    time: T,
}

struct State {
    replica: Replica,
    /// How many are on each topic that somebody is on or watches.
    counts: HashMap<Topic, watch::Sender<u64>>,
    /// When it will be looked at next.
    next_look: Option<Duration>,
}

impl<T: Time> Driver<T> {
    /// Presence where a visitor's leave counts after `grace`.
    pub(crate) fn new(grace: Duration, time: T) -> Arc<Self> {
        let mut timing = Timing::default();
        timing.grace = grace;
        timing.heartbeat_interval = SELDOM;
        timing.linger = Duration::ZERO;
        Arc::new(Self {
            state: Mutex::new(State {
                replica: Replica::new(NodeId::default(), 0, timing),
                counts: HashMap::new(),
                next_look: None,
            }),
            time,
        })
    }

    /// The visitor is here until the guard is dropped.
    pub(crate) fn track(self: &Arc<Self>, topic: Topic, visitor: VisitorKey) -> Result<PresenceGuard> {
        if !self.act(|replica, now| replica.join(&topic, visitor, now)) {
            return Err(Error::unavailable("no place for one more visitor"));
        }
        Ok(PresenceGuard::new(Guard {
            driver: Arc::clone(self),
            topic,
            visitor,
        }))
    }

    /// How many visitors are here: now, then each change.
    pub(crate) fn watch(self: &Arc<Self>, topic: Topic) -> BoxStream<'static, u64> {
        let watcher = Watcher::new(Arc::clone(self), topic);
        unfold(watcher, |mut watcher| async {
            let count = watcher.next().await?;
            Some((count, watcher))
        })
        .boxed()
    }

    /// Who is here, in the order of their keys.
    #[cfg(feature = "testing")]
    pub(crate) fn members(&self, topic: &Topic) -> Vec<VisitorKey> {
        self.state().replica.local_members(topic).collect()
    }

    /// Does what its time has come for. Answers when to look again.
    pub(crate) fn look(&self) -> Option<Duration> {
        self.act(Replica::tick);
        let mut state = self.state();
        state.next_look = state.replica.next_tick();
        state.next_look
    }

    /// The time that it goes by.
    pub(crate) fn time(&self) -> &T {
        &self.time
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells the replica something, and does what follows.
    fn act<A>(&self, what: impl FnOnce(&mut Replica, Duration) -> A) -> A {
        let mut state = self.state();
        let answer = what(&mut state.replica, self.time.now());
        for effect in state.replica.effects() {
            match effect {
                Effect::Subscribe(topic) => drop(state.counts.insert(topic, watch::Sender::new(0))),
                Effect::Unsubscribe(topic) => drop(state.counts.remove(&topic)),
                Effect::Publish(..) => {}
                Effect::Viewers(topic, viewers) => {
                    if let Some(count) = state.counts.get(&topic) {
                        count.send_replace(viewers);
                    }
                }
            }
        }
        let next = state.replica.next_tick();
        if next.is_some_and(|next| state.next_look.is_none_or(|look| next < look)) {
            self.time.wake();
        }
        answer
    }

    #[cfg(test)]
    pub(crate) fn topics(&self) -> usize {
        self.state().counts.len()
    }
}

impl<T: Time> Drop for Driver<T> {
    fn drop(&mut self) {
        self.time.wake();
    }
}

struct Guard<T: Time> {
    driver: Arc<Driver<T>>,
    topic: Topic,
    visitor: VisitorKey,
}

impl<T: Time> Drop for Guard<T> {
    fn drop(&mut self) {
        self.driver
            .act(|replica, now| replica.leave(&self.topic, self.visitor, now));
    }
}

struct Watcher<T: Time> {
    driver: Arc<Driver<T>>,
    topic: Topic,
    count: watch::Receiver<u64>,
    last: Option<u64>,
}

impl<T: Time> Watcher<T> {
    fn new(driver: Arc<Driver<T>>, topic: Topic) -> Self {
        driver.act(|replica, now| replica.watch(&topic, now));
        let mut count = {
            let mut state = driver.state();
            let count = state.counts.entry(topic.clone()).or_default();
            count.subscribe()
        };
        count.mark_changed();
        Self {
            driver,
            topic,
            count,
            last: None,
        }
    }

    async fn next(&mut self) -> Option<u64> {
        loop {
            self.count.changed().await.ok()?;
            let count = *self.count.borrow_and_update();
            if self.last.replace(count) != Some(count) {
                return Some(count);
            }
        }
    }
}

impl<T: Time> Drop for Watcher<T> {
    fn drop(&mut self) {
        self.driver.act(|replica, now| {
            replica.unwatch(&self.topic, now);
            // The topic may go at once, and there may be nobody to look at it.
            replica.tick(now);
        });
    }
}
