use std::sync::Arc;

use anyhow::anyhow;
use eventhorizon::Horizon;
use horizon_backend::{StoreHandle, start_log};
use horizon_core::{Analytics, Ports, Presence};
use horizon_memory::MemoryPresence;
use horizon_redis::{RedisBus, RedisPresence};
use redis::Client;

use super::{Place, blog, hold::hold, promises::Promises, told::ListensOnce};
use crate::defect::Defect;

/// Serves the router that the product's web node has, but for the defect.
pub(crate) async fn web(place: &Place) -> anyhow::Result<()> {
    match place.bus.0.as_str() {
        "memory:" => blog::embedded(place).await,
        _ => shared(place).await,
    }
}

async fn shared(place: &Place) -> anyhow::Result<()> {
    let _log = start_log();
    let (redis, store) = place.redis_and_store()?;
    let store = StoreHandle::open(&store)?;
    let pipe = Arc::new(RedisBus::connect(&redis, Arc::clone(&store.stats))?);
    if place.defect == Defect::HoldsEvents {
        tokio::spawn(hold(client(place)?));
    }
    let presence: Arc<dyn Presence> = match place.defect {
        Defect::KeepsToItself => Arc::new(MemoryPresence::default()),
        _ => Arc::new(RedisPresence::connect(&redis, place.node.clone())?),
    };
    let analytics = analytics(place, pipe)?;
    let ports = Ports::new(presence, analytics, store.stats, store.comments, store.salts);
    let horizon = blog::start(place, Horizon::from_ports(ports)).await?;
    blog::serve(place, blog::router(&horizon), &horizon).await
}

fn analytics(place: &Place, pipe: Arc<RedisBus>) -> anyhow::Result<Arc<dyn Analytics>> {
    Ok(match place.defect {
        Defect::PromisesFirst => Arc::new(Promises::new(pipe)),
        Defect::ListensOnce => Arc::new(ListensOnce {
            pipe,
            redis: client(place)?,
        }),
        _ => pipe,
    })
}

fn client(place: &Place) -> anyhow::Result<Client> {
    Client::open(place.bus.0.as_str()).map_err(|error| anyhow!("HORIZON_BUS is wrong: {error}"))
}
