//! The accumulator as a service.

mod consumers;
mod http;
mod metrics;

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use futures::future::select;
use horizon_backend::{
    AccumulatorConfig, CorrectedClock, Health, HeartbeatConfig, ReadinessCheck, RedisSetupCheck, ReportsCheck,
    StoreHandle, StoreLock, now, print_line, report_stream_problems, run_accumulator_observed, run_heartbeat,
};
use horizon_core::EventConsumer;
use horizon_redis::{NodeRegistry, StreamMonitor};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use self::consumers::BusConsumers;
use self::http::HttpState;
use self::metrics::ServiceMetrics;
use crate::arguments::ServiceConfig;

/// Counts events from Redis until `shutdown`, and then those that are ready, for at most 3 seconds. Waits for an
/// unavailable Redis.
///
/// # Errors
/// A setting cannot be used, a background task panicked, or the store could not be closed.
pub(crate) async fn run(config: &ServiceConfig, shutdown: impl Future<Output = ()> + Send) -> anyhow::Result<()> {
    let bound = TcpListener::bind(config.addr).await;
    let listener = bound.with_context(|| format!("HORIZON_ADDR: cannot listen on {}", config.addr))?;
    let (lock, store, setup, reports) = open_store(config).await?;
    let health = Health::default();
    let BusConsumers {
        mut consumers,
        state,
        monitors,
    } = BusConsumers::connect(config, &health)?;
    let metrics = Arc::new(ServiceMetrics::new(config, now(), state, &health, &reports));
    let heartbeat = heartbeat_config(config, &store, &health)?;
    let accumulator = accumulator_config(config, &heartbeat.clock, &reports);
    let readiness = ReadinessCheck::new(health.clone())
        .with_store(store.clone())
        .with_redis(Arc::clone(&heartbeat.registry));
    let address = listener.local_addr()?;
    let (stop, mut tasks) = (CancellationToken::new(), JoinSet::new());
    let http = HttpState::new(readiness, Arc::clone(&metrics));
    tasks.spawn(health.supervise("http", http::serve(listener, http, stop.clone().cancelled_owned())));
    tasks.spawn(health.supervise(
        "cluster",
        send_heartbeats(heartbeat, Arc::clone(&metrics), stop.clone()),
    ));
    let checks = run_checks(setup, monitors, reports, health.clone(), stop.clone());
    tasks.spawn(health.supervise("checks", checks));
    print_line(&format!("The accumulator is at http://{address}"));
    tracing::info!(node = %config.node, redis = ?config.redis, delivery = ?config.delivery, "counting");
    let mut consumers: Vec<&mut dyn EventConsumer> =
        consumers.iter_mut().map(|consumer| &mut **consumer as _).collect();
    let shutdown_or_panic = async { drop(select(pin!(shutdown), pin!(health.wait_for_panic())).await) };
    let counting = run_accumulator_observed(
        &mut consumers,
        &*store.stats,
        &accumulator,
        &*metrics,
        shutdown_or_panic,
    );
    health.supervise("counting", counting).await;
    stop.cancel();
    while tasks.join_next().await.is_some() {}
    store.close().await.context("the store could not be closed")?;
    drop(lock);
    if let Some(panic) = health.first_panic() {
        bail!(panic);
    }
    tracing::info!("stopped");
    Ok(())
}

async fn send_heartbeats(config: HeartbeatConfig, metrics: Arc<ServiceMetrics>, stop: CancellationToken) {
    run_heartbeat(&config, &|| metrics.node_info(), stop.cancelled()).await;
}

/// Opens the store and checks at the start that it and each Redis can be used.
///
/// # Errors
/// The store or a Redis cannot be used, or the reports of the store have another time zone.
async fn open_store(config: &ServiceConfig) -> anyhow::Result<(StoreLock, StoreHandle, RedisSetupCheck, ReportsCheck)> {
    let lock = StoreLock::acquire(config.urls.store()).context("HORIZON_STORE cannot be used")?;
    let store = StoreHandle::open(config.urls.store()).context("HORIZON_STORE cannot be used")?;
    let setup = RedisSetupCheck::new(&config.urls, config.redis_may_lose_data)?;
    setup.refuse_unusable().await?;
    let reports = ReportsCheck::new(Arc::clone(&store.stats), config.reports.time_zone.clone());
    reports.refuse_other_zone().await?;
    Ok((lock, store, setup, reports))
}

fn accumulator_config(config: &ServiceConfig, clock: &CorrectedClock, reports: &ReportsCheck) -> AccumulatorConfig {
    let mut accumulator = AccumulatorConfig::new(clock.clone());
    accumulator.reports = Some(reports.clone());
    accumulator.session_retention = config.reports.session_retention;
    accumulator
}

async fn run_checks(
    setup: RedisSetupCheck,
    monitors: Vec<StreamMonitor>,
    reports: ReportsCheck,
    health: Health,
    stop: CancellationToken,
) {
    tokio::join!(
        setup.run(&health, stop.cancelled()),
        report_stream_problems(&monitors, None, &health, stop.cancelled()),
        reports.run(&health, stop.cancelled()),
    );
}

/// Nothing is counted until the clock is compared with that of Redis.
fn heartbeat_config(
    config: &ServiceConfig,
    store: &StoreHandle,
    health: &Health,
) -> horizon_core::Result<HeartbeatConfig> {
    let clock = CorrectedClock::new(now);
    clock.require_comparison();
    Ok(HeartbeatConfig {
        registry: Arc::new(NodeRegistry::connect(&config.redis)?),
        clock,
        store: store.clone(),
        health: health.clone(),
    })
}
