//! The latest totals of watched topics, for adapters on tokio (feature `driver`).

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures::stream::{BoxStream, StreamExt, unfold};
use parking_lot::Mutex;
use tokio::sync::watch;
use tokio::time::sleep;

use crate::{Backoff, Stats, StatsStore, StatsStoreExt, Topic, Update};

/// The initial and the longest delay before totals are read from the store again.
const READ_DELAYS: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

/// Gets the first and the last watch of each topic. The methods are called under a lock: they must return at once and
/// must not call the [`TotalsHub`].
pub trait SubscriptionObserver: Send + Sync + 'static {
    /// The topic has its first watcher.
    fn subscribe(&self, topic: &Topic);

    /// The topic's last watcher is gone.
    fn unsubscribe(&self, topic: &Topic);
}

/// For adapters that publish the totals of all topics.
impl SubscriptionObserver for () {
    fn subscribe(&self, _: &Topic) {}
    fn unsubscribe(&self, _: &Topic) {}
}

/// Streams the totals of topics: first what the store has, then each newer update that is published. A topic costs
/// memory only while it is watched.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// use std::sync::Arc;
/// use futures::StreamExt;
/// use horizon_core::{Stats, Topic, Update, totals::TotalsHub};
/// use horizon_memory::MemoryStore;
///
/// let hub = TotalsHub::new(Arc::new(MemoryStore::new()), ());
/// let mut totals = hub.watch(Topic::Site);
/// assert_eq!(totals.next().await, Some(Stats::default()));
/// hub.publish(&Update::new(Topic::Site, Stats::new(1, 0, 0), 1));
/// assert_eq!(totals.next().await, Some(Stats::new(1, 0, 0)));
/// # }
/// ```
pub struct TotalsHub<W = ()> {
    topics: Mutex<HashMap<Topic, TopicTotals>>,
    store: Arc<dyn StatsStore>,
    observer: W,
}

struct TopicTotals {
    latest: watch::Sender<Update>,
    watchers: usize,
}

impl<W: SubscriptionObserver> TotalsHub<W> {
    /// Returns a hub whose new watches start with the totals in `store`.
    pub fn new(store: Arc<dyn StatsStore>, observer: W) -> Arc<Self> {
        Arc::new(Self {
            topics: Mutex::default(),
            store,
            observer,
        })
    }

    /// Returns the observer of the subscriptions.
    pub fn observer(&self) -> &W {
        &self.observer
    }

    /// Returns the topics that are watched.
    pub fn topics(&self) -> Vec<Topic> {
        self.topics.lock().keys().cloned().collect()
    }

    /// Sends the totals to the topic's watchers, unless they have newer ones.
    pub fn publish(&self, update: &Update) {
        if let Some(totals) = self.topics.lock().get(&update.topic) {
            totals.latest.send_if_modified(|latest| {
                let is_newer = update.revision > latest.revision;
                if is_newer {
                    latest.clone_from(update);
                }
                is_newer
            });
        }
    }

    /// Returns the totals of the topic: the latest at once, then newer ones. A slow watcher skips to the latest.
    pub fn watch(self: &Arc<Self>, topic: Topic) -> BoxStream<'static, Stats> {
        unfold(TotalsWatcher::new(Arc::clone(self), topic), |mut watcher| async {
            Some((watcher.next().await?, watcher))
        })
        .boxed()
    }

    fn subscribe(&self, topic: &Topic) -> watch::Receiver<Update> {
        let mut topics = self.topics.lock();
        let totals = topics.entry(topic.clone()).or_insert_with(|| {
            self.observer.subscribe(topic);
            TopicTotals {
                latest: watch::Sender::new(Update::empty(topic.clone())),
                watchers: 0,
            }
        });
        totals.watchers += 1;
        totals.latest.subscribe()
    }

    fn unsubscribe(&self, topic: &Topic) {
        let mut topics = self.topics.lock();
        let Some(totals) = topics.get_mut(topic) else { return };
        totals.watchers = totals.watchers.saturating_sub(1);
        if totals.watchers == 0 {
            topics.remove(topic);
            // With the lock held, so that it cannot overtake a new watcher's subscription.
            self.observer.unsubscribe(topic);
        }
    }
}

struct TotalsWatcher<W: SubscriptionObserver> {
    hub: Arc<TotalsHub<W>>,
    topic: Topic,
    latest: watch::Receiver<Update>,
    /// The revision that was returned last.
    revision: Option<u64>,
}

impl<W: SubscriptionObserver> TotalsWatcher<W> {
    fn new(hub: Arc<TotalsHub<W>>, topic: Topic) -> Self {
        let latest = hub.subscribe(&topic);
        Self {
            hub,
            topic,
            latest,
            revision: None,
        }
    }

    async fn next(&mut self) -> Option<Stats> {
        let update = match self.revision {
            None => self.first().await,
            Some(revision) => {
                let newer = self.latest.wait_for(|update| update.revision > revision).await;
                newer.ok()?.clone()
            }
        };
        self.revision = Some(update.revision);
        Some(update.stats)
    }

    /// Returns the stored totals, or those that were published since if they are newer.
    async fn first(&mut self) -> Update {
        let stored = self.stored().await;
        let published = self.latest.borrow_and_update();
        if published.revision > stored.revision {
            published.clone()
        } else {
            stored
        }
    }

    async fn stored(&self) -> Update {
        let mut backoff = Backoff::new(READ_DELAYS.0, READ_DELAYS.1);
        loop {
            match self.hub.store.total(&self.topic).await {
                Ok(update) => return update,
                Err(error) => {
                    let delay = backoff.next_delay();
                    tracing::warn!(topic = %self.topic, %error, ?delay, "the totals cannot be read, retrying");
                    sleep(delay).await;
                }
            }
        }
    }
}

impl<W: SubscriptionObserver> Drop for TotalsWatcher<W> {
    fn drop(&mut self) {
        self.hub.unsubscribe(&self.topic);
    }
}

impl<W> fmt::Debug for TotalsHub<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TotalsHub").finish_non_exhaustive()
    }
}
