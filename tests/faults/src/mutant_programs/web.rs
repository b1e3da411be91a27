use std::sync::Arc;

use anyhow::anyhow;
use eventhorizon::Horizon;
use horizon_backend::{StoreHandle, start_log};
use horizon_core::{EventBus, Ports, Presence};
use horizon_memory::MemoryPresence;
use horizon_redis::{RedisBus, RedisPresence};
use redis::Client;

use super::{
    MutantOptions, blog, early_ack_bus::EarlyAckBus, hoard_events::hoard_events, stale_watch_bus::StaleWatchBus,
};
use crate::mutant::FaultMutant;

/// Runs a web node with the defect.
pub(crate) async fn web(options: &MutantOptions) -> anyhow::Result<()> {
    match options.bus.0.as_str() {
        "memory:" => blog::embedded(options).await,
        _ => shared(options).await,
    }
}

async fn shared(options: &MutantOptions) -> anyhow::Result<()> {
    let _log = start_log();
    let (redis, store) = options.redis_and_store()?;
    let store = StoreHandle::open(&store)?;
    let bus = Arc::new(RedisBus::connect(&redis, Arc::clone(&store.stats))?);
    if options.mutant == FaultMutant::HoardsEvents {
        tokio::spawn(hoard_events(client(options)?));
    }
    let presence: Arc<dyn Presence> = match options.mutant {
        FaultMutant::LocalPresenceOnly => Arc::new(MemoryPresence::default()),
        _ => Arc::new(RedisPresence::connect(&redis, options.node.clone())?),
    };
    let analytics = analytics(options, bus)?;
    let ports = Ports::new(presence, analytics, store.stats, store.comments, store.salts);
    let horizon = blog::start(options, Horizon::from_ports(ports)).await?;
    blog::serve(options, blog::router(&horizon), &horizon).await
}

fn analytics(options: &MutantOptions, bus: Arc<RedisBus>) -> anyhow::Result<Arc<dyn EventBus>> {
    Ok(match options.mutant {
        FaultMutant::AcknowledgesEarly => Arc::new(EarlyAckBus::new(bus)),
        FaultMutant::NeverRefreshesTotals => Arc::new(StaleWatchBus {
            bus,
            redis: client(options)?,
        }),
        _ => bus,
    })
}

fn client(options: &MutantOptions) -> anyhow::Result<Client> {
    Client::open(options.bus.0.as_str()).map_err(|error| anyhow!("HORIZON_BUS is wrong: {error}"))
}
