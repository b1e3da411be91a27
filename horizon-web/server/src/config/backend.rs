use clap::Args;
use eventhorizon::BusUrl;
use horizon_backend::{BackendUrls, ProgramKind, SecretString, UrlSettings, random_node_id};
use horizon_core::presence::NodeId;

use super::ConfigError;

/// The event bus and the store.
#[derive(Clone, Debug, Args)]
pub struct BackendArgs {
    /// The event bus: `memory:` (the default), `redis://HOST`, or best effort `redis+pubsub://HOST`; with TLS `rediss`.
    /// With Redis any number of servers share a site, and horizon-accumulator counts.
    #[arg(long, env = "HORIZON_BUS", value_name = "HORIZON_BUS", hide_env_values = true)]
    pub bus: Option<SecretString>,
    /// The old name of `--bus`.
    #[arg(long, env = "HORIZON_PIPE", hide = true)]
    pub pipe: Option<SecretString>,
    /// The store: `sqlite:PATH`, `postgres://USER:PASSWORD@HOST/DATABASE`, `redis://HOST` or `memory:`.
    /// Default: the Redis of the bus, or `sqlite:horizon.db`.
    #[arg(long, env = "HORIZON_STORE", value_name = "HORIZON_STORE", hide_env_values = true)]
    pub store: Option<SecretString>,
    /// The name of this node, unique among the nodes that share a Redis. Default: `web-` and eight random digits.
    #[arg(long, env = "HORIZON_NODE", value_name = "HORIZON_NODE")]
    pub node: Option<NodeId>,
    /// Accept a Redis that may lose acknowledged events: its `maxmemory-policy` is not `noeviction`, or its
    /// `appendonly` is `no`. Otherwise `/readyz` returns 503 for such a Redis.
    #[arg(
        long,
        env = "HORIZON_REDIS_MAY_LOSE_DATA",
        value_name = "HORIZON_REDIS_MAY_LOSE_DATA",
        num_args = 0..=1,
        default_missing_value = "true",
        default_value = "false"
    )]
    pub redis_may_lose_data: bool,
}

/// The checked settings of the backend.
#[derive(Clone, Debug)]
pub struct NodeSettings {
    /// The bus and the store.
    pub urls: BackendUrls,
    /// The name of this node.
    pub node: NodeId,
}

impl BackendArgs {
    pub(super) fn check(&self) -> Result<NodeSettings, ConfigError> {
        let settings = UrlSettings {
            bus: self.bus.as_ref(),
            pipe: self.pipe.as_ref(),
            store: self.store.as_ref(),
        };
        let urls = BackendUrls::from_settings(ProgramKind::Application, &settings, BusUrl::Memory)?;
        let node = match &self.node {
            Some(node) => node.clone(),
            None => random_node_id("web")?,
        };
        Ok(NodeSettings { urls, node })
    }
}
