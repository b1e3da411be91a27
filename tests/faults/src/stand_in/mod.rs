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

use clap::Args;
use horizon_backend::{BackendSettings, BackendUrls, BusUrl, Program, SecretString, StoreUrl};
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
    #[arg(long, env = "HORIZON_BUS", default_value = "memory:")]
    bus: SecretString,
    #[arg(long, env = "HORIZON_STORE")]
    store: Option<SecretString>,
    #[arg(long, env = "HORIZON_NODE")]
    node: NodeId,
    #[arg(long, env = "HORIZON_SECRET")]
    secret: Option<SecretString>,
}

impl Place {
    fn redis_and_store(&self) -> anyhow::Result<(RedisConfig, StoreUrl)> {
        let urls = self.urls(Program::Accumulator)?;
        Ok((RedisConfig::new(&self.bus.0)?, urls.store().clone()))
    }

    fn urls(&self, program: Program) -> anyhow::Result<BackendUrls> {
        let settings = BackendSettings {
            bus: Some(&self.bus),
            store: self.store.as_ref(),
            ..BackendSettings::default()
        };
        Ok(BackendUrls::from_settings(program, &settings, BusUrl::Memory)?)
    }
}
