//! The accumulator as a service of its own.

mod http;
mod metrics;
mod pipe;

use std::future::Future;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use horizon_core::EventConsumer;
use horizon_redis::{BusMonitor, NodeRegistry};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use self::http::Probes;
use self::metrics::Metrics;
use crate::config::Service;
use horizon_backend::run_accumulator_observed;
use horizon_backend::{
    CorrectedClock, Health, Membership, ReadinessCheck, RedisCheck, RedisSetupCheck, StoreHandle, StoreLock, announce,
    check_redis, now, report_bus, run_heartbeat, wait_for_shutdown,
};

/// Counts what comes through Redis until `shutdown`, and then what is ready, for 3 seconds at most.
///
/// Says on standard output where its health can be asked for, once that is so: `/healthz`, `/readyz` and `/metrics`, at
/// most 64 connections at once. A Redis that is away is waited for.
///
/// ```no_run
/// use clap::Parser;
/// use horizon_accumulator::{Arguments, Work, serve};
///
/// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// if let Work::Service(service) = Arguments::parse().work()? {
///     serve(&service, horizon_backend::shutdown_signal()).await?;
/// }
/// # Ok(()) }
/// ```
///
/// # Errors
/// Something that was configured cannot be used; the sentence names it. The store could not be closed.
pub async fn serve(service: &Service, shutdown: impl Future<Output = ()> + Send) -> anyhow::Result<()> {
    let listener = bind(service).await?;
    let unusable = "HORIZON_STORE cannot be used";
    let alone = StoreLock::on(&service.store).context(unusable)?;
    let store = StoreHandle::open(&service.store).context(unusable)?;
    let bus = Some((&*service.redis, service.delivery));
    let setup = RedisSetupCheck::new(bus, &service.store, service.redis_may_lose_data)?;
    setup.refuse_cluster().await?;
    let health = Health::default();
    let mut pipe = pipe::open(service, &health)?;
    let metrics = Arc::new(Metrics::new(service, now(), pipe.standing, health.clone()));
    let cluster = Arc::new(NodeRegistry::connect(&service.redis)?);
    let membership = membership(&cluster, &store, &health);
    let probes = Probes {
        ready: ReadinessCheck::new(store.clone(), health.clone()).with_redis(cluster),
        metrics: Arc::clone(&metrics),
    };
    let address = listener.local_addr()?;
    let (stop, stopped) = watch::channel(false);
    let mut beside = JoinSet::new();
    beside.spawn(health.supervise(
        "http",
        http::serve(listener, probes, wait_for_shutdown(stopped.clone())),
    ));
    beside.spawn({
        let (metrics, stopped, membership) = (Arc::clone(&metrics), stopped.clone(), membership.clone());
        health.supervise("cluster", async move {
            run_heartbeat(&membership, &|| metrics.about(), wait_for_shutdown(stopped)).await;
        })
    });
    beside.spawn(watch_redis(vec![Box::new(setup)], pipe.monitors, &health, stopped));
    announce(&format!("The accumulator is at http://{address}"));
    tracing::info!(node = %service.node, redis = ?service.redis, delivery = ?service.delivery, "counting");
    let mut feeds: Vec<&mut dyn EventConsumer> = pipe.feeds.iter_mut().map(|feed| &mut **feed as _).collect();
    let shutdown = async {
        tokio::select! {
            () = shutdown => {}
            _ = health.panicked() => {}
        }
    };
    let counting = run_accumulator_observed(&mut feeds, &*store.stats, &membership.clock, &*metrics, shutdown);
    health.supervise("counting", counting).await;
    stop.send_replace(true);
    while beside.join_next().await.is_some() {}
    store.close().await.context("the store could not be closed")?;
    drop(alone);
    if let Some(panic) = health.panic() {
        bail!(panic);
    }
    tracing::info!("stopped");
    Ok(())
}

async fn bind(service: &Service) -> anyhow::Result<TcpListener> {
    TcpListener::bind(service.addr)
        .await
        .with_context(|| format!("HORIZON_ADDR: {} cannot be listened on", service.addr))
}

/// Returns the task that checks Redis, and reports what it lost, until the service stops.
fn watch_redis(
    checks: Vec<Box<dyn RedisCheck>>,
    monitors: Vec<BusMonitor>,
    health: &Health,
    stopped: watch::Receiver<bool>,
) -> impl Future<Output = Option<()>> + use<> {
    let reported = health.clone();
    health.supervise("redis-checks", async move {
        tokio::join!(
            check_redis(&checks, &reported, wait_for_shutdown(stopped.clone())),
            report_bus(&monitors, None, &reported, wait_for_shutdown(stopped)),
        );
    })
}

/// What this process is among the others. Until its clock is compared with that of Redis, it counts nothing.
fn membership(cluster: &Arc<NodeRegistry>, store: &StoreHandle, health: &Health) -> Membership {
    let clock = CorrectedClock::new(now);
    clock.require_comparison();
    Membership {
        cluster: Arc::clone(cluster),
        clock,
        store: store.clone(),
        health: health.clone(),
    }
}
