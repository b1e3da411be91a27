use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use async_trait::async_trait;
use futures::stream::{BoxStream, StreamExt, unfold};
use horizon_core::presence::{Effect, NodeId, Replica, Timing};
use horizon_core::{Error, Presence, PresenceGuard, Result, Topic, VisitorKey};
use tokio::{
    sync::{Notify, watch},
    task::JoinHandle,
    time::{Instant, sleep_until},
};

/// How long a visitor stays counted after their last guard is dropped.
const DEFAULT_GRACE: Duration = Duration::from_secs(3);

/// How often a sign of life is given where nobody else is there to hear it: once a day.
const SELDOM: Duration = Duration::from_secs(24 * 3600);

/// Who is here in this process: the presence of many nodes, with one node and nobody to talk to.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use horizon_core::{Presence, PresenceExt, Topic, VisitorKey};
/// use horizon_memory::LocalPresence;
///
/// let presence = LocalPresence::default();
/// let guard = presence.track(Topic::Site, VisitorKey::from_u128(1)).await?;
/// assert_eq!(presence.viewers(Topic::Site).await, 1);
/// drop(guard); // 3 seconds later it is 0
/// # Ok(())
/// # }
/// ```
pub struct LocalPresence {
    shared: Arc<Shared>,
    sweeper: Mutex<Option<JoinHandle<()>>>,
}

struct Shared {
    state: Mutex<State>,
    /// Tells the sweeper that there is something to wait for, or that all is over.
    wake: Arc<Notify>,
    started: Instant,
}

struct State {
    replica: Replica,
    /// How many are on each topic that somebody is on or watches.
    counts: HashMap<Topic, watch::Sender<u64>>,
    /// When the sweeper will look next.
    next_look: Option<Duration>,
}

impl LocalPresence {
    /// Presence where a visitor's leave counts after `grace`.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use std::time::Duration;
    /// use futures::StreamExt;
    /// use horizon_core::{Presence, Topic, VisitorKey};
    /// use horizon_memory::LocalPresence;
    ///
    /// let presence = LocalPresence::new(Duration::from_millis(1));
    /// let guard = presence.track(Topic::Site, VisitorKey::from_u128(1)).await?;
    /// let mut viewers = presence.watch(Topic::Site);
    /// assert_eq!(viewers.next().await, Some(1));
    /// drop(guard);
    /// assert_eq!(viewers.next().await, Some(0));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn new(grace: Duration) -> Self {
        let timing = Timing {
            grace,
            beat_every: SELDOM,
            linger: Duration::ZERO,
            ..Timing::default()
        };
        let shared = Arc::new(Shared {
            state: Mutex::new(State {
                replica: Replica::new(NodeId::default(), 0, timing),
                counts: HashMap::new(),
                next_look: None,
            }),
            wake: Arc::default(),
            started: Instant::now(),
        });
        Self {
            shared,
            sweeper: Mutex::default(),
        }
    }

    /// Starts the task that lets leavers go, unless it runs. It ends by itself with the last guard,
    /// stream and port, so nobody has to await it.
    fn ensure_sweeper(&self) {
        let mut sweeper = self.sweeper.lock().unwrap_or_else(PoisonError::into_inner);
        if sweeper.as_ref().is_none_or(JoinHandle::is_finished) {
            let wake = Arc::clone(&self.shared.wake);
            *sweeper = Some(tokio::spawn(sweep(Arc::downgrade(&self.shared), wake)));
        }
    }
}

impl Default for LocalPresence {
    /// A grace of 3 seconds.
    fn default() -> Self {
        Self::new(DEFAULT_GRACE)
    }
}

impl fmt::Debug for LocalPresence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalPresence").finish_non_exhaustive()
    }
}

#[async_trait]
impl Presence for LocalPresence {
    async fn track(&self, topic: Topic, visitor: VisitorKey) -> Result<PresenceGuard> {
        self.ensure_sweeper();
        if !self.shared.act(|replica, now| replica.join(&topic, visitor, now)) {
            return Err(Error::unavailable("no place for one more visitor"));
        }
        Ok(PresenceGuard::new(Guard {
            shared: Arc::clone(&self.shared),
            topic,
            visitor,
        }))
    }

    fn watch(&self, topic: Topic) -> BoxStream<'static, u64> {
        let watcher = Watcher::new(Arc::clone(&self.shared), topic);
        unfold(watcher, |mut watcher| async {
            let count = watcher.next().await?;
            Some((count, watcher))
        })
        .boxed()
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells the replica something, and does what follows.
    fn act<T>(&self, what: impl FnOnce(&mut Replica, Duration) -> T) -> T {
        let mut state = self.state();
        let answer = what(&mut state.replica, self.started.elapsed());
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
            self.wake.notify_one();
        }
        answer
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.wake.notify_one();
    }
}

struct Guard {
    shared: Arc<Shared>,
    topic: Topic,
    visitor: VisitorKey,
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.shared
            .act(|replica, now| replica.leave(&self.topic, self.visitor, now));
    }
}

/// Lets leavers go when their grace is over, until nobody holds the port, a guard or a stream.
async fn sweep(shared: Weak<Shared>, wake: Arc<Notify>) {
    // The strong handle must not outlive the statement, or the task would keep its own reason alive.
    while let Some(next) = shared.upgrade().map(|shared| look(&shared)) {
        match next {
            None => wake.notified().await,
            Some(at) => tokio::select! {
                () = sleep_until(at) => {}
                () = wake.notified() => {}
            },
        }
    }
}

/// Does what its time has come for. Answers when to look again.
fn look(shared: &Shared) -> Option<Instant> {
    shared.act(Replica::tick);
    let mut state = shared.state();
    state.next_look = state.replica.next_tick();
    state.next_look.map(|next| shared.started + next)
}

struct Watcher {
    shared: Arc<Shared>,
    topic: Topic,
    count: watch::Receiver<u64>,
    last: Option<u64>,
}

impl Watcher {
    fn new(shared: Arc<Shared>, topic: Topic) -> Self {
        shared.act(|replica, now| replica.watch(&topic, now));
        let mut count = {
            let mut state = shared.state();
            let count = state.counts.entry(topic.clone()).or_default();
            count.subscribe()
        };
        count.mark_changed();
        Self {
            shared,
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

impl Drop for Watcher {
    fn drop(&mut self) {
        self.shared.act(|replica, now| {
            replica.unwatch(&self.topic, now);
            // The topic may go at once, and there may be no sweeper to see to it.
            replica.tick(now);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_sweeper_ends_with_the_last_handle() {
        let presence = LocalPresence::default();
        let guard = presence.track(Topic::Site, VisitorKey::from_u128(1)).await.unwrap();
        let sweeper = presence.sweeper.lock().unwrap().take().unwrap();
        drop(presence);
        tokio::task::yield_now().await;
        assert!(!sweeper.is_finished());
        drop(guard);
        sweeper.await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_topic_with_nobody_here_and_nobody_watching_costs_no_memory() {
        let presence = LocalPresence::default();
        drop(presence.watch(Topic::Site));
        assert!(presence.shared.state().counts.is_empty());
        drop(presence.track(Topic::Site, VisitorKey::from_u128(1)).await.unwrap());
        tokio::time::sleep(DEFAULT_GRACE * 2).await;
        assert!(presence.shared.state().counts.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn a_guard_may_be_dropped_outside_the_runtime() {
        let presence = LocalPresence::default();
        let guard = presence.track(Topic::Site, VisitorKey::from_u128(1)).await.unwrap();
        let mut counts = presence.watch(Topic::Site);
        assert_eq!(counts.next().await, Some(1));
        std::thread::spawn(move || drop(guard)).join().unwrap();
        assert_eq!(counts.next().await, Some(0));
    }
}
