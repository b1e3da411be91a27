use std::{
    net::{AddrParseError, IpAddr, SocketAddr},
    path::PathBuf,
};

use clap::Args;
use eventhorizon::{IpNet, http::HeaderName};
use horizon_backend::parse_listen_addr;

use super::BaseUrl;

/// How readers reach the server.
#[derive(Clone, Debug, Args)]
pub struct NetworkArgs {
    /// The address to listen on.
    #[arg(
        long,
        env = "HORIZON_ADDR",
        value_name = "HORIZON_ADDR",
        default_value = "127.0.0.1:3000",
        value_parser = parse_listen_addr
    )]
    pub addr: SocketAddr,
    /// The public URL of the blog, such as `https://blog.example.org`: for canonical links, feeds and cookies. Without
    /// it there are no canonical links, and feeds only at `localhost` and loopback addresses.
    #[arg(long, env = "HORIZON_BASE_URL", value_name = "HORIZON_BASE_URL")]
    pub base_url: Option<BaseUrl>,
    /// The networks or addresses of trusted proxies, whose `X-Forwarded-For` is used; separated by commas.
    #[arg(
        long,
        env = "HORIZON_TRUSTED_PROXIES",
        value_name = "HORIZON_TRUSTED_PROXIES",
        value_delimiter = ',',
        value_parser = parse_proxy
    )]
    pub trusted_proxies: Vec<IpNet>,
    /// The MMDB file with the countries of addresses, such as GeoLite2 Country or DB-IP Lite. It is read into memory,
    /// and again when it is replaced.
    #[arg(long, env = "HORIZON_GEOIP", value_name = "HORIZON_GEOIP")]
    pub geoip: Option<PathBuf>,
    /// The header in which the trusted proxies state the country of the reader, such as `CF-IPCountry`. They must set
    /// it in each request.
    #[arg(
        long,
        env = "HORIZON_COUNTRY_HEADER",
        value_name = "HORIZON_COUNTRY_HEADER",
        requires = "trusted_proxies"
    )]
    pub country_header: Option<HeaderName>,
}

impl NetworkArgs {
    /// Logs a warning if other machines can reach the server, but its public URL is unknown.
    pub(crate) fn warn_about_base_url(&self, is_tls: bool) {
        if is_tls && self.base_url.as_ref().is_some_and(|base_url| !base_url.is_https()) {
            tracing::warn!(
                "TLS is on, but HORIZON_BASE_URL is not https: cookies are not Secure and links lead to http; set the \
                 https URL of the blog"
            );
        }
        if self.base_url.is_none() && !self.addr.ip().is_loopback() {
            tracing::warn!(
                "HORIZON_BASE_URL is not set, so pages have no canonical links, and feeds and the sitemap return \
                 503 except for localhost: set it to the public URL, such as https://blog.example.org"
            );
        }
    }
}

/// Parses a network such as `10.0.0.0/8`, or a single address. White space around it is allowed.
fn parse_proxy(text: &str) -> Result<IpNet, AddrParseError> {
    let text = text.trim();
    match text.parse() {
        Ok(network) => Ok(network),
        Err(_) => text.parse().map(|address: IpAddr| address.to_canonical().into()),
    }
}
