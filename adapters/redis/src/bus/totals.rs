//! The latest totals of watched topics: announced by pub/sub, and read periodically in case a message was lost.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use futures::stream::{BoxStream, StreamExt};
use horizon_core::totals::{SubscriptionObserver, TotalsHub};
use horizon_core::{Result, Stats, StatsStore, Topic, error_chain};
use parking_lot::Mutex;
use redis::aio::ConnectionManager;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

use crate::connection::RedisConfig;
use crate::connection::subscriber::{Channels, Listener};
use crate::connection::task::Task;
use crate::error::map;
use crate::wire;

/// How often the totals of all watched topics are read: every 2 seconds.
const READ_INTERVAL: Duration = Duration::from_secs(2);

/// The maximum number of topics that one command reads.
const TOPICS_PER_READ: usize = 1_000;

/// Keeps the totals of watched topics up to date.
pub(crate) struct TotalsSubscriber {
    hub: Arc<TotalsHub<Subscriptions>>,
    /// Shared with the watches, which outlive this.
    tasks: Arc<[Task; 2]>,
}

#[derive(Default)]
struct Subscriptions {
    channels: Channels,
    /// The topics to read at once, because they may have new totals.
    outdated: Mutex<HashSet<Topic>>,
    wake: Notify,
}

impl TotalsSubscriber {
    /// Starts to listen and to read. New watches start with the totals in `store`.
    pub(crate) fn start(config: &RedisConfig, store: Arc<dyn StatsStore>) -> Result<Self> {
        let hub = TotalsHub::new(store, Subscriptions::default());
        let reading = keep_reading(config.command_connection()?, Arc::clone(&hub));
        let reader = Task::spawn(config.panic_report(), "redis totals reader", reading);
        let listener = hub.observer().channels.listen(config, Arc::clone(&hub) as _);
        let tasks = Arc::new([reader, listener]);
        Ok(Self { hub, tasks })
    }

    /// Returns the totals of a topic: the latest, then newer ones.
    pub(crate) fn watch(&self, topic: Topic) -> BoxStream<'static, Stats> {
        let tasks = Arc::clone(&self.tasks);
        let totals = self.hub.watch(topic);
        totals.inspect(move |_| _ = &tasks).boxed()
    }
}

impl Subscriptions {
    fn mark_outdated(&self, channel: &str) {
        if let Some(topic) = wire::stats_topic(channel) {
            self.outdated.lock().insert(topic);
            self.wake.notify_one();
        }
    }
}

impl SubscriptionObserver for Subscriptions {
    fn subscribe(&self, topic: &Topic) {
        self.channels.subscribe(wire::stats_channel(topic));
    }

    fn unsubscribe(&self, topic: &Topic) {
        self.channels.unsubscribe(wire::stats_channel(topic));
    }
}

impl Listener for TotalsHub<Subscriptions> {
    fn on_subscribed(&self, channel: &str) {
        self.observer().mark_outdated(channel);
    }

    /// The payload is ignored, because any client can publish one: the totals are read from their key, once for many
    /// messages.
    fn on_message(&self, channel: &str, _: &[u8]) {
        self.observer().mark_outdated(channel);
    }
}

/// Reads outdated topics at once, and all watched topics every two seconds.
async fn keep_reading(mut connection: ConnectionManager, hub: Arc<TotalsHub<Subscriptions>>) {
    let mut next = Instant::now() + READ_INTERVAL;
    loop {
        let is_due = wait_for_read(&hub.observer().wake, next).await;
        let mut topics: Vec<Topic> = hub.observer().outdated.lock().drain().collect();
        if is_due {
            next = Instant::now() + READ_INTERVAL;
            topics = hub.topics();
        }
        for topics in topics.chunks(TOPICS_PER_READ) {
            if let Err(error) = read(&mut connection, &hub, topics).await {
                tracing::debug!(%error, cause = error_chain(&error), "the published totals cannot be read, retrying");
                break;
            }
        }
    }
}

/// Waits for a message or for `next`, and returns whether `next` has passed.
async fn wait_for_read(wake: &Notify, next: Instant) -> bool {
    // The result does not say whether `next` has passed: with many messages `notified` is always ready.
    let _ = timeout_at(next, wake.notified()).await;
    Instant::now() >= next
}

async fn read(connection: &mut ConnectionManager, hub: &TotalsHub<Subscriptions>, topics: &[Topic]) -> Result<()> {
    // One GET per topic instead of MGET, because the keys are in different slots of a Redis Cluster.
    let mut pipe = redis::pipe();
    for topic in topics {
        pipe.get(wire::stats_key(topic));
    }
    let values: Vec<Option<Vec<u8>>> = pipe
        .query_async(connection)
        .await
        .map_err(|e| map("the published totals cannot be read from Redis", e))?;
    for (topic, json) in topics.iter().zip(values) {
        if let Some(json) = json {
            publish(hub, topic, &json);
        }
    }
    Ok(())
}

fn publish(hub: &TotalsHub<Subscriptions>, topic: &Topic, json: &[u8]) {
    let key = wire::stats_key(topic);
    match wire::decode_stats(json) {
        Ok(update) if update.topic == *topic => hub.publish(&update),
        Ok(update) => tracing::warn!(
            key,
            topic = update.topic.to_string(),
            "the key has the totals of another topic: delete it"
        ),
        Err(reason) => tracing::warn!(key, reason, "the key has invalid totals: delete it"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn constant_messages_do_not_delay_the_periodic_read() {
        let wake = Notify::new();
        wake.notify_one();
        assert!(!wait_for_read(&wake, Instant::now() + READ_INTERVAL).await);
        wake.notify_one();
        assert!(wait_for_read(&wake, Instant::now()).await);
    }
}
