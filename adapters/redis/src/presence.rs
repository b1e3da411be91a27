use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use futures::stream::{BoxStream, StreamExt, unfold};
use horizon_core::presence::{Effect, MessageBody, NodeId, Replica, Timing};
use horizon_core::{Error, Presence, PresenceGuard, Result, Topic, VisitorKey};
use redis::aio::ConnectionManager;
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep, sleep_until, timeout};

use crate::connection::RedisConfig;
use crate::error::cause;
use crate::outbox::{Outbox, publish};
use crate::subscriber::{Channels, Listener};
use crate::task::Task;
use crate::wire;

/// How long a new watch waits for the other nodes to say who is there, at most: twice as long as one of
/// them may hold its answer back because it has just given one.
const SETTLE_WAIT: Duration = Duration::from_millis(500);

/// How long the last words may take.
const GOODBYE_WAIT: Duration = Duration::from_secs(1);

/// How long to wait after a failure before something is said again.
const SPEAK_AGAIN: Duration = Duration::from_millis(200);

/// Who is here on all nodes that share this Redis.
///
/// Each node says who its readers are, over a channel for each page, and hears only of pages that its own
/// readers watch; see [`horizon_core::presence`]. While Redis is away it knows its own readers and,
/// for seven seconds, those of the others.
///
/// ```no_run
/// # use horizon_redis::{RedisConfig, RedisPresence};
/// let presence = RedisPresence::connect(&RedisConfig::new("redis://127.0.0.1")?, "web-1".parse()?)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct RedisPresence {
    shared: Arc<Shared>,
    connection: ConnectionManager,
    speaker: Mutex<Option<Task>>,
    _tasks: [Task; 2],
}

struct Shared {
    state: Mutex<State>,
    channels: Channels,
    /// Something has to be looked at earlier than was known.
    earlier: Notify,
    /// There is something to say.
    news: Notify,
    started: Instant,
}

struct State {
    replica: Replica,
    topics: HashMap<Topic, Ear>,
    outbox: Outbox,
    /// When the ticker will look next.
    next_look: Option<Duration>,
}

/// A topic's channel.
struct Ear {
    /// Whether Redis has confirmed that it is heard. What is said before would be answered unheard.
    is_heard: bool,
    /// How many other nodes were asked.
    asked: Option<u64>,
    /// How many are here; nothing until all who were asked have answered.
    count: watch::Sender<Option<u64>>,
}

impl RedisPresence {
    /// The presence of this node. No two nodes that run at the same time may have the same name.
    ///
    /// It has to be called within a tokio runtime. Connections are made when they are needed.
    ///
    /// # Errors
    /// The connection cannot be set up.
    pub fn connect(config: &RedisConfig, node: NodeId) -> Result<Self> {
        Self::with_timing(config, node, Timing::default())
    }

    /// The same, with other times. All nodes should have the same.
    ///
    /// # Errors
    /// The connection cannot be set up.
    pub fn with_timing(config: &RedisConfig, node: NodeId, timing: Timing) -> Result<Self> {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let incarnation = u64::try_from(since.as_millis()).unwrap_or(u64::MAX);
        let shared = Arc::new(Shared {
            state: Mutex::new(State {
                replica: Replica::new(node, incarnation, timing),
                topics: HashMap::new(),
                outbox: Outbox::default(),
                next_look: None,
            }),
            channels: Channels::default(),
            earlier: Notify::new(),
            news: Notify::new(),
            started: Instant::now(),
        });
        let connection = config.commands()?;
        let listener = shared.channels.listen(config, Arc::clone(&shared) as _);
        let report = config.panic_report();
        let ticker = Task::spawn(report, "redis presence clock", tick(Arc::clone(&shared)));
        let speaking = speak(Arc::clone(&shared), connection.clone());
        let speaker = Task::spawn(report, "redis presence", speaking);
        Ok(Self {
            shared,
            connection,
            speaker: Mutex::new(Some(speaker)),
            _tasks: [listener, ticker],
        })
    }

    /// How many of the topic's visitors are connected to this node.
    #[must_use]
    pub fn own_viewers(&self, topic: &Topic) -> u64 {
        self.shared.state().replica.local_viewers(topic)
    }

    /// How long Redis takes to answer, nothing while it cannot be reached.
    #[must_use]
    pub fn round_trip(&self) -> Option<Duration> {
        self.shared.channels.round_trip()
    }

    /// Says the last words of this node, so that its readers are gone everywhere else at once.
    pub async fn close(&self) {
        // From here on only this says anything, so that nobody else holds last words when it is done.
        drop(self.speaker.lock().unwrap_or_else(PoisonError::into_inner).take());
        self.shared.act(Replica::goodbye);
        let last_words = async {
            loop {
                let letters = self.shared.state().outbox.take();
                if letters.is_empty() {
                    return Ok(());
                }
                publish(&mut self.connection.clone(), &letters).await?;
            }
        };
        let said: Result<()> = timeout(GOODBYE_WAIT, last_words)
            .await
            .unwrap_or_else(|late| Err(Error::unavailable("Redis did not answer in time").with_source(late)));
        if let Err(error) = said {
            tracing::warn!(%error, "the last words of this node were not said, the others will miss it in seven seconds");
        }
    }
}

#[async_trait]
impl Presence for RedisPresence {
    async fn track(&self, topic: Topic, visitor: VisitorKey) -> Result<PresenceGuard> {
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

    fn now(&self) -> Duration {
        self.started.elapsed()
    }

    /// Tells the replica something, and does what follows.
    fn act<T>(&self, what: impl FnOnce(&mut Replica, Duration) -> T) -> T {
        let mut state = self.state();
        let answer = what(&mut state.replica, self.now());
        for effect in state.replica.effects() {
            self.follow(&mut state, effect);
        }
        let next = state.replica.next_tick();
        if next.is_some_and(|next| state.next_look.is_none_or(|look| next < look)) {
            self.earlier.notify_one();
        }
        answer
    }

    fn follow(&self, state: &mut State, effect: Effect) {
        match effect {
            Effect::Subscribe(topic) => {
                self.channels.subscribe(wire::presence_channel(&topic));
                state.topics.insert(topic, Ear::new());
            }
            Effect::Unsubscribe(topic) => {
                self.channels.unsubscribe(wire::presence_channel(&topic));
                state.topics.remove(&topic);
            }
            // What is said before the channel is heard is said again once it is.
            Effect::Publish(topic, message) => {
                if state.topics.get(&topic).is_some_and(|ear| ear.is_heard) {
                    state.outbox.put(topic, message);
                    self.news.notify_one();
                }
            }
            Effect::Viewers(topic, viewers) => {
                if let Some(ear) = state.topics.get(&topic) {
                    ear.tell(viewers);
                }
            }
        }
    }

    /// So many processes heard the question who is there, this one among them.
    fn asked(&self, topic: &Topic, receivers: u64) {
        let mut state = self.state();
        if let Some(ear) = state.topics.get_mut(topic) {
            ear.asked = Some(receivers.saturating_sub(1));
        }
        state.settle(topic);
    }
}

impl State {
    /// Tells the topic's number if all who were asked have answered.
    fn settle(&self, topic: &Topic) {
        if let Some(ear) = self.topics.get(topic)
            && ear.count.borrow().is_none()
            && ear
                .asked
                .is_some_and(|asked| self.replica.remote_node_count(topic) as u64 >= asked)
        {
            ear.count.send_replace(Some(self.replica.viewers(topic)));
        }
    }
}

impl Ear {
    fn new() -> Self {
        Self {
            is_heard: false,
            asked: None,
            count: watch::Sender::new(None),
        }
    }

    /// Tells the number, unless it is not complete yet.
    fn tell(&self, viewers: u64) {
        self.count.send_if_modified(|count| {
            let is_news = count.is_some_and(|count| count != viewers);
            if is_news {
                *count = Some(viewers);
            }
            is_news
        });
    }
}

impl Listener for Shared {
    fn subscribed(&self, channel: &str) {
        let Some(topic) = wire::presence_topic(channel) else {
            return;
        };
        if let Some(ear) = self.state().topics.get_mut(&topic) {
            ear.is_heard = true;
        }
        self.act(|replica, now| replica.subscribed(&topic, now));
    }

    fn message(&self, channel: &str, payload: &[u8]) {
        let Some(topic) = wire::presence_topic(channel) else {
            return;
        };
        match serde_json::from_slice(payload) {
            Ok(message) => {
                self.act(|replica, now| replica.receive(&topic, message, now));
                self.state().settle(&topic);
            }
            Err(error) => tracing::warn!(channel, %error, "a message about who is here could not be read"),
        }
    }
}

/// Does what its time has come for.
async fn tick(shared: Arc<Shared>) {
    loop {
        shared.act(Replica::tick);
        let next = {
            let mut state = shared.state();
            state.next_look = state.replica.next_tick();
            state.next_look
        };
        let due = async {
            match next {
                Some(next) => sleep_until(shared.started + next).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = due => {}
            () = shared.earlier.notified() => {}
        }
    }
}

/// Says what there is to say. What Redis does not take is not said again: the others will notice and ask.
async fn speak(shared: Arc<Shared>, mut connection: ConnectionManager) {
    loop {
        let letters = shared.state().outbox.take();
        if letters.is_empty() {
            shared.news.notified().await;
            continue;
        }
        match publish(&mut connection, &letters).await {
            Ok(receivers) => {
                for (letter, receivers) in letters.iter().zip(receivers) {
                    if letter.message.body == (MessageBody::StateRequest { node: None }) {
                        shared.asked(&letter.topic, receivers);
                    }
                }
            }
            Err(error) => {
                tracing::debug!(%error, cause = cause(&error), messages = letters.len(), "the other nodes could not be told who is here");
                sleep(SPEAK_AGAIN).await;
            }
        }
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

struct Watcher {
    shared: Arc<Shared>,
    topic: Topic,
    count: Option<watch::Receiver<Option<u64>>>,
    last: Option<u64>,
}

impl Watcher {
    fn new(shared: Arc<Shared>, topic: Topic) -> Self {
        shared.act(|replica, now| replica.watch(&topic, now));
        let count = shared.state().topics.get(&topic).map(|ear| ear.count.subscribe());
        Self {
            shared,
            topic,
            count,
            last: None,
        }
    }

    async fn next(&mut self) -> Option<u64> {
        let last = self.last;
        let count = self.count.as_mut()?;
        let settled = timeout(SETTLE_WAIT, count.wait_for(Option::is_some)).await.is_ok();
        if !settled {
            let state = self.shared.state();
            let viewers = state.replica.viewers(&self.topic);
            if let Some(ear) = state.topics.get(&self.topic) {
                ear.count.send_if_modified(|count| count.replace(viewers).is_none());
            }
        }
        let next = count.wait_for(|count| count.is_some() && *count != last).await.ok()?;
        self.last = *next;
        self.last
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.shared.act(|replica, now| replica.unwatch(&self.topic, now));
    }
}

impl fmt::Debug for RedisPresence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisPresence").finish_non_exhaustive()
    }
}
