use std::num::NonZeroU32;

use ipnet::IpNet;

use crate::Origin;

/// How a site behaves. [`Builder::configure`](crate::Builder::configure) changes what you like.
///
/// ```
/// let config = eventhorizon::Config::default();
/// assert!(config.trusted_proxies.is_empty() && config.origins.is_empty());
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Config {
    /// The name of the site. It is hashed into visitor keys, so that two sites with one store share no visitor.
    pub site: String,
    /// Proxies whose `X-Forwarded-For` is believed. Without any, the peer's own address counts.
    pub trusted_proxies: Vec<IpNet>,
    /// Other origins whose pages may show this site's numbers and write to it. None, unless you say so.
    ///
    /// With any, the reader's cookie is one that a browser also sends from there (`SameSite=None; Partitioned`): a
    /// reader is known to each embedding site by itself. Such a cookie needs HTTPS, and so [`secure_cookies`](Self::secure_cookies).
    pub origins: Vec<Origin>,
    /// When a comment shows.
    pub moderation: Moderation,
    /// What `Sec-GPC: 1` and `DNT: 1` do.
    pub signals: Signals,
    /// Whether the reader's cookie is for HTTPS alone. Set it wherever the site is served over HTTPS.
    pub secure_cookies: bool,
    /// How much one network may ask for.
    pub rates: Rates,
}

impl Default for Config {
    /// No trusted proxy and no other origin, comments show at once, privacy signals are respected, cookies also over
    /// plain HTTP.
    fn default() -> Self {
        Self {
            site: "site".into(),
            trusted_proxies: Vec::new(),
            origins: Vec::new(),
            moderation: Moderation::default(),
            signals: Signals::default(),
            secure_cookies: false,
            rates: Rates::default(),
        }
    }
}

/// When a comment shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Moderation {
    /// At once; the author may take it down after.
    #[default]
    After,
    /// Once the author has let it through.
    First,
}

/// What a reader's privacy signal (`Sec-GPC: 1` or `DNT: 1`) does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Signals {
    /// The reader counts, without a key by which they could be known again.
    #[default]
    Count,
    /// Nothing.
    Ignore,
    /// The reader counts neither as a viewer nor as a visit.
    Drop,
}

/// How much one network (an IPv4 address, an IPv6 /64) may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rates {
    /// Comments posted.
    pub comments: Rate,
    /// Likes given or taken back.
    pub likes: Rate,
    /// Live streams opened.
    pub lives: Rate,
    /// Page loads that count as a visit without a stream.
    pub visits: Rate,
}

/// So many a minute, and so many at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// How many a minute, in the long run.
    pub per_minute: NonZeroU32,
    /// How many at once, after a pause.
    pub burst: NonZeroU32,
}

impl Rate {
    /// A rate; zero is taken as one.
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
            lives: Rate::new(600, 300),
            visits: Rate::new(600, 300),
        }
    }
}
