use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use horizon_core::{Error, Result, error_chain};
use horizon_redis::{HEARTBEAT_INTERVAL, NodeInfo, NodeRegistry};
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::clock_report::ClockReport;
use crate::peer_checks::{NodeNameCheck, SharedStoreCheck};
use crate::{CorrectedClock, Health, StoreHandle};

/// How long deregistering may take: 1 second.
const DEREGISTER_TIMEOUT: Duration = Duration::from_secs(1);

/// How often the stores of other nodes are compared, in heartbeats: every fifth, so every 5 seconds.
const STORE_CHECK_HEARTBEATS: u32 = 5;

/// What [`run_heartbeat`] needs. Cloning is cheap.
#[derive(Clone, Debug)]
pub struct HeartbeatConfig {
    /// The list of nodes in Redis.
    pub registry: Arc<NodeRegistry>,
    /// The clock to correct by that of Redis.
    pub clock: CorrectedClock,
    /// The store that all accumulators must share.
    pub store: StoreHandle,
    /// Receives the problems of the parts `clock`, `node-name`, `accumulators` and `cluster`.
    pub health: Health,
}

/// Registers this node in Redis every second until `shutdown`, and then deregisters it within a second.
///
/// The responses correct the clock and reveal other nodes of the same name. Every 5 seconds the stores of the
/// accumulators are compared. `info` need not contain a round trip. An unavailable Redis is ignored: after a few missed
/// heartbeats the other nodes drop this one.
///
/// ```no_run
/// use horizon_backend::{HeartbeatConfig, now, random_node_id, run_heartbeat, shutdown_signal};
/// use horizon_redis::{NodeInfo, NodeRole};
///
/// async fn register(config: &HeartbeatConfig) -> horizon_core::Result<()> {
///     let (name, started) = (random_node_id("web")?.to_string(), now());
///     let info = || NodeInfo::new(&*name, started, NodeRole::Web { viewers: 17 });
///     run_heartbeat(config, &info, shutdown_signal()).await;
///     Ok(())
/// }
/// ```
pub async fn run_heartbeat(
    config: &HeartbeatConfig,
    info: &(dyn Fn() -> NodeInfo + Send + Sync),
    shutdown: impl Future<Output = ()>,
) {
    tokio::select! {
        () = shutdown => {}
        () = send_heartbeats(config, info) => {}
        () = report_clock(config) => {}
    }
    let deregistered = timeout(DEREGISTER_TIMEOUT, config.registry.deregister(&info().name)).await;
    let late = |_| Err(Error::unavailable("Redis did not respond in time"));
    log_failure("deregister", deregistered.unwrap_or_else(late));
}

async fn send_heartbeats(config: &HeartbeatConfig, info: &(dyn Fn() -> NodeInfo + Send + Sync)) {
    let mut ticks = interval(HEARTBEAT_INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut sender = HeartbeatSender {
        config,
        store: None,
        name_check: NodeNameCheck::default(),
        store_check: SharedStoreCheck::default(),
    };
    // Connect first, because the time would be late by as long as the connection takes.
    log_failure("list nodes", config.registry.nodes().await.map(drop));
    for number in 0_u32.. {
        ticks.tick().await;
        let info = sender.complete(info());
        let sent = sender.send(&info).await;
        // No event can be created before the time is known, so retry a slow comparison at once.
        if sent.is_ok() && !config.clock.is_known() {
            ticks.reset_immediately();
        }
        log_failure("heartbeat", sent);
        if number % STORE_CHECK_HEARTBEATS == 0 {
            log_failure("compare stores", sender.check_stores(info).await);
        }
    }
}

/// Reports the state of the clock. A task of its own, because a heartbeat without a response takes many seconds.
async fn report_clock(config: &HeartbeatConfig) {
    let (mut ticks, mut report) = (interval(HEARTBEAT_INTERVAL), ClockReport::default());
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = config.clock.next_comparison() => {}
        }
        report.update(&config.clock, &config.health);
    }
}

struct HeartbeatSender<'a> {
    config: &'a HeartbeatConfig,
    /// The identity of the store.
    store: Option<String>,
    name_check: NodeNameCheck,
    store_check: SharedStoreCheck,
}

impl HeartbeatSender<'_> {
    fn complete(&self, mut info: NodeInfo) -> NodeInfo {
        info.store = self.store.clone();
        info.clock_offset = self.config.clock.offset();
        info
    }

    async fn send(&mut self, info: &NodeInfo) -> Result<()> {
        let HeartbeatConfig {
            registry,
            clock,
            health,
            ..
        } = self.config;
        let sent = clock.reading();
        let response = registry.heartbeat(info).await;
        let received = clock.reading();
        health.update("cluster", response.as_ref().err().and_then(rejection));
        let heartbeat = response?;
        clock.compare(sent, heartbeat.time, received);
        self.name_check.update(info, heartbeat.name_conflict.as_ref(), health);
        Ok(())
    }

    async fn check_stores(&mut self, mut info: NodeInfo) -> Result<()> {
        let HeartbeatConfig {
            registry,
            store,
            health,
            ..
        } = self.config;
        let identity = store.identity().await?;
        let identity = identity.unwrap_or_else(|| format!("memory:{}", registry.instance()));
        info.store = Some(identity.clone());
        self.store = Some(identity);
        self.store_check.run(registry, &info, health).await
    }
}

/// Describes why Redis rejects heartbeats, for example because the user lacks the right to `TIME`.
fn rejection(error: &Error) -> Option<String> {
    (!error.is_retryable()).then(|| {
        let cause = error_chain(error);
        format!(
            "Redis rejects the heartbeat of this process, so its clock is not compared and /cluster does not list it: \
             {cause}"
        )
    })
}

/// Other tasks report an unavailable Redis.
fn log_failure(what: &str, outcome: Result<()>) {
    if let Err(error) = outcome {
        tracing::debug!(%error, cause = error_chain(&error), "node registry: {what} failed");
    }
}
