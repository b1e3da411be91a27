//! Runs a [`Replica`] on tokio (feature `driver`): keeps its timers, its subscriptions and the streams of its counts.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures::stream::{BoxStream, StreamExt, unfold};
use parking_lot::Mutex;
use tokio::sync::{Notify, watch};
use tokio::time::timeout;

use super::{Effect, PresenceMessage, Replica};
use crate::{Error, PresenceGuard, Result, Topic, VisitorKey};

/// How long a new watch waits for the responses of the other nodes: 500 ms, twice [`Timing::state_request_interval`],
/// for which a node may delay its response.
///
/// [`Timing::state_request_interval`]: super::Timing::state_request_interval
const SETTLE_TIMEOUT: Duration = Duration::from_millis(500);

/// The clock of a [`PresenceDriver`] and its connection to the other nodes. The default methods are those of a single
/// node.
///
/// The driver calls it with its state locked, so the methods must return at once and must not call the driver.
pub trait Transport: Send + Sync + 'static {
    /// Returns the time since a fixed moment.
    fn now(&self) -> Duration;

    /// Subscribes to a topic's channel; [`PresenceDriver::subscribed`] confirms it. Returns whether there may be other
    /// nodes.
    fn subscribe(&self, _topic: &Topic) -> bool {
        false
    }

    /// Unsubscribes from a topic's channel.
    fn unsubscribe(&self, _topic: &Topic) {}

    /// Queues a message for a topic's channel.
    fn publish(&self, _topic: Topic, _message: PresenceMessage) {}
}

/// Presence that executes the [`Effect`]s of a [`Replica`].
///
/// ```
/// use std::time::{Duration, Instant};
/// use futures::StreamExt;
/// use horizon_core::presence::{NodeId, Replica, Timing, driver::{PresenceDriver, Transport}};
/// use horizon_core::{Topic, VisitorKey};
///
/// struct SingleNode(Instant);
/// impl Transport for SingleNode {
///     fn now(&self) -> Duration {
///         self.0.elapsed()
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> horizon_core::Result<()> {
/// let replica = Replica::new(NodeId::default(), 1, Timing::default());
/// let driver = PresenceDriver::new(replica, SingleNode(Instant::now()));
/// tokio::spawn(driver.run_timers());
/// let _guard = driver.track(Topic::Site, VisitorKey::from_u128(1))?;
/// assert_eq!(driver.watch(Topic::Site).next().await, Some(1));
/// # Ok(())
/// # }
/// ```
pub struct PresenceDriver<T: Transport> {
    state: Mutex<DriverState>,
    transport: T,
    /// Signals that the next timer changed, or that the driver is dropped.
    timer: Arc<Notify>,
}

struct DriverState {
    replica: Replica,
    topics: HashMap<Topic, Subscription>,
    /// When [`PresenceDriver::run_timers`] wakes up next.
    next_wakeup: Option<Duration>,
}

/// The channel of a topic and the count of its viewers.
struct Subscription {
    /// Whether the transport has confirmed the subscription. Nothing is published before that, because this node would
    /// not receive the responses.
    is_confirmed: bool,
    /// How many other nodes received the first request for their state.
    asked: Option<u64>,
    /// `None` until all asked nodes have answered.
    count: watch::Sender<Option<u64>>,
}

impl<T: Transport> PresenceDriver<T> {
    /// Returns a driver without viewers. [`run_timers`](Self::run_timers) or [`tick`](Self::tick) must be called for
    /// its timers to fire.
    #[must_use]
    pub fn new(replica: Replica, transport: T) -> Arc<Self> {
        let state = DriverState {
            replica,
            topics: HashMap::new(),
            next_wakeup: None,
        };
        Arc::new(Self {
            state: Mutex::new(state),
            transport,
            timer: Arc::default(),
        })
    }

    /// Returns the transport.
    pub fn transport(&self) -> &T {
        &self.transport
    }

    /// Adds the visitor to the topic until the guard is dropped.
    ///
    /// # Errors
    /// Retryable if the replica has reached its limit of members.
    pub fn track(self: &Arc<Self>, topic: Topic, visitor: VisitorKey) -> Result<PresenceGuard> {
        if !self.update(|replica, now| replica.join(&topic, visitor, now)) {
            return Err(Error::unavailable("this node has too many viewers; try again later"));
        }
        let driver = Arc::clone(self);
        Ok(PresenceGuard::new(Guard { driver, topic, visitor }))
    }

    /// Returns the number of viewers: the current one, then each change.
    pub fn watch(self: &Arc<Self>, topic: Topic) -> BoxStream<'static, u64> {
        unfold(Watcher::new(Arc::clone(self), topic), |mut watcher| async {
            Some((watcher.next().await?, watcher))
        })
        .boxed()
    }

    /// Returns the visitors of the topic that are connected to this node, in the order of their keys.
    pub fn local_members(&self, topic: &Topic) -> Vec<VisitorKey> {
        self.state.lock().replica.local_members(topic).collect()
    }

    /// Returns how many visitors of the topic are connected to this node.
    pub fn local_viewers(&self, topic: &Topic) -> u64 {
        self.state.lock().replica.local_viewers(topic)
    }

    /// Returns how many topics have members or watchers.
    pub fn topic_count(&self) -> usize {
        self.state.lock().topics.len()
    }

    /// Fires the timers that are due. Returns the time until the next one is due.
    pub fn tick(&self) -> Option<Duration> {
        self.update(Replica::tick);
        let mut state = self.state.lock();
        state.next_wakeup = state.replica.next_tick();
        state.next_wakeup.map(|next| next.saturating_sub(self.transport.now()))
    }

    /// Fires timers when they are due, until the driver is dropped.
    pub fn run_timers(self: &Arc<Self>) -> impl Future<Output = ()> + Send + use<T> {
        let (driver, timer) = (Arc::downgrade(self), Arc::clone(&self.timer));
        async move {
            // The upgraded handle must not live across the wait: it would keep the driver alive.
            while let Some(next) = driver.upgrade().map(|driver| driver.tick()) {
                match next {
                    Some(delay) => timeout(delay, timer.notified()).await.unwrap_or_default(),
                    None => timer.notified().await,
                }
            }
        }
    }

    /// Confirms that the topic's channel is subscribed, for the first time or after a reconnect.
    pub fn subscribed(&self, topic: &Topic) {
        if let Some(subscription) = self.state.lock().topics.get_mut(topic) {
            subscription.is_confirmed = true;
        }
        self.update(|replica, now| replica.subscribed(topic, now));
    }

    /// Handles a message from the topic's channel.
    pub fn receive(&self, topic: &Topic, message: PresenceMessage) {
        self.update(|replica, now| replica.receive(topic, message, now));
        self.state.lock().settle(topic, false);
    }

    /// Notes how many other nodes received the request for the state of all nodes. The count is complete once they
    /// have answered.
    pub fn asked(&self, topic: &Topic, nodes: u64) {
        let mut state = self.state.lock();
        if let Some(subscription) = state.topics.get_mut(topic) {
            subscription.asked = Some(nodes);
        }
        state.settle(topic, false);
    }

    /// Publishes the goodbye of this node on all of its topics. Nothing is published after it.
    pub fn goodbye(&self) {
        self.update(Replica::goodbye);
    }

    /// Calls the replica, and executes its effects.
    fn update<R>(&self, call: impl FnOnce(&mut Replica, Duration) -> R) -> R {
        let mut state = self.state.lock();
        let result = call(&mut state.replica, self.transport.now());
        for effect in state.replica.effects() {
            self.execute(&mut state.topics, effect);
        }
        let next = state.replica.next_tick();
        if next.is_some_and(|next| state.next_wakeup.is_none_or(|wakeup| next < wakeup)) {
            self.timer.notify_one();
        }
        result
    }

    fn execute(&self, topics: &mut HashMap<Topic, Subscription>, effect: Effect) {
        match effect {
            Effect::Subscribe(topic) => {
                let has_others = self.transport.subscribe(&topic);
                topics.insert(topic, Subscription::new((!has_others).then_some(0)));
            }
            Effect::Unsubscribe(topic) => {
                self.transport.unsubscribe(&topic);
                topics.remove(&topic);
            }
            // A message that is dropped here is not lost: the replica publishes it again when it handles `subscribed`.
            Effect::Publish(topic, message) => {
                if topics.get(&topic).is_some_and(|subscription| subscription.is_confirmed) {
                    self.transport.publish(topic, message);
                }
            }
            Effect::Viewers(topic, viewers) => {
                if let Some(subscription) = topics.get(&topic)
                    && subscription.count.borrow().is_some()
                {
                    subscription.count.send_replace(Some(viewers));
                }
            }
        }
    }
}

impl DriverState {
    /// Publishes the topic's first count if all asked nodes have answered, or if it `is_late`.
    fn settle(&self, topic: &Topic, is_late: bool) {
        let have_answered = |nodes| self.replica.remote_node_count(topic) as u64 >= nodes;
        if let Some(subscription) = self.topics.get(topic)
            && subscription.count.borrow().is_none()
            && (is_late || subscription.asked.is_some_and(have_answered))
        {
            subscription.count.send_replace(Some(self.replica.viewers(topic)));
        }
    }
}

impl Subscription {
    fn new(count: Option<u64>) -> Self {
        Self {
            is_confirmed: false,
            asked: None,
            count: watch::Sender::new(count),
        }
    }
}

impl<T: Transport> Drop for PresenceDriver<T> {
    fn drop(&mut self) {
        self.timer.notify_one();
    }
}

struct Guard<T: Transport> {
    driver: Arc<PresenceDriver<T>>,
    topic: Topic,
    visitor: VisitorKey,
}

impl<T: Transport> Drop for Guard<T> {
    fn drop(&mut self) {
        self.driver
            .update(|replica, now| replica.leave(&self.topic, self.visitor, now));
    }
}

struct Watcher<T: Transport> {
    driver: Arc<PresenceDriver<T>>,
    topic: Topic,
    count: watch::Receiver<Option<u64>>,
    last: Option<u64>,
}

impl<T: Transport> Watcher<T> {
    fn new(driver: Arc<PresenceDriver<T>>, topic: Topic) -> Self {
        driver.update(|replica, now| replica.watch(&topic, now));
        let count = {
            let mut state = driver.state.lock();
            let subscription = state.topics.entry(topic.clone());
            subscription
                .or_insert_with(|| Subscription::new(None))
                .count
                .subscribe()
        };
        Self {
            driver,
            topic,
            count,
            last: None,
        }
    }

    async fn next(&mut self) -> Option<u64> {
        let is_unsettled = self.count.borrow().is_none();
        if is_unsettled
            && timeout(SETTLE_TIMEOUT, self.count.wait_for(Option::is_some))
                .await
                .is_err()
        {
            self.driver.state.lock().settle(&self.topic, true);
        }
        let last = self.last;
        let next = self.count.wait_for(|count| count.is_some() && *count != last).await;
        self.last = *next.ok()?;
        self.last
    }
}

impl<T: Transport> Drop for Watcher<T> {
    fn drop(&mut self) {
        self.driver.update(|replica, now| {
            replica.unwatch(&self.topic, now);
            // Without a linger time the topic closes at once, even if no timer task runs.
            replica.tick(now);
        });
    }
}

impl<T: Transport> std::fmt::Debug for PresenceDriver<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PresenceDriver").finish_non_exhaustive()
    }
}
