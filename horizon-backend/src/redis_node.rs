use std::sync::{Arc, OnceLock};
use std::time::Duration;

use horizon_core::{EventBus, Result, Timestamp, Topic, presence::NodeId};
use horizon_redis::{
    NodeInfo, NodeRegistry, NodeRole, RedisBus, RedisConfig, RedisPresence, RedisPubSubBus, StreamMonitor,
};
use tokio_util::sync::CancellationToken;

use crate::backend::BackgroundTask;
use crate::{
    CorrectedClock, Delivery, Health, HeartbeatConfig, RedisSetupCheck, StoreHandle, report_stream_problems,
    run_heartbeat,
};

/// How long `/readyz` returns 503 after acknowledged events were lost: 1 minute. Long enough to be noticed, without
/// keeping readers away for longer.
const LOSS_ALARM: Duration = Duration::from_secs(60);

/// An application among the nodes that share a Redis.
pub(crate) struct RedisNode {
    name: NodeId,
    started: Timestamp,
    health: Health,
    /// `None` if events are not stored in a stream.
    monitor: Option<StreamMonitor>,
    pub(crate) presence: Arc<RedisPresence>,
    pub(crate) registry: Arc<NodeRegistry>,
    /// Adds what the application knows to each heartbeat.
    pub(crate) describe: OnceLock<DescribeNode>,
}

/// Adds what an application knows to the state of its node.
pub(crate) type DescribeNode = Box<dyn Fn(&mut NodeInfo) + Send + Sync>;

impl RedisNode {
    /// Returns the node and its bus.
    pub(crate) fn connect(
        redis: &RedisConfig,
        delivery: Delivery,
        store: &StoreHandle,
        name: NodeId,
        clock: &CorrectedClock,
        health: &Health,
    ) -> Result<(Arc<Self>, Arc<dyn EventBus>)> {
        let stats = Arc::clone(&store.stats);
        let (bus, monitor): (Arc<dyn EventBus>, _) = match delivery {
            Delivery::Stream => {
                let bus = RedisBus::connect(redis, stats)?;
                let monitor = bus.monitor();
                (Arc::new(bus), Some(monitor))
            }
            Delivery::PubSub => (Arc::new(RedisPubSubBus::connect(redis, stats)?), None),
        };
        let node = Self {
            started: clock.now(),
            health: health.clone(),
            monitor,
            presence: Arc::new(RedisPresence::connect(redis, name.clone())?),
            registry: Arc::new(NodeRegistry::connect(redis)?),
            describe: OnceLock::new(),
            name,
        };
        Ok((Arc::new(node), bus))
    }

    /// Spawns the heartbeat, and the task that checks Redis and reports lost events.
    pub(crate) fn spawn_tasks(
        node: &Arc<Self>,
        store: &StoreHandle,
        clock: CorrectedClock,
        check: RedisSetupCheck,
        stop: &CancellationToken,
    ) -> Vec<BackgroundTask> {
        let config = HeartbeatConfig {
            registry: Arc::clone(&node.registry),
            clock,
            store: store.clone(),
            health: node.health.clone(),
        };
        let (registered, stopped) = (Arc::clone(node), stop.clone());
        let heartbeat = async move {
            run_heartbeat(&config, &|| registered.info(), stopped.cancelled()).await;
            Ok(())
        };
        let (monitors, reported, stopped) = (Vec::from_iter(node.monitor.clone()), node.health.clone(), stop.clone());
        let checks = async move {
            tokio::join!(
                check.run(&reported, stopped.cancelled()),
                report_stream_problems(&monitors, Some(LOSS_ALARM), &reported, stopped.cancelled()),
            );
            Ok(())
        };
        vec![
            tokio::spawn(node.health.supervise("cluster", heartbeat)),
            tokio::spawn(node.health.supervise("redis-checks", checks)),
        ]
    }

    pub(crate) fn info(&self) -> NodeInfo {
        let role = NodeRole::Web {
            viewers: self.presence.own_viewers(&Topic::Site),
        };
        let mut info = NodeInfo::new(self.name.as_str(), self.started, role);
        let round_trip = self.presence.round_trip();
        info.round_trip = round_trip.map(|time| u64::try_from(time.as_micros()).unwrap_or(u64::MAX));
        info.problems = self.health.problems();
        if let Some(describe) = self.describe.get() {
            describe(&mut info);
        }
        info
    }

    /// Returns the metric of the lost events that this process found.
    #[cfg(feature = "metrics")]
    pub(crate) fn lost_metric(&self) -> Option<LostEventsMetric> {
        self.monitor.clone().map(LostEventsMetric)
    }
}

/// `horizon_stream_lost_total`.
#[cfg(feature = "metrics")]
#[derive(Debug)]
pub(crate) struct LostEventsMetric(StreamMonitor);

#[cfg(feature = "metrics")]
impl prometheus_client::collector::Collector for LostEventsMetric {
    fn encode(&self, mut encoder: prometheus_client::encoding::DescriptorEncoder<'_>) -> std::fmt::Result {
        use prometheus_client::encoding::EncodeMetric as _;

        let counter = prometheus_client::metrics::counter::ConstCounter::new(self.0.found());
        let help = "Events that were removed before they were counted, found by this process first; alert on any \
                    value above zero";
        counter.encode(encoder.encode_descriptor("horizon_stream_lost", help, None, counter.metric_type())?)
    }
}
