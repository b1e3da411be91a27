//! The latest totals of each watched topic: told by pub/sub, and read again in case it was missed.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use horizon_core::{Result, StatsStore, StatsStoreExt, Topic, Update};
use redis::aio::ConnectionManager;
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep, timeout_at};

use crate::connection::RedisConfig;
use crate::error::{cause, map};
use crate::subscriber::{Channels, Listener};
use crate::task::Task;
use crate::wire;

/// How often the kept totals of every watched topic are read again.
const READ_EVERY: Duration = Duration::from_secs(2);

/// The most topics that one command reads.
const TOPICS_AT_ONCE: usize = 1_000;

/// How long a new watch waits before it reads the totals again, after the first failure.
const FIRST_RETRY: Duration = Duration::from_millis(100);

/// The longest wait of a new watch between two reads; each is twice the one before.
const LAST_RETRY: Duration = Duration::from_secs(5);

/// What is watched. A topic is kept while somebody watches it.
pub(crate) struct Watchers {
    shared: Arc<Shared>,
    store: Arc<dyn StatsStore>,
    _reader: Task,
    _listener: Task,
}

struct Shared {
    topics: Mutex<HashMap<Topic, Channel>>,
    channels: Channels,
    /// What has to be read before the next turn, because it may have been missed.
    missed: Mutex<HashSet<Topic>>,
    wake: Notify,
}

struct Channel {
    totals: watch::Sender<Update>,
    watchers: usize,
}

impl Watchers {
    /// Starts to listen and to read. New watches read from `store` what was counted before they came.
    pub(crate) fn start(config: &RedisConfig, store: Arc<dyn StatsStore>) -> Result<Self> {
        let shared = Arc::new(Shared {
            topics: Mutex::default(),
            channels: Channels::default(),
            missed: Mutex::default(),
            wake: Notify::new(),
        });
        let reading = read_for_ever(config.commands()?, Arc::clone(&shared));
        let reader = Task::spawn(config.panic_report(), "redis totals reader", reading);
        let listener = shared.channels.listen(config, Arc::clone(&shared) as _);
        Ok(Self {
            shared,
            store,
            _reader: reader,
            _listener: listener,
        })
    }

    fn subscribe(&self, topic: &Topic) -> watch::Receiver<Update> {
        let mut topics = self.shared.topics();
        let channel = topics.entry(topic.clone()).or_insert_with(|| {
            self.shared.channels.subscribe(wire::stats_channel(topic));
            Channel {
                totals: watch::Sender::new(Update::empty(topic.clone())),
                watchers: 0,
            }
        });
        channel.watchers += 1;
        channel.totals.subscribe()
    }

    fn unsubscribe(&self, topic: &Topic) {
        let mut topics = self.shared.topics();
        let Some(channel) = topics.get_mut(topic) else { return };
        channel.watchers = channel.watchers.saturating_sub(1);
        if channel.watchers == 0 {
            topics.remove(topic);
            // Under the lock, so that it cannot overtake the subscription of somebody who comes now.
            self.shared.channels.unsubscribe(wire::stats_channel(topic));
        }
    }
}

impl Shared {
    fn topics(&self) -> MutexGuard<'_, HashMap<Topic, Channel>> {
        self.topics.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn missed(&self) -> MutexGuard<'_, HashSet<Topic>> {
        self.missed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells the watchers of a topic, if there are any and it is news.
    fn publish(&self, update: &Update) {
        if let Some(channel) = self.topics().get(&update.topic) {
            channel.totals.send_if_modified(|latest| {
                let newer = update.revision > latest.revision;
                if newer {
                    latest.clone_from(update);
                }
                newer
            });
        }
    }

    /// Takes the totals that are kept under a topic's key.
    fn take(&self, topic: &Topic, json: &[u8]) {
        let key = wire::stats_key(topic);
        match wire::decode_stats(json) {
            Ok(update) if update.topic == *topic => self.publish(&update),
            Ok(update) => tracing::warn!(key, topic = %update.topic, "the kept totals are those of another topic"),
            Err(reason) => tracing::warn!(key, reason, "the kept totals of a topic could not be read"),
        }
    }
}

impl Listener for Shared {
    fn subscribed(&self, channel: &str) {
        if let Some(topic) = wire::stats_topic(channel) {
            self.missed().insert(topic);
            self.wake.notify_one();
        }
    }

    /// A message is a hint and no more: anybody may send one. What is kept says how things stand, and many messages
    /// are one reading.
    fn message(&self, channel: &str, _: &[u8]) {
        self.subscribed(channel);
    }
}

/// Reads what may have been missed at once, and everything that is watched every two seconds.
async fn read_for_ever(mut connection: ConnectionManager, shared: Arc<Shared>) {
    let mut next = Instant::now() + READ_EVERY;
    loop {
        let everything = timeout_at(next, shared.wake.notified()).await.is_err();
        let mut topics: Vec<Topic> = shared.missed().drain().collect();
        if everything {
            next = Instant::now() + READ_EVERY;
            topics = shared.topics().keys().cloned().collect();
        }
        for some in topics.chunks(TOPICS_AT_ONCE) {
            if let Err(error) = read(&mut connection, &shared, some).await {
                tracing::debug!(%error, cause = cause(&error), "the kept totals could not be read");
                break;
            }
        }
    }
}

async fn read(connection: &mut ConnectionManager, shared: &Shared, topics: &[Topic]) -> Result<()> {
    // One GET a topic and not one MGET, because their keys lie in different slots of a cluster.
    let mut pipe = redis::pipe();
    for topic in topics {
        pipe.get(wire::stats_key(topic));
    }
    let kept: Vec<Option<Vec<u8>>> = pipe
        .query_async(connection)
        .await
        .map_err(|e| map("the kept totals cannot be read", e))?;
    for (topic, json) in topics.iter().zip(kept) {
        if let Some(json) = json {
            shared.take(topic, &json);
        }
    }
    Ok(())
}

/// One watch of one topic.
pub(crate) struct Watcher {
    watchers: Arc<Watchers>,
    topic: Topic,
    news: watch::Receiver<Update>,
    /// The revision that was said last, nothing before the first.
    said: Option<u64>,
}

impl Watcher {
    pub(crate) fn new(watchers: Arc<Watchers>, topic: Topic) -> Self {
        let news = watchers.subscribe(&topic);
        Self {
            watchers,
            topic,
            news,
            said: None,
        }
    }

    /// The latest totals, then each newer ones.
    pub(crate) async fn next(&mut self) -> Option<Update> {
        let update = match self.said {
            None => self.first().await,
            Some(said) => self.newer(said).await?,
        };
        self.said = Some(update.revision);
        Some(update)
    }

    /// What the store has, or what was published since, whichever is newer.
    async fn first(&mut self) -> Update {
        let stored = self.stored().await;
        let published = self.news.borrow_and_update().clone();
        if published.revision > stored.revision {
            published
        } else {
            stored
        }
    }

    async fn newer(&mut self, said: u64) -> Option<Update> {
        let update = self.news.wait_for(|update| update.revision > said).await;
        update.ok().map(|update| update.clone())
    }

    async fn stored(&self) -> Update {
        let mut wait = FIRST_RETRY;
        loop {
            match self.watchers.store.total(&self.topic).await {
                Ok(update) => return update,
                Err(error) => {
                    tracing::warn!(topic = %self.topic, %error, ?wait, "the totals cannot be read, trying again");
                }
            }
            sleep(wait).await;
            wait = (wait * 2).min(LAST_RETRY);
        }
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.watchers.unsubscribe(&self.topic);
    }
}
