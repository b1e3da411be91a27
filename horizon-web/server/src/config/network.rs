use std::net::SocketAddr;

use clap::Args;
use eventhorizon::IpNet;

use super::BaseUrl;

/// How readers reach the server.
#[derive(Clone, Debug, Args)]
pub struct NetworkArgs {
    /// The address to listen on.
    #[arg(
        long,
        env = "HORIZON_ADDR",
        value_name = "HORIZON_ADDR",
        default_value = "127.0.0.1:3000"
    )]
    pub addr: SocketAddr,
    /// The public URL of the blog, for canonical links and feeds. Default: the address to listen on.
    #[arg(long, env = "HORIZON_BASE_URL", value_name = "HORIZON_BASE_URL")]
    pub base_url: Option<BaseUrl>,
    /// The networks of trusted proxies, whose `X-Forwarded-For` is used; separated by commas.
    #[arg(
        long,
        env = "HORIZON_TRUSTED_PROXIES",
        value_name = "HORIZON_TRUSTED_PROXIES",
        value_delimiter = ','
    )]
    pub trusted_proxies: Vec<IpNet>,
}
