use std::num::NonZeroU32;

use ipnet::IpNet;

use crate::Origin;

/// The configuration of a site. [`Builder::configure`](crate::Builder::configure) changes it.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # use eventhorizon::{Horizon, Moderation, Rate, Slug};
/// let builder = Horizon::in_memory().configure(|config| {
///     config.site = "shop.example.com".into();
///     config.trusted_proxies = vec!["10.0.0.0/8".parse().unwrap()];
///     config.moderation = Moderation::BeforePublishing;
///     config.rates.likes = Rate::new(60, 10);
/// });
/// let horizon = builder.start(|_: &Slug| true).await?;
/// assert!(horizon.config().origins.is_empty());
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Config {
    /// The name of the site, `site` by default. It is hashed into visitor keys, so that two sites with one store share
    /// no visitors.
    pub site: String,
    /// Proxies whose `X-Forwarded-For` is trusted; see [`client_addr`](crate::client_addr). None by default. A single
    /// address is a network, too: `IpNet::from(address)`.
    pub trusted_proxies: Vec<IpNet>,
    /// The site's own origin, such as `https://shop.example.com`. Then requests from its pages are same-origin even if a
    /// proxy passes on another `Host`; see [`Horizon::is_same_origin`](crate::Horizon::is_same_origin). None by default:
    /// `Origin` must match `Host`.
    pub own_origin: Option<Origin>,
    /// Other origins whose pages may show this site's stats and write to it. None by default.
    ///
    /// If there are any, the reader cookie is `SameSite=None; Partitioned`: browsers send it from those pages, and a
    /// browser is a different reader on each embedding site. Such a cookie needs
    /// [`secure_cookies`](Self::secure_cookies).
    ///
    /// `horizon-axum` adds the CORS headers for them. With another framework, add its CORS layer with these origins and
    /// credentials.
    pub origins: Vec<Origin>,
    /// When comments are shown.
    pub moderation: Moderation,
    /// What the privacy signals `Sec-GPC: 1` and `DNT: 1` do.
    pub signals: PrivacySignals,
    /// Whether the reader cookie is sent only over HTTPS (`Secure`, RFC 6265 §4.1.2.5). Set it if the site uses HTTPS.
    /// False by default.
    pub secure_cookies: bool,
    /// The request rates for each network.
    pub rates: Rates,
    /// Whether the site is ready although its Redis may lose acknowledged events, because its `maxmemory-policy` is not
    /// `noeviction` or its `appendonly` is `no`. Then it only logs a warning. False by default.
    pub redis_may_lose_data: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            site: "site".into(),
            trusted_proxies: Vec::new(),
            own_origin: None,
            origins: Vec::new(),
            moderation: Moderation::default(),
            signals: PrivacySignals::default(),
            secure_cookies: false,
            rates: Rates::default(),
            redis_may_lose_data: false,
        }
    }
}

/// When comments are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Moderation {
    /// At once. A moderator can remove them.
    #[default]
    AfterPublishing,
    /// After a moderator shows them ([`Horizon::moderate`](crate::Horizon::moderate)).
    BeforePublishing,
}

/// What a privacy signal does: `Sec-GPC: 1` (W3C Global Privacy Control) or `DNT: 1` (W3C Tracking Preference
/// Expression). It also applies to [`Named`](crate::Identity::Named) callers, but not to likes and comments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum PrivacySignals {
    /// The visitor is counted without a visitor key: each live connection is a viewer, and a visit unless it is a
    /// reconnection.
    #[default]
    Count,
    /// The signal has no effect.
    Ignore,
    /// The visitor is not counted.
    Drop,
}

/// The request rates for each network (an IPv4 address or an IPv6 /64). A request that exceeds its rate fails with
/// [`TooManyRequests`](crate::ProblemKind::TooManyRequests) and a time to wait.
///
/// To bound memory, networks are stored as 17-bit hashes; networks with the same hash share a rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rates {
    /// Comments: 5 a minute by default. Retries with the same id are free.
    pub comments: Rate,
    /// Likes and their removals: 60 a minute by default.
    pub likes: Rate,
    /// Live streams, including reconnections: 600 a minute and 300 at once by default.
    pub live_streams: Rate,
    /// Page loads that count as a visit without a stream: 600 a minute and 300 at once by default.
    pub visits: Rate,
}

/// A rate of the generic cell rate algorithm (ITU-T I.371).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// The number of requests a minute, in the long run.
    pub per_minute: NonZeroU32,
    /// The number of requests at once, after a pause.
    pub burst: NonZeroU32,
}

impl Rate {
    /// Creates a rate. Zeros become ones.
    #[must_use]
    pub const fn new(per_minute: u32, burst: u32) -> Self {
        Self {
            per_minute: at_least_one(per_minute),
            burst: at_least_one(burst),
        }
    }
}

const fn at_least_one(number: u32) -> NonZeroU32 {
    match NonZeroU32::new(number) {
        Some(number) => number,
        None => NonZeroU32::MIN,
    }
}

impl Default for Rates {
    fn default() -> Self {
        Self {
            comments: Rate::new(5, 5),
            likes: Rate::new(60, 60),
            live_streams: Rate::new(600, 300),
            visits: Rate::new(600, 300),
        }
    }
}
