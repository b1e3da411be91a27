use std::{
    io::{Write, stdout},
    sync::Arc,
};

use anyhow::{Context, anyhow};
use axum::Router;
use eventhorizon::{Horizon, Secret};
use horizon_accumulator::process::{Store, asked_to_stop, start_log};
use horizon_axum::Limits;
use horizon_core::{Analytics, Ports, Slug};
use horizon_memory::LocalPresence;
use horizon_redis::{RedisPipe, RedisPresence};
use redis::Client;
use tokio::net::TcpListener;

use super::{Place, hold::hold, promises::Promises, told::ListensOnce};
use crate::{defect::Defect, stage::SLUGS};

/// Serves the router that the product's web node has, but for the defect.
pub(crate) async fn web(place: &Place) -> anyhow::Result<()> {
    let _log = start_log();
    let (redis, store) = place.redis_and_store()?;
    let store = Store::open(&store)?;
    let pipe = Arc::new(RedisPipe::connect(&redis, Arc::clone(&store.stats))?);
    if place.defect == Defect::HoldsEvents {
        tokio::spawn(hold(client(place)?));
    }
    let ports = Ports {
        presence: match place.defect {
            Defect::KeepsToItself => Arc::new(LocalPresence::default()),
            _ => Arc::new(RedisPresence::connect(&redis, place.node.clone())?),
        },
        analytics: analytics(place, pipe)?,
        stats: store.stats,
        comments: store.comments,
        salts: store.salts,
    };
    let secret = place.secret.as_ref().context("HORIZON_SECRET is not set")?;
    let proxy = "127.0.0.1/32".parse()?;
    let horizon = Horizon::from_ports(ports)
        .secret(Secret::new(&secret.0)?)
        .configure(|config| config.trusted_proxies.push(proxy))
        .start(|slug: &Slug| SLUGS.contains(&slug.as_str()))
        .await?;
    let app = Router::new().nest("/horizon", horizon_axum::router(&horizon));
    let listener = TcpListener::bind(place.addr).await?;
    writeln!(stdout(), "The stand-in is at http://{}", listener.local_addr()?)?;
    horizon_axum::serve(listener, app, Limits::default(), asked_to_stop(), &horizon).await?;
    Ok(())
}

fn analytics(place: &Place, pipe: Arc<RedisPipe>) -> anyhow::Result<Arc<dyn Analytics>> {
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
    Client::open(place.pipe.0.as_str()).map_err(|error| anyhow!("HORIZON_PIPE is wrong: {error}"))
}
