use std::num::NonZeroU32;

use ipnet::IpNet;

use crate::Origin;

/// How a site behaves. [`Builder::configure`](crate::Builder::configure) changes what you like.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # use eventhorizon::{Horizon, Moderation, Slug};
/// let builder = Horizon::in_memory().configure(|config| {
///     config.site = "shop.example.com".into();
///     config.trusted_proxies = vec!["10.0.0.0/8".parse().unwrap()];
///     config.moderation = Moderation::BeforePublishing;
///     config.secure_cookies = true;
/// });
/// let horizon = builder.start(|_: &Slug| true).await?;
/// assert!(horizon.config().origins.is_empty());
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Config {
    /// The name of the site. It is hashed into visitor keys, so that two sites with one store share no visitor.
    /// `site`, unless you say so.
    pub site: String,
    /// Proxies whose `X-Forwarded-For` is believed. Without any, the peer's own address counts.
    pub trusted_proxies: Vec<IpNet>,
    /// Other origins whose pages may show this site's numbers and write to it. None, unless you say so.
    ///
    /// With any, the reader's cookie is one that a browser also sends from there (`SameSite=None; Partitioned`): a
    /// reader is known to each embedding site by itself. Such a cookie needs HTTPS, and so
    /// [`secure_cookies`](Self::secure_cookies).
    ///
    /// `horizon-axum` also answers what browsers ask before they let such a page read (CORS). With another framework
    /// that is for its own layer: the same origins, with credentials.
    pub origins: Vec<Origin>,
    /// When a comment shows.
    pub moderation: Moderation,
    /// What `Sec-GPC: 1` and `DNT: 1` do.
    pub signals: Signals,
    /// Whether the reader's cookie is for HTTPS alone (`Secure`, RFC 6265 §4.1.2.5). Set it wherever the site is served
    /// over HTTPS. False, unless you say so.
    pub secure_cookies: bool,
    /// How much one network may ask for.
    pub rates: Rates,
    /// Whether the site is ready although its Redis may lose what it acknowledged, because its `maxmemory-policy` is
    /// not `noeviction` or its `appendonly` is `no`. Then only the log warns of it. False, unless you say so.
    pub redis_may_lose_data: bool,
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
            redis_may_lose_data: false,
        }
    }
}

/// When a comment shows.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # use eventhorizon::{Horizon, Moderation, NewComment, Slug};
/// let builder = Horizon::in_memory().configure(|config| config.moderation = Moderation::BeforePublishing);
/// let horizon = builder.start(|_: &Slug| true).await?;
/// let ada = horizon.caller([192, 0, 2, 1].into(), [("user-agent", "Firefox")]);
/// let posted = horizon.comment(&horizon.page("bread")?, NewComment::new("Ada", "Well said"), &ada).await?;
/// assert!(posted.pending); // until `Horizon::moderate` shows it
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Moderation {
    /// At once; the author may take it down after.
    #[default]
    AfterPublishing,
    /// Once the author has let it through.
    BeforePublishing,
}

/// What a reader's privacy signal does: `Sec-GPC: 1` (Global Privacy Control, W3C) or `DNT: 1` (Tracking Preference
/// Expression, W3C). It goes before [`Identity::Named`](crate::Identity::Named) where viewers and visits are counted,
/// and says nothing about likes and comments.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # use eventhorizon::{Horizon, Signals, Slug};
/// for (signals, is_known) in [(Signals::Count, false), (Signals::Ignore, true), (Signals::Drop, false)] {
///     let builder = Horizon::in_memory().configure(|config| config.signals = signals);
///     let horizon = builder.start(|_: &Slug| true).await?;
///     let agent = ("user-agent", "Mozilla/5.0 Firefox/130.0");
///     let ada = horizon.caller([192, 0, 2, 1].into(), [agent, ("sec-gpc", "1")]);
///     assert_eq!(horizon.visitor(&ada).await?.is_some(), is_known);
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Signals {
    /// The reader counts, without a key by which they could be known again: each live connection is a viewer of its
    /// own, and a visit of its own unless it says that it returns.
    #[default]
    Count,
    /// Nothing.
    Ignore,
    /// The reader counts neither as a viewer nor as a visit.
    Drop,
}

/// How much one network (an IPv4 address, an IPv6 /64) may ask for. Who asks for more gets
/// [`TooManyRequests`](crate::ProblemKind::TooManyRequests) and a time to wait.
///
/// Networks are known by a keyed hash of 17 bits, so that memory is bounded; two of one hash share a rate. The default
/// is 5 comments, 60 likes and 600 live streams a minute, and at once 5, 60 and 300.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # use eventhorizon::{Horizon, Rate, Slug};
/// let builder = Horizon::in_memory().configure(|config| config.rates.likes = Rate::new(1, 1));
/// let horizon = builder.start(|_: &Slug| true).await?;
/// let ada = horizon.caller([192, 0, 2, 1].into(), [("user-agent", "Firefox")]);
/// let bread = horizon.page("bread")?;
/// horizon.like(&bread, &ada).await?;
/// let refused = horizon.like(&bread, &ada).await.unwrap_err();
/// assert!(refused.status() == 429 && refused.retry_after().is_some()); // in a minute
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rates {
    /// Comments posted. One that is sent again under its id costs nothing.
    pub comments: Rate,
    /// Likes given or taken back.
    pub likes: Rate,
    /// Live streams opened, also those that a browser opens again.
    pub lives: Rate,
    /// Page loads that count as a visit without a stream.
    pub visits: Rate,
}

/// So many a minute, and so many at once (the generic cell rate algorithm, ITU-T I.371): `burst` after a pause, and
/// then one every 60 seconds divided by `per_minute`.
///
/// ```
/// use eventhorizon::Rate;
///
/// let rate = Rate::new(60, 10); // ten at once, then one a second
/// assert_eq!((rate.per_minute.get(), rate.burst.get()), (60, 10));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// How many a minute, in the long run.
    pub per_minute: NonZeroU32,
    /// How many at once, after a pause.
    pub burst: NonZeroU32,
}

impl Rate {
    /// A rate; zero is taken as one, because there is no rate that forbids.
    ///
    /// ```
    /// # use eventhorizon::Rate;
    /// assert_eq!(Rate::new(0, 0), Rate::new(1, 1));
    /// ```
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
