//! The programs of the product with one deliberate defect.

mod accumulator;
mod blog;
mod consumer;
mod early_ack_bus;
mod hoard_events;
mod probes;
mod stale_watch_bus;
mod store;
mod web;

use std::net::SocketAddr;

use clap::Args;
use horizon_backend::{BackendUrls, BusUrl, ProgramKind, SecretString, StoreUrl, UrlSettings};
use horizon_core::{presence::NodeId, reports::SiteTimeZone};
use horizon_redis::RedisConfig;

pub(crate) use self::{accumulator::accumulator, web::web};
use crate::mutant::FaultMutant;

/// The environment variables of the product, and the defect.
#[derive(Debug, Args)]
pub(crate) struct MutantOptions {
    #[arg(long)]
    mutant: FaultMutant,
    #[arg(long, env = "HORIZON_ADDR")]
    addr: SocketAddr,
    #[arg(long, env = "HORIZON_BUS", default_value = "memory:")]
    bus: SecretString,
    #[arg(long, env = "HORIZON_STORE")]
    store: Option<SecretString>,
    #[arg(long, env = "HORIZON_NODE")]
    node: NodeId,
    #[arg(long, env = "HORIZON_TIMEZONE", default_value = "UTC", value_parser = SiteTimeZone::new)]
    time_zone: SiteTimeZone,
    #[arg(long, env = "HORIZON_SECRET")]
    secret: Option<SecretString>,
}

impl MutantOptions {
    fn redis_and_store(&self) -> anyhow::Result<(RedisConfig, StoreUrl)> {
        let urls = self.urls(ProgramKind::Accumulator)?;
        Ok((RedisConfig::new(&self.bus.0)?, urls.store().clone()))
    }

    fn urls(&self, program: ProgramKind) -> anyhow::Result<BackendUrls> {
        let settings = UrlSettings {
            bus: Some(&self.bus),
            store: self.store.as_ref(),
            ..UrlSettings::default()
        };
        Ok(BackendUrls::from_settings(program, &settings, BusUrl::Memory)?)
    }
}
