mod outbox;

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use futures::stream::BoxStream;
use horizon_core::presence::driver::{PresenceDriver, Transport};
use horizon_core::presence::{MessageBody, NodeId, PresenceMessage, Replica, Timing};
use horizon_core::{Error, Presence, PresenceGuard, Result, Topic, VisitorKey, error_chain};
use parking_lot::Mutex;
use redis::aio::ConnectionManager;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep, timeout};

use crate::connection::RedisConfig;
use crate::connection::subscriber::{Channels, Listener};
use crate::connection::task::Task;

use crate::wire;
use outbox::{Outbox, publish};

/// How long publishing the goodbye may take: one second.
const GOODBYE_TIMEOUT: Duration = Duration::from_secs(1);

/// How long to wait after a failed publication: 200 ms.
const RETRY_DELAY: Duration = Duration::from_millis(200);

/// Presence on all nodes that share this Redis.
///
/// Each node publishes its members on one channel per topic, and subscribes only to topics that its own viewers watch;
/// see [`horizon_core::presence`]. Without Redis, a node counts its own viewers, and for seven seconds those of the
/// other nodes.
///
/// ```no_run
/// # use horizon_redis::{RedisConfig, RedisPresence};
/// let presence = RedisPresence::connect(&RedisConfig::new("redis://127.0.0.1")?, "web-1".parse()?)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct RedisPresence {
    driver: Arc<PresenceDriver<RedisTransport>>,
    connection: ConnectionManager,
    publisher: Mutex<Option<Task>>,
    _tasks: [Task; 2],
}

struct RedisTransport {
    started: Instant,
    channels: Channels,
    outbox: Mutex<Outbox>,
    /// Signals that the outbox has messages.
    queued: Notify,
}

impl RedisPresence {
    /// Returns the presence of this node. Nodes that run at the same time must have different names.
    ///
    /// Must be called within a tokio runtime. Connections are opened when they are needed.
    ///
    /// # Errors
    /// The connection cannot be set up.
    pub fn connect(config: &RedisConfig, node: NodeId) -> Result<Self> {
        Self::with_timing(config, node, Timing::default())
    }

    /// Like [`connect`](Self::connect), with other timing, which must be the same on all nodes.
    ///
    /// # Errors
    /// The connection cannot be set up.
    pub fn with_timing(config: &RedisConfig, node: NodeId, timing: Timing) -> Result<Self> {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let incarnation = u64::try_from(since.as_millis()).unwrap_or(u64::MAX);
        let transport = RedisTransport {
            started: Instant::now(),
            channels: Channels::default(),
            outbox: Mutex::default(),
            queued: Notify::new(),
        };
        let driver = PresenceDriver::new(Replica::new(node, incarnation, timing), transport);
        let connection = config.command_connection()?;
        let listener = driver.transport().channels.listen(config, Arc::clone(&driver) as _);
        let report = config.panic_report();
        let timers = Task::spawn(report, "redis presence clock", driver.run_timers());
        let publishing = run_publisher(Arc::clone(&driver), connection.clone());
        let publisher = Task::spawn(report, "redis presence", publishing);
        Ok(Self {
            driver,
            connection,
            publisher: Mutex::new(Some(publisher)),
            _tasks: [listener, timers],
        })
    }

    /// Returns how many of the topic's visitors are connected to this node.
    #[must_use]
    pub fn own_viewers(&self, topic: &Topic) -> u64 {
        self.driver.local_viewers(topic)
    }

    /// Returns how long a PING of Redis takes, or `None` while Redis cannot be reached.
    #[must_use]
    pub fn round_trip(&self) -> Option<Duration> {
        self.driver.transport().channels.round_trip()
    }

    /// Publishes this node's goodbye, so that the other nodes remove its viewers at once.
    pub async fn close(&self) {
        // Stop the publisher first: it might take the goodbye and then be aborted.
        let publisher = self.publisher.lock().take();
        if let Some(mut publisher) = publisher {
            publisher.stop().await;
        }
        self.driver.goodbye();
        let published: Result<()> = timeout(GOODBYE_TIMEOUT, self.publish_all())
            .await
            .unwrap_or_else(|late| Err(Error::unavailable("Redis did not respond in time").with_source(late)));
        if let Err(error) = published {
            tracing::warn!(%error, "the goodbye of this node was not published; other nodes count its viewers until \
                they miss its heartbeats");
        }
    }

    async fn publish_all(&self) -> Result<()> {
        loop {
            let messages = self.driver.transport().outbox.lock().pop();
            if messages.is_empty() {
                return Ok(());
            }
            publish(&mut self.connection.clone(), &messages).await?;
        }
    }
}

#[async_trait]
impl Presence for RedisPresence {
    async fn track(&self, topic: Topic, visitor: VisitorKey) -> Result<PresenceGuard> {
        self.driver.track(topic, visitor)
    }

    fn watch(&self, topic: Topic) -> BoxStream<'static, u64> {
        self.driver.watch(topic)
    }
}

impl Transport for RedisTransport {
    fn now(&self) -> Duration {
        self.started.elapsed()
    }

    fn subscribe(&self, topic: &Topic) -> bool {
        self.channels.subscribe(wire::presence_channel(topic));
        true
    }

    fn unsubscribe(&self, topic: &Topic) {
        self.channels.unsubscribe(wire::presence_channel(topic));
    }

    fn publish(&self, topic: Topic, message: PresenceMessage) {
        self.outbox.lock().push(topic, message);
        self.queued.notify_one();
    }
}

impl Listener for PresenceDriver<RedisTransport> {
    fn on_subscribed(&self, channel: &str) {
        if let Some(topic) = wire::presence_topic(channel) {
            self.subscribed(&topic);
        }
    }

    fn on_message(&self, channel: &str, payload: &[u8]) {
        let Some(topic) = wire::presence_topic(channel) else {
            return;
        };
        match serde_json::from_slice(payload) {
            Ok(message) => self.receive(&topic, message),
            Err(error) => tracing::warn!(channel, %error, "dropped an invalid presence message"),
        }
    }
}

/// Publishes the outbox. Messages that Redis does not accept are dropped: the other nodes notice this and request the
/// state.
async fn run_publisher(driver: Arc<PresenceDriver<RedisTransport>>, mut connection: ConnectionManager) {
    let transport = driver.transport();
    loop {
        let messages = transport.outbox.lock().pop();
        if messages.is_empty() {
            transport.queued.notified().await;
            continue;
        }
        match publish(&mut connection, &messages).await {
            Ok(receivers) => {
                for (outbound, receivers) in messages.iter().zip(receivers) {
                    if outbound.message.body == (MessageBody::StateRequest { node: None }) {
                        // This node is one of the receivers.
                        driver.asked(&outbound.topic, receivers.saturating_sub(1));
                    }
                }
            }
            Err(error) => {
                let (cause, count) = (error_chain(&error), messages.len());
                tracing::debug!(%error, cause, count, "presence messages were dropped");
                sleep(RETRY_DELAY).await;
            }
        }
    }
}
