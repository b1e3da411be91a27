use std::{fmt, num::NonZeroU32, str::FromStr, time::Duration};

use horizon_core::{Error, Result};
#[cfg(feature = "context")]
use http::HeaderName;
use ipnet::IpNet;

#[cfg(feature = "dashboard")]
use crate::DashboardLink;
#[cfg(feature = "comments")]
use crate::Moderation;
use crate::Origin;

/// The configuration of a site. [`Builder::configure`](crate::Builder::configure) changes it.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # use eventhorizon::{Horizon, PrivacySignals, Rate, Slug};
/// let builder = Horizon::in_memory().configure(|config| {
///     config.site = "shop.example.com".into();
///     config.trusted_proxies = vec!["10.0.0.0/8".parse().unwrap()];
///     config.signals = PrivacySignals::Drop;
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
    /// no visitors, and into the name of the reader cookie, so that two sites on one host do not share it.
    pub site: String,
    /// Proxies whose `X-Forwarded-For` is trusted; see [`client_addr`](crate::client_addr). None by default. A single
    /// address is a network, too: `IpNet::from(address)`.
    pub trusted_proxies: Vec<IpNet>,
    /// The site's own origin, such as `https://shop.example.com`. Then requests from its pages are same-origin even if
    /// a proxy passes on another `Host`; see [`Horizon::is_same_origin`](crate::Horizon::is_same_origin). None by
    /// default: `Origin` must match `Host`.
    pub own_origin: Option<Origin>,
    /// Other origins whose pages may show this site's stats and write to it. None by default. They cannot read reports.
    ///
    /// If there are any, the reader cookie is `SameSite=None; Partitioned`: browsers send it from those pages, and a
    /// browser is a different reader on each embedding site. Such a cookie needs
    /// [`secure_cookies`](Self::secure_cookies).
    ///
    /// [`Horizon::handle`](crate::Horizon::handle) adds the CORS headers for them.
    pub origins: Vec<Origin>,
    /// When comments are shown.
    #[cfg(feature = "comments")]
    pub moderation: Moderation,
    /// The header in which the [`trusted_proxies`](Self::trusted_proxies) state the country of the visitor, such as
    /// `cf-ipcountry`: two letters, which win over those of a [file](crate::Builder::country_file). None by default.
    /// The header of other peers is ignored. The proxy must set it in each request: otherwise visitors can.
    #[cfg(feature = "context")]
    pub country_header: Option<HeaderName>,
    /// The links at the top of the dashboard, such as one back to the site. None by default.
    #[cfg(feature = "dashboard")]
    pub dashboard_links: Vec<DashboardLink>,
    /// What the privacy signals `Sec-GPC: 1` and `DNT: 1` do.
    pub signals: PrivacySignals,
    /// Whether the reader cookie is sent only over HTTPS (`Secure`, RFC 6265 §4.1.2.5) and only by this host
    /// (`__Host-`). Set it if the site uses HTTPS. False by default.
    pub secure_cookies: bool,
    /// How long a viewer who left may count with a web framework that notices closed connections only at a write: 20
    /// seconds by default, from [`MIN_HEARTBEAT`](Self::MIN_HEARTBEAT) to [`MAX_HEARTBEAT`](Self::MAX_HEARTBEAT), and
    /// the grace of three seconds.
    ///
    /// A live stream without changes repeats its stats twice in this time, because the first write to a closed
    /// connection succeeds. The scripts for pages treat 45 seconds without a message as a lost connection.
    pub heartbeat: Duration,
    /// The request rates for each network.
    pub rates: Rates,
    /// The other limits for each network.
    pub network_limits: NetworkLimits,
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
            #[cfg(feature = "comments")]
            moderation: Moderation::default(),
            #[cfg(feature = "context")]
            country_header: None,
            #[cfg(feature = "dashboard")]
            dashboard_links: Vec::new(),
            signals: PrivacySignals::default(),
            secure_cookies: false,
            heartbeat: Duration::from_secs(20),
            rates: Rates::default(),
            network_limits: NetworkLimits::default(),
            redis_may_lose_data: false,
        }
    }
}

impl Config {
    /// The shortest [`heartbeat`](Self::heartbeat): one second.
    pub const MIN_HEARTBEAT: Duration = Duration::from_secs(1);

    /// The longest [`heartbeat`](Self::heartbeat): one minute. A stream then repeats its stats after 30 seconds, and a
    /// message may be late by 15 seconds before a client gives the connection up.
    pub const MAX_HEARTBEAT: Duration = Duration::from_secs(60);

    /// Returns the longest silence of a live stream.
    pub(crate) fn max_silence(&self) -> Duration {
        self.heartbeat / 2
    }

    /// Checks values and combinations.
    pub(crate) fn check(&self) -> Result<()> {
        if !self.origins.is_empty() && !self.secure_cookies {
            return Err(Error::permanent(
                "`origins` need `secure_cookies`: browsers send cookies from other sites only over HTTPS",
            ));
        }
        #[cfg(feature = "context")]
        if self.country_header.is_some() && self.trusted_proxies.is_empty() {
            return Err(Error::permanent(
                "`country_header` needs `trusted_proxies`: the header of other peers is ignored",
            ));
        }
        if self.heartbeat < Self::MIN_HEARTBEAT || self.heartbeat > Self::MAX_HEARTBEAT {
            return Err(Error::permanent(format!(
                "`heartbeat` must be {:?} to {:?}, not {:?}",
                Self::MIN_HEARTBEAT,
                Self::MAX_HEARTBEAT,
                self.heartbeat
            )));
        }
        Ok(())
    }
}

/// What a privacy signal does: `Sec-GPC: 1` (W3C Global Privacy Control) or `DNT: 1` (W3C Tracking Preference
/// Expression). It also applies to [named](crate::Identity::named) callers, but not to likes, comments and custom
/// events.
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
/// [`TooManyRequests`](crate::ProblemKind::TooManyRequests) and a time to wait. All networks of an IPv6 /48 together
/// have four times the rates of one. Each process counts for itself.
///
/// To bound memory, networks are stored as 17-bit hashes; networks with the same hash share a rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rates {
    /// Comments (feature `comments`): 5 a minute by default. Retries with the same id are free.
    pub comments: Rate,
    /// Likes and their removals: 60 a minute by default.
    pub likes: Rate,
    /// Custom events: 120 a minute and 60 at once by default.
    pub events: Rate,
    /// Live streams, including reconnections: 600 a minute and 300 at once by default.
    pub live_streams: Rate,
    /// Page loads that count as a visit without a stream: 600 a minute and 300 at once by default.
    pub visits: Rate,
    /// New visitors: 1 a minute and 64 at once by default. Further ones get the same pages and streams, but are not
    /// counted. A visitor whom this process counted before on this day (UTC) is not new. A visitor with a privacy
    /// signal is new with each connection, and [named](crate::Identity::named) callers never are.
    pub visitors: Rate,
}

/// The limits for each network (an IPv4 address or an IPv6 /64), besides the [`Rates`]. All networks of an IPv6 /48
/// together have four times the limits of one. Each process counts for itself, and forgets at its end.
///
/// The limits of a day (UTC) do not apply to [named](crate::Identity::named) callers. A request beyond a limit fails
/// with [`TooManyRequests`](crate::ProblemKind::TooManyRequests) and a time to wait.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # use eventhorizon::{Horizon, Slug};
/// let builder = Horizon::in_memory().configure(|config| config.network_limits.likes_without_visit = 1);
/// let horizon = builder.start(|_: &Slug| true).await?;
/// let bread = horizon.page("bread").await?;
/// let stranger = horizon.caller([192, 0, 2, 1].into(), [("user-agent", "Firefox")]);
/// assert!(horizon.like(&bread, &stranger).await.is_ok());
/// assert_eq!(horizon.like(&bread, &stranger).await.unwrap_err().status(), 429);
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NetworkLimits {
    /// Open live streams: 512 by default.
    pub live_streams: u32,
    /// Distinct viewers at a time: 64 by default. The streams of further ones show everything, but do not count, until
    /// they are opened again. It does not apply to [named](crate::Identity::named) callers.
    pub viewers: u32,
    /// Likes of a page on one day: 64 by default. Those of all pages together are limited to ten times that.
    pub likes: u32,
    /// Likes of a page on one day by readers without a cookie, if the network has not opened the page on that day, with
    /// a live stream or [`Horizon::visit`](crate::Horizon::visit): 3 by default. Those of all pages together are
    /// limited to ten times that.
    pub likes_without_visit: u32,
    /// Comments on one day (feature `comments`): 100 by default.
    pub comments: u32,
    /// Custom events on one day: 2,000 by default. Repetitions with an idempotency key are free.
    pub events: u32,
    /// New values of a visit's context on one day, such as sources and campaigns: 100 by default. Values that this
    /// process has seen on that day are not new. Further ones are recorded as
    /// [`OTHER_VALUE`](horizon_core::reports::OTHER_VALUE).
    pub new_values: u32,
}

/// A rate of the generic cell rate algorithm (ITU-T I.371). As a text, `60/10` is 60 requests a minute and 10 at once.
///
/// ```
/// use eventhorizon::Rate;
///
/// assert_eq!("60/10".parse(), Ok(Rate::new(60, 10)));
/// assert_eq!(Rate::new(60, 10).to_string(), "60/10");
/// assert!("60".parse::<Rate>().is_err());
/// ```
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

/// The text is not a [`Rate`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a rate is two numbers of at least 1, such as `60/10`: the requests a minute, and those at once")]
#[non_exhaustive]
pub struct ParseRateError;

impl FromStr for Rate {
    type Err = ParseRateError;
    fn from_str(text: &str) -> Result<Self, ParseRateError> {
        let (per_minute, burst) = text.split_once('/').ok_or(ParseRateError)?;
        let number = |text: &str| text.trim().parse().map_err(|_| ParseRateError);
        Ok(Self {
            per_minute: number(per_minute)?,
            burst: number(burst)?,
        })
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.per_minute, self.burst)
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
            events: Rate::new(120, 60),
            live_streams: Rate::new(600, 300),
            visits: Rate::new(600, 300),
            visitors: Rate::new(1, 64),
        }
    }
}

impl Default for NetworkLimits {
    fn default() -> Self {
        Self {
            live_streams: 512,
            viewers: 64,
            likes: 64,
            likes_without_visit: 3,
            comments: 100,
            events: 2_000,
            new_values: 100,
        }
    }
}
