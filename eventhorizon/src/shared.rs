//! One of many processes that share a Redis.

use std::{fmt, sync::Arc, time::Duration};

use horizon_backend::{
    Delivery, Health, Membership, ReadinessCheck, RedisCheck, StoreHandle, StoreUrl, check_redis, report_bus,
    run_heartbeat,
};
use horizon_core::{Analytics, Ports, Result, Timestamp, Topic, presence::NodeId};
use horizon_redis::{
    BusMonitor, NodeInfo, NodeRegistry, NodeRole, RedisBus, RedisConfig, RedisPresence, RedisPubSubBus,
};
use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric as _},
    metrics::counter::ConstCounter,
};
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::{
    backend::{Backend, BackendRuntime},
    dice::Clock,
};

/// How long `/readyz` says 503 after acknowledged events were lost: one minute. It is long enough to be noticed, and
/// does not keep the site's readers away for longer.
const ALARM: Duration = Duration::from_secs(60);

/// This process among the others.
pub(crate) struct RedisBackend {
    store: StoreHandle,
    node: Arc<NodeIdentity>,
    /// Absent where events go through a channel.
    monitor: Option<BusMonitor>,
    leaving: CancellationToken,
    _leave: DropGuard,
    speaking: JoinHandle<Option<()>>,
    checking: JoinHandle<Option<()>>,
}

/// What the others are told of this process.
pub(crate) struct NodeIdentity {
    name: NodeId,
    started: Timestamp,
    presence: Arc<RedisPresence>,
    health: Health,
    pub(crate) cluster: Arc<NodeRegistry>,
}

impl RedisBackend {
    /// Connects to a Redis. One that is away is waited for later, by whoever needs it.
    pub(crate) fn open(
        redis: &RedisConfig,
        delivery: Delivery,
        store: &StoreUrl,
        name: NodeId,
        clock: &Clock,
        checks: Vec<Box<dyn RedisCheck>>,
    ) -> Result<Backend> {
        let health = Health::default();
        let redis = &health.watch_redis(redis);
        let store = StoreHandle::open(store)?;
        let (analytics, monitor) = connect_bus(redis, delivery, &store)?;
        let presence = Arc::new(RedisPresence::connect(redis, name.clone())?);
        let node = Arc::new(NodeIdentity {
            name,
            started: clock.now(),
            presence: Arc::clone(&presence),
            health: health.clone(),
            cluster: Arc::new(NodeRegistry::connect(redis)?),
        });
        let leaving = CancellationToken::new();
        let membership = Membership {
            cluster: Arc::clone(&node.cluster),
            clock: clock.corrected().clone(),
            store: store.clone(),
            health: health.clone(),
        };
        membership.clock.require_comparison();
        let speaking = spawn_speaking(&node, membership, leaving.clone());
        let checking = spawn_checking(checks, monitor.clone(), &health, leaving.clone());
        Ok(Backend {
            ports: Ports::new(
                presence,
                analytics,
                Arc::clone(&store.stats),
                Arc::clone(&store.comments),
                Arc::clone(&store.salts),
            ),
            rest: BackendRuntime::Shared(Self {
                store,
                node,
                monitor,
                _leave: leaving.clone().drop_guard(),
                leaving,
                speaking,
                checking,
            }),
            health,
        })
    }

    pub(crate) fn node(&self) -> &Arc<NodeIdentity> {
        &self.node
    }

    pub(crate) fn ready(&self, health: Health) -> ReadinessCheck {
        ReadinessCheck::new(self.store.clone(), health).with_redis(Arc::clone(&self.node.cluster))
    }

    /// Returns the metric of the events that this process found to be lost.
    pub(crate) fn lost_metric(&self) -> Option<LostMetric> {
        self.monitor.clone().map(LostMetric)
    }

    pub(crate) fn leaver(&self) -> Leaver {
        Leaver {
            leaving: self.leaving.clone(),
            presence: Arc::clone(&self.node.presence),
        }
    }

    pub(crate) async fn end(self) -> Result<()> {
        if let Err(error) = self.speaking.await {
            tracing::error!(%error, "what told the other processes of this one broke off");
        }
        if let Err(error) = self.checking.await {
            tracing::error!(%error, "the task that checks Redis broke off");
        }
        self.store.close().await
    }
}

/// Counts the events that this process found to be lost.
#[derive(Debug)]
pub(crate) struct LostMetric(BusMonitor);

impl Collector for LostMetric {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let counter = ConstCounter::new(self.0.found());
        let help = "Events that were removed before they were counted, found by this process first; anything but zero \
                    is an alarm";
        counter.encode(encoder.encode_descriptor("horizon_stream_lost", help, None, counter.metric_type())?)
    }
}

/// Connects to the bus; a stream has a monitor of what is lost.
fn connect_bus(
    redis: &RedisConfig,
    delivery: Delivery,
    store: &StoreHandle,
) -> Result<(Arc<dyn Analytics>, Option<BusMonitor>)> {
    let stats = Arc::clone(&store.stats);
    Ok(match delivery {
        Delivery::Stream => {
            let pipe = RedisBus::connect(redis, stats)?;
            let monitor = pipe.monitor();
            (Arc::new(pipe), Some(monitor))
        }
        Delivery::PubSub => (Arc::new(RedisPubSubBus::connect(redis, stats)?), None),
    })
}

/// Spawns the task that tells the other processes of this one.
fn spawn_speaking(
    node: &Arc<NodeIdentity>,
    membership: Membership,
    leaving: CancellationToken,
) -> JoinHandle<Option<()>> {
    let (node, health) = (Arc::clone(node), node.health.clone());
    tokio::spawn(health.supervise("cluster", async move {
        run_heartbeat(&membership, &|| node.about(), leaving.cancelled()).await;
    }))
}

/// Spawns the task that checks Redis, and reports what it lost.
fn spawn_checking(
    checks: Vec<Box<dyn RedisCheck>>,
    monitor: Option<BusMonitor>,
    health: &Health,
    leaving: CancellationToken,
) -> JoinHandle<Option<()>> {
    let (reported, monitors) = (health.clone(), Vec::from_iter(monitor));
    tokio::spawn(health.supervise("redis-checks", async move {
        tokio::join!(
            check_redis(&checks, &reported, leaving.cancelled()),
            report_bus(&monitors, Some(ALARM), &reported, leaving.cancelled()),
        );
    }))
}

/// Takes leave of the other processes.
#[derive(Clone)]
pub(crate) struct Leaver {
    leaving: CancellationToken,
    presence: Arc<RedisPresence>,
}

impl Leaver {
    pub(crate) async fn leave(&self) {
        self.leaving.cancel();
        self.presence.close().await;
    }
}

impl NodeIdentity {
    pub(crate) fn about(&self) -> NodeInfo {
        let work = NodeRole::Web {
            viewers: self.presence.own_viewers(&Topic::Site),
        };
        let mut about = NodeInfo::new(self.name.as_str(), self.started, work);
        about.round_trip = self.presence.round_trip().map(micros);
        about.problems = self.health.problems();
        about
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
