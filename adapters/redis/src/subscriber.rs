//! The one connection that listens, and comes back by itself.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use horizon_core::{Backoff, Error, Result};
use redis::aio::MultiplexedConnection;
use redis::{FromRedisValue, PushInfo, PushKind};
use tokio::sync::Notify;
use tokio::time::{interval, sleep};

use crate::connection::RedisConfig;
use crate::error::{cause, map};
use crate::task::Task;

/// How often the connection shows that it lives.
const PING_EVERY: Duration = Duration::from_secs(2);

/// How long an answer may take before the connection counts as dead.
const PONG_WAIT: Duration = Duration::from_secs(5);

/// The initial and the longest delay before connecting again.
const RECONNECT_DELAYS: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(1));

/// The most channels that one command names.
const CHANNELS_AT_ONCE: usize = 512;

/// Hears what is said on the channels. It is called where the connection is read, so it must be quick:
/// nothing is queued, and what it cannot keep up with waits in Redis.
pub(crate) trait Listener: Send + Sync + 'static {
    /// From now on the channel is heard: what was said before may have been missed.
    fn subscribed(&self, channel: &str);

    /// Something was said.
    fn message(&self, channel: &str, payload: &[u8]);
}

/// The channels that are listened to.
#[derive(Clone, Default)]
pub(crate) struct Channels(Arc<Shared>);

#[derive(Default)]
struct Shared {
    wishes: Mutex<Wishes>,
    changed: Notify,
    /// How long the last PING took, in microseconds. Zero while there is no connection.
    round_trip: AtomicU64,
}

#[derive(Default)]
struct Wishes {
    wanted: HashSet<String>,
    /// Which of them came or went since the connection was last told.
    changed: HashSet<String>,
}

impl Channels {
    /// Starts to listen, until the answer is dropped.
    pub(crate) fn listen(&self, config: &RedisConfig, listener: Arc<dyn Listener>) -> Task {
        let listening = listen_for_ever(config.clone(), Arc::clone(&self.0), listener);
        Task::spawn(config.panic_report(), "redis subscriber", listening)
    }

    /// Listens to the channel too. The listener is told once that is so.
    pub(crate) fn subscribe(&self, channel: String) {
        self.change(channel, true);
    }

    /// Listens to the channel no more.
    pub(crate) fn unsubscribe(&self, channel: String) {
        self.change(channel, false);
    }

    fn change(&self, channel: String, wanted: bool) {
        let mut wishes = self.0.wishes();
        let changed = if wanted {
            wishes.wanted.insert(channel.clone())
        } else {
            wishes.wanted.remove(&channel)
        };
        if changed {
            wishes.changed.insert(channel);
            self.0.changed.notify_one();
        }
    }

    /// How long Redis takes to answer, as far as there is a connection.
    pub(crate) fn round_trip(&self) -> Option<Duration> {
        match self.0.round_trip.load(Ordering::Relaxed) {
            0 => None,
            micros => Some(Duration::from_micros(micros)),
        }
    }
}

impl Shared {
    fn wishes(&self) -> MutexGuard<'_, Wishes> {
        self.wishes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What to subscribe to and what to leave, seen from a connection that hears `heard`.
    fn take_changes(&self, heard: &HashSet<String>) -> (Vec<String>, Vec<String>) {
        let mut wishes = self.wishes();
        let changed = std::mem::take(&mut wishes.changed);
        let (wanted, unwanted): (Vec<_>, Vec<_>) =
            changed.into_iter().partition(|channel| wishes.wanted.contains(channel));
        let gone = unwanted.into_iter().filter(|channel| heard.contains(channel)).collect();
        // Also what is heard already: it was left and wanted again before the connection was told, and whoever
        // wants it waits for the confirmation, which Redis gives again.
        (wanted, gone)
    }

    /// A new connection hears nothing yet.
    fn start_over(&self) {
        let mut wishes = self.wishes();
        wishes.changed = wishes.wanted.clone();
    }
}

async fn listen_for_ever(config: RedisConfig, shared: Arc<Shared>, listener: Arc<dyn Listener>) {
    let (initial, longest) = RECONNECT_DELAYS;
    let mut backoff = Backoff::new(initial, longest);
    loop {
        let started = Instant::now();
        let error = match listen(&config, &shared, &listener).await {
            Ok(never) => match never {},
            Err(error) => error,
        };
        shared.round_trip.store(0, Ordering::Relaxed);
        if started.elapsed() > longest {
            backoff.reset();
        }
        let delay = backoff.next_delay_with_jitter(fastrand::u32(..));
        tracing::warn!(%error, cause = cause(&error), ?delay, "the Redis subscription connection failed; reconnecting");
        sleep(delay).await;
    }
}

enum Never {}

async fn listen(config: &RedisConfig, shared: &Shared, listener: &Arc<dyn Listener>) -> Result<Never> {
    let gone = Arc::new(Notify::new());
    let settings = RedisConfig::own(PONG_WAIT).set_push_sender({
        let (listener, gone) = (Arc::clone(listener), Arc::clone(&gone));
        move |push: PushInfo| {
            hear(&*listener, &gone, push);
            Ok::<(), redis::aio::SendError>(())
        }
    });
    let failed = |e| map("Redis cannot be listened to", e);
    let mut connection = config
        .client()
        .get_multiplexed_async_connection_with_config(&settings)
        .await
        .map_err(failed)?;
    let mut heard = HashSet::new();
    shared.start_over();
    let mut pings = interval(PING_EVERY);
    loop {
        let (come, left) = shared.take_changes(&heard);
        tell(&mut connection, come, left, &mut heard).await.map_err(failed)?;
        tokio::select! {
            () = shared.changed.notified() => {}
            () = gone.notified() => return Err(Error::unavailable("Redis closed the connection")),
            _ = pings.tick() => {
                let asked = Instant::now();
                let _: redis::Value = redis::cmd("PING").query_async(&mut connection).await.map_err(failed)?;
                let micros = u64::try_from(asked.elapsed().as_micros()).unwrap_or(u64::MAX).max(1);
                shared.round_trip.store(micros, Ordering::Relaxed);
            }
        }
    }
}

async fn tell(
    connection: &mut MultiplexedConnection,
    come: Vec<String>,
    left: Vec<String>,
    heard: &mut HashSet<String>,
) -> redis::RedisResult<()> {
    for channels in come.chunks(CHANNELS_AT_ONCE) {
        connection.subscribe(channels).await?;
    }
    for channels in left.chunks(CHANNELS_AT_ONCE) {
        connection.unsubscribe(channels).await?;
    }
    heard.extend(come);
    for channel in left {
        heard.remove(&channel);
    }
    Ok(())
}

fn hear(listener: &dyn Listener, gone: &Notify, push: PushInfo) {
    let mut data = push.data.into_iter();
    let mut next = || data.next().and_then(|value| Vec::<u8>::from_redis_value(value).ok());
    match push.kind {
        PushKind::Disconnection => gone.notify_one(),
        PushKind::Subscribe => {
            if let Some(channel) = next() {
                listener.subscribed(&String::from_utf8_lossy(&channel));
            }
        }
        PushKind::Message => {
            if let (Some(channel), Some(payload)) = (next(), next()) {
                listener.message(&String::from_utf8_lossy(&channel), &payload);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_channel_that_is_left_and_wanted_again_at_once_is_confirmed_again() {
        let (channels, heard) = (Channels::default(), HashSet::from(["a".to_owned(), "b".to_owned()]));
        channels.0.wishes().wanted.clone_from(&heard);
        channels.unsubscribe("a".into());
        channels.subscribe("a".into());
        channels.unsubscribe("b".into());
        let (come, gone) = channels.0.take_changes(&heard);
        assert_eq!((come, gone), (vec!["a".to_owned()], vec!["b".to_owned()]));
    }
}
