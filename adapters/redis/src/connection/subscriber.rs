//! A pub/sub connection that reconnects.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use horizon_core::{Backoff, Error, Result, error_chain};
use parking_lot::Mutex;
use redis::aio::MultiplexedConnection;
use redis::{FromRedisValue, PushInfo, PushKind};
use tokio::sync::Notify;
use tokio::time::{interval, sleep};

use super::RedisConfig;
use super::task::Task;
use crate::error::map;

/// How often the connection is checked with a PING: every 2 seconds.
const PING_INTERVAL: Duration = Duration::from_secs(2);

/// How long a reply may take before the connection is dead: 5 seconds.
const PING_TIMEOUT: Duration = Duration::from_secs(5);

/// The initial and the longest delay before connecting again.
const RECONNECT_DELAYS: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(1));

/// The maximum number of channels in one command.
const CHANNELS_PER_COMMAND: usize = 512;

/// Handles what arrives on the channels. It is called by the task that reads the connection and must be quick: nothing
/// is queued, and messages that it cannot keep up with wait in Redis.
pub(crate) trait Listener: Send + Sync + 'static {
    /// The channel is subscribed, for the first time or again: messages before this may have been missed.
    fn on_subscribed(&self, channel: &str);

    /// A message arrived.
    fn on_message(&self, channel: &str, payload: &[u8]);
}

/// The channels to subscribe to. Clones share them.
#[derive(Clone, Default)]
pub(crate) struct Channels(Arc<ChannelsInner>);

#[derive(Default)]
struct ChannelsInner {
    desired: Mutex<DesiredChannels>,
    changed: Notify,
    /// How long the last PING took, in microseconds. Zero without a connection.
    round_trip: AtomicU64,
}

#[derive(Default)]
struct DesiredChannels {
    all: HashSet<String>,
    /// The channels that were added or removed since the connection was last updated.
    changed: HashSet<String>,
}

impl Channels {
    /// Starts the task that keeps the connection, until the returned value is dropped.
    pub(crate) fn listen(&self, config: &RedisConfig, listener: Arc<dyn Listener>) -> Task {
        let listening = keep_listening(config.clone(), Arc::clone(&self.0), listener);
        Task::spawn(config.panic_report(), "redis subscriber", listening)
    }

    /// Adds a channel. [`Listener::on_subscribed`] confirms it.
    pub(crate) fn subscribe(&self, channel: String) {
        self.change(channel, true);
    }

    /// Removes a channel.
    pub(crate) fn unsubscribe(&self, channel: String) {
        self.change(channel, false);
    }

    fn change(&self, channel: String, desired: bool) {
        let mut channels = self.0.desired.lock();
        let is_changed = if desired {
            channels.all.insert(channel.clone())
        } else {
            channels.all.remove(&channel)
        };
        if is_changed {
            channels.changed.insert(channel);
            self.0.changed.notify_one();
        }
    }

    /// Returns how long the last PING took, or `None` without a connection.
    pub(crate) fn round_trip(&self) -> Option<Duration> {
        match self.0.round_trip.load(Ordering::Relaxed) {
            0 => None,
            micros => Some(Duration::from_micros(micros)),
        }
    }
}

impl ChannelsInner {
    /// Returns the channels to subscribe to and to unsubscribe from on a connection that has `subscribed`.
    fn take_changes(&self, subscribed: &HashSet<String>) -> (Vec<String>, Vec<String>) {
        let mut desired = self.desired.lock();
        let changed = std::mem::take(&mut desired.changed);
        let (added, removed): (Vec<_>, Vec<_>) = changed.into_iter().partition(|channel| desired.all.contains(channel));
        // `added` may contain channels that are subscribed, because they were removed and added again since the last
        // update. Subscribe to them again: their new users wait for a confirmation.
        let removed = removed.into_iter().filter(|channel| subscribed.contains(channel));
        (added, removed.collect())
    }

    /// Marks all channels as changed, for a new connection.
    fn reset_changes(&self) {
        let mut desired = self.desired.lock();
        desired.changed = desired.all.clone();
    }
}

async fn keep_listening(config: RedisConfig, channels: Arc<ChannelsInner>, listener: Arc<dyn Listener>) {
    let (initial, longest) = RECONNECT_DELAYS;
    let mut backoff = Backoff::new(initial, longest);
    loop {
        let started = Instant::now();
        let Err(error) = listen(&config, &channels, &listener).await;
        channels.round_trip.store(0, Ordering::Relaxed);
        if started.elapsed() > longest {
            backoff.reset();
        }
        let delay = backoff.next_delay_with_jitter(fastrand::u32(..));
        tracing::warn!(%error, cause = error_chain(&error), ?delay, "the Redis subscription failed; reconnecting");
        sleep(delay).await;
    }
}

/// Listens until the connection fails.
async fn listen(
    config: &RedisConfig,
    channels: &ChannelsInner,
    listener: &Arc<dyn Listener>,
) -> Result<std::convert::Infallible> {
    let closed = Arc::new(Notify::new());
    let settings = RedisConfig::dedicated(PING_TIMEOUT).set_push_sender({
        let (listener, closed) = (Arc::clone(listener), Arc::clone(&closed));
        move |push: PushInfo| {
            dispatch(&*listener, &closed, push);
            Ok::<(), redis::aio::SendError>(())
        }
    });
    let failed = |e| map("the subscription connection to Redis failed", e);
    let mut connection = config
        .client()
        .get_multiplexed_async_connection_with_config(&settings)
        .await
        .map_err(failed)?;
    let mut subscribed = HashSet::new();
    channels.reset_changes();
    let mut pings = interval(PING_INTERVAL);
    loop {
        let (added, removed) = channels.take_changes(&subscribed);
        update(&mut connection, added, removed, &mut subscribed)
            .await
            .map_err(failed)?;
        tokio::select! {
            () = channels.changed.notified() => {}
            () = closed.notified() => return Err(Error::unavailable("Redis closed the subscription connection")),
            _ = pings.tick() => {
                let sent = Instant::now();
                let _: redis::Value = redis::cmd("PING").query_async(&mut connection).await.map_err(failed)?;
                let micros = u64::try_from(sent.elapsed().as_micros()).unwrap_or(u64::MAX).max(1);
                channels.round_trip.store(micros, Ordering::Relaxed);
            }
        }
    }
}

async fn update(
    connection: &mut MultiplexedConnection,
    added: Vec<String>,
    removed: Vec<String>,
    subscribed: &mut HashSet<String>,
) -> redis::RedisResult<()> {
    for channels in added.chunks(CHANNELS_PER_COMMAND) {
        connection.subscribe(channels).await?;
    }
    for channels in removed.chunks(CHANNELS_PER_COMMAND) {
        connection.unsubscribe(channels).await?;
    }
    subscribed.extend(added);
    for channel in removed {
        subscribed.remove(&channel);
    }
    Ok(())
}

fn dispatch(listener: &dyn Listener, closed: &Notify, push: PushInfo) {
    let mut data = push.data.into_iter();
    let mut next = || data.next().and_then(|value| Vec::<u8>::from_redis_value(value).ok());
    match push.kind {
        PushKind::Disconnection => closed.notify_one(),
        PushKind::Subscribe => {
            if let Some(channel) = next() {
                listener.on_subscribed(&String::from_utf8_lossy(&channel));
            }
        }
        PushKind::Message => {
            if let (Some(channel), Some(payload)) = (next(), next()) {
                listener.on_message(&String::from_utf8_lossy(&channel), &payload);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_channel_that_is_removed_and_added_again_at_once_is_confirmed_again() {
        let (channels, subscribed) = (Channels::default(), HashSet::from(["a".to_owned(), "b".to_owned()]));
        channels.0.desired.lock().all.clone_from(&subscribed);
        channels.unsubscribe("a".into());
        channels.subscribe("a".into());
        channels.unsubscribe("b".into());
        let (added, removed) = channels.0.take_changes(&subscribed);
        assert_eq!((added, removed), (vec!["a".to_owned()], vec!["b".to_owned()]));
    }
}
