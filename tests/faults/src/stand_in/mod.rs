//! Stand-ins for the product's programs: put together from the same parts, with one of them broken.

mod accumulator;
mod blog;
mod feed;
mod hold;
mod probes;
mod promises;
mod store;
mod told;
mod web;

use std::net::SocketAddr;

use anyhow::anyhow;
use clap::Args;
use horizon_backend::{SecretText, StoreUrl, pipe_and_store};
use horizon_core::presence::NodeId;
use horizon_redis::RedisConfig;

pub(crate) use self::{accumulator::accumulator, web::web};
use crate::defect::Defect;

/// Where a stand-in finds everything: the product's own variables.
#[derive(Debug, Args)]
pub(crate) struct Place {
    #[arg(long)]
    defect: Defect,
    #[arg(long, env = "HORIZON_ADDR")]
    addr: SocketAddr,
    #[arg(long, env = "HORIZON_PIPE", default_value = "memory:")]
    pipe: SecretText,
    #[arg(long, env = "HORIZON_STORE")]
    store: Option<SecretText>,
    #[arg(long, env = "HORIZON_NODE")]
    node: NodeId,
    #[arg(long, env = "HORIZON_SECRET")]
    secret: Option<SecretText>,
}

impl Place {
    fn redis_and_store(&self) -> anyhow::Result<(RedisConfig, StoreUrl)> {
        let (_, store) = pipe_and_store(&self.pipe, self.store.as_ref()).map_err(|sentence| anyhow!(sentence))?;
        Ok((RedisConfig::new(&self.pipe.0)?, store))
    }
}
