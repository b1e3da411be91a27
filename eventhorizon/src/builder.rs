use std::fmt;

use horizon_backend::{
    Backend, BackendConfig, BackendUrls, BusUrl, ProgramKind, SessionRetention, StoreHandle, StoreUrl,
    is_secret_missing, now,
};
use horizon_core::{CommentStore, Ports, Result, SaltStore, Slug, StatsStore, Timestamp, reports::SiteTimeZone};

use crate::{
    Config, EventPolicy, Horizon, Identify, PageDescription, Pages, ReportPolicy, Secret,
    clock::EventClock,
    rules::Rules,
    visit_context::{SiteContext, SiteCountries},
};

/// How long the start waits for the time of Redis: two seconds.
#[cfg(feature = "redis")]
const CLOCK_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(2);

/// Sets up a [`Horizon`]. All settings have defaults; only the pages are required.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use eventhorizon::{Horizon, PrivacySignals, Secret, Slug};
///
/// let horizon = Horizon::in_memory()
///     .secret(Secret::new("a sentence of at least 32 characters")?)
///     .configure(|config| config.signals = PrivacySignals::Drop)
///     .start(|slug: &Slug| slug.as_str() == "hello")
///     .await?;
/// assert!(horizon.page("hello").await.is_ok() && horizon.page("other").await.is_err());
/// horizon.close().await?;
/// # Ok(()) }
/// ```
#[must_use = "nothing happens before `start`"]
pub struct Builder {
    source: BackendSource,
    config: Config,
    secret: Option<Secret>,
    rules: Rules,
    clock: EventClock,
    countries: SiteCountries,
    time_zone: SiteTimeZone,
    session_retention: SessionRetention,
    #[cfg(feature = "redis")]
    node: Option<horizon_core::presence::NodeId>,
}

/// What to open the backend from.
enum BackendSource {
    Ports(Ports),
    Store(StoreHandle),
    Urls(BackendUrls),
}

impl Horizon {
    /// Sets up a site with an event bus and a store.
    ///
    /// | event bus | what it means |
    /// |---|---|
    /// | `memory:` | one process, which also counts |
    /// | `redis://…`, `rediss://…` (TLS) | any number of processes; `horizon-accumulator`s count (feature `redis`) |
    /// | `redis+pubsub://…`, `rediss+pubsub://…` | the same, but events may be lost |
    ///
    /// A store is `sqlite:PATH` (default feature `sqlite`), `postgres://…` (feature `postgres`), `redis://…` or
    /// `memory:`. A missing SQLite file is created in its existing folder, and a missing schema in its existing
    /// PostgreSQL database.
    ///
    /// With a bus in memory a process counts its own events. Several may count into one PostgreSQL or Redis, as during
    /// a deployment, and each event counts once. But each shows only its own viewers and live changes.
    ///
    /// ```
    /// use eventhorizon::Horizon;
    ///
    /// # #[cfg(feature = "sqlite")]
    /// assert!(Horizon::from_urls("memory:", "sqlite:numbers.db").is_ok());
    /// let error = Horizon::from_urls("memory:", "mysql:").unwrap_err();
    /// assert!(error.to_string().starts_with("the store is wrong: a store is `sqlite:PATH`"));
    /// ```
    ///
    /// # Errors
    /// A URL is invalid, needs a feature that this build lacks, or the two do not fit together. The error does not
    /// contain passwords.
    pub fn from_urls(bus: &str, store: &str) -> Result<Builder> {
        let urls = BackendUrls::parse(ProgramKind::Application, bus, store);
        Ok(Builder::new(BackendSource::Urls(urls?)))
    }

    /// Sets up a site with parsed URLs; see [`from_urls`](Self::from_urls).
    ///
    /// # Errors
    /// An application cannot use the event bus, or the two do not fit together.
    pub fn from_parsed_urls(bus: BusUrl, store: StoreUrl) -> Result<Builder> {
        let urls = BackendUrls::new(ProgramKind::Application, bus, store);
        Ok(Builder::new(BackendSource::Urls(urls?)))
    }

    /// Sets up a site that keeps everything in memory, for tests and first steps.
    pub fn in_memory() -> Builder {
        Builder::new(BackendSource::Urls(BackendUrls::in_memory()))
    }

    /// Sets up a site of one process with a store of your own, which implements the three store ports. The process
    /// counts into it. The store may be shared: `Arc<S>` is a store, too.
    ///
    /// [`close`](Self::close) counts the last events, and leaves the store open. A failed batch is retried until the
    /// store works again. Set the [`secret`](Builder::secret), or readers lose their cookies at each restart.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use eventhorizon::{Horizon, Secret, Slug};
    /// use horizon_memory::MemoryStore; // your adapter
    ///
    /// let secret = Secret::new("a sentence of at least 32 characters")?;
    /// let horizon = Horizon::from_store(MemoryStore::new()).secret(secret).start(|_: &Slug| true).await?;
    /// let ada = horizon.caller([192, 0, 2, 1].into(), [("user-agent", "Firefox")]);
    /// assert_eq!(horizon.like(&horizon.page("bread").await?, &ada).await?.view.likes, 1);
    /// horizon.close().await?;
    /// # Ok(()) }
    /// ```
    pub fn from_store<S: StatsStore + CommentStore + SaltStore + 'static>(store: S) -> Builder {
        Builder::new(BackendSource::Store(StoreHandle::from_store(store)))
    }

    /// Sets up a site with all ports of your own, for what the other constructors do not have: an event bus of your own
    /// that connects many processes, a presence of your own, or the fakes of `horizon-memory`. For a store of your own,
    /// [`from_store`](Self::from_store) is enough.
    ///
    /// Nothing is counted unless an accumulator takes the events of `ports.bus` to the store: run
    /// `horizon_backend::run_accumulator`, in this process or in another. It outlives the site: end it after
    /// [`close`](Self::close), which sends the last visits.
    pub fn from_ports(ports: Ports) -> Builder {
        Builder::new(BackendSource::Ports(ports))
    }
}

impl Builder {
    fn new(source: BackendSource) -> Self {
        Self {
            source,
            config: Config::default(),
            secret: None,
            rules: Rules::new(|_: &Slug| false),
            clock: EventClock::new(now),
            countries: SiteCountries::default(),
            time_zone: SiteTimeZone::utc(),
            session_retention: SessionRetention::default(),
            #[cfg(feature = "redis")]
            node: None,
        }
    }

    /// Changes the configuration.
    pub fn configure(mut self, change: impl FnOnce(&mut Config)) -> Self {
        change(&mut self.config);
        self
    }

    /// Sets the secret that signs cookies. By default it is created once and stored with the store: for SQLite in a
    /// file next to it that ends in `.secret` (readable by its owner on Unix), for PostgreSQL and Redis in the store.
    /// With a store in memory, or a store or ports of your own, the default is random and lost at exit.
    pub fn secret(mut self, secret: Secret) -> Self {
        self.secret = Some(secret);
        self
    }

    /// Sets how to identify callers. By default all are [unknown](crate::Identity::unknown).
    pub fn identify(mut self, identify: impl Identify + 'static) -> Self {
        self.rules.identify = Box::new(identify);
        self
    }

    /// Sets the policy for events. By default all are accepted.
    pub fn event_policy(mut self, policy: impl EventPolicy + 'static) -> Self {
        self.rules.policy = Box::new(policy);
        self
    }

    /// Sets who may read the reports. By default only a request with a [token](Self::reports_token) may.
    pub fn report_policy(mut self, policy: impl ReportPolicy + 'static) -> Self {
        self.rules.report_policy = Box::new(policy);
        self
    }

    /// Adds a token of at least 12 characters that gives full access to the reports, whatever the
    /// [policy](Self::report_policy) says. A site may have several.
    ///
    /// A program sends it as `Authorization: Bearer TOKEN`. A browser that opens the dashboard asks for a user name and
    /// a password: the password is the token, and the user name does not matter. Use an unpredictable text, such as the
    /// output of `openssl rand -hex 24`.
    ///
    /// ```
    /// use eventhorizon::Horizon;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let token = "a-token-of-this-example";
    /// let builder = Horizon::in_memory().reports_token(token)?;
    /// # let _ = builder;
    /// assert!(Horizon::in_memory().reports_token("hunter2").is_err());
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// The token is shorter.
    pub fn reports_token(mut self, token: &str) -> Result<Self> {
        self.rules.report_tokens.add(token)?;
        Ok(self)
    }

    /// Sets the titles, URL paths and dates of pages for the dashboard. By default the title is the slug. It is called
    /// for each page that the dashboard shows, and must not wait.
    pub fn describe_pages(
        mut self,
        describe: impl Fn(&Slug) -> Option<PageDescription> + Send + Sync + 'static,
    ) -> Self {
        self.rules.descriptions = Box::new(describe);
        self
    }

    /// Sets the clock, for tests. By default it is the system clock. With Redis it is corrected by that of Redis; with
    /// a clock that is more than ten minutes off, the site accepts no likes and comments. Timeouts and rates use
    /// monotonic clocks.
    pub fn clock(mut self, now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        self.clock = EventClock::new(now);
        self
    }

    /// Reads an MMDB file with the countries of addresses, such as GeoLite2 Country, DB-IP Lite or ip-location-db, for
    /// the country of visits. By default it is unknown, unless a [proxy](Config::country_header) states it. Blocks.
    ///
    /// The content stays in memory. A file that replaces this one is used within a minute. If it is broken, the first
    /// one stays in use, and the log has a warning.
    ///
    /// # Errors
    /// The file cannot be read, has more than 512 MiB, is no MMDB file, or has no countries. The error names it.
    #[cfg(feature = "context")]
    pub fn country_file(mut self, path: impl Into<std::path::PathBuf>) -> Result<Self> {
        self.countries.0 = Some(horizon_context::CountryFile::open(path)?);
        Ok(self)
    }

    /// Sets the time zone of the site. By default it is UTC. Visitor keys change at its midnight, and the days and
    /// hours of the reports are those of its clocks.
    ///
    /// The store keeps the time zone of the first event, and [`start`](Self::start) fails with another one. All
    /// processes of a site must have the same.
    pub fn time_zone(mut self, time_zone: SiteTimeZone) -> Self {
        self.time_zone = time_zone;
        self
    }

    /// Sets how long the sessions of the reports are kept, if this process counts. By default it is 90 days. Days and
    /// hours are always kept.
    pub fn session_retention(mut self, retention: SessionRetention) -> Self {
        self.session_retention = retention;
        self
    }

    /// Sets the name of this process among those that share a Redis. Names of running processes must be unique. The
    /// default is `web-` and eight random hexadecimal digits.
    #[cfg(feature = "redis")]
    pub fn node_name(mut self, name: horizon_core::presence::NodeId) -> Self {
        self.node = Some(name);
        self
    }

    /// Opens the backend and starts the background tasks. `pages` decides which pages exist. [`Horizon::close`] ends
    /// it.
    ///
    /// Await it within a tokio runtime. If the secret is stored in PostgreSQL or Redis, it waits for them without
    /// limit. Otherwise it waits a few seconds: the site also works without them, and counts once they are available.
    ///
    /// # Errors
    /// The store cannot be opened, or another process counts into it; its reports have another time zone; the secret
    /// cannot be read; the configuration is invalid.
    pub async fn start(mut self, pages: impl Pages + 'static) -> Result<Horizon> {
        self.config.check()?;
        self.rules.pages = Box::new(pages);
        // Open the store first: its lock keeps a second process from creating the secret at the same time.
        let is_secret_lost = self.is_secret_lost();
        let backend = self.open().await?;
        if is_secret_lost {
            tracing::warn!(
                "the database exists, but its secret file does not: a new secret is created, so all reader cookies \
                 become invalid; to undo this, restore the file that ends in `.secret` from a backup"
            );
        }
        let secret = match self.secret.take() {
            Some(secret) => secret,
            None => {
                if matches!(self.source, BackendSource::Store(_)) {
                    tracing::warn!(
                        "no secret is set for a store of the application: a random one is used, so all readers lose \
                         their cookies, and with them their likes, at the next restart; set it with `Builder::secret`"
                    );
                }
                Secret::from_bytes(backend.secret().await?)
            }
        };
        #[cfg(feature = "redis")]
        self.compare_clock().await;
        let context = SiteContext::new(&self.config, self.countries);
        let horizon = Horizon::new(backend, self.config, self.rules, self.clock, secret, context);
        // Visits wait for the salt, so read it before the first one.
        if let Err(error) = horizon.0.visitors.read_ahead().await {
            tracing::warn!(%error, "reading today's salt failed: visits are counted once it is read");
        }
        Ok(horizon)
    }

    /// Returns whether the database exists, but not its secret.
    fn is_secret_lost(&self) -> bool {
        match &self.source {
            BackendSource::Urls(urls) if self.secret.is_none() => is_secret_missing(urls.store()),
            _ => false,
        }
    }

    /// Waits for the time of Redis, so that the first events have it.
    #[cfg(feature = "redis")]
    async fn compare_clock(&self) {
        let compared = tokio::time::timeout(CLOCK_TIMEOUT, self.clock.corrected().compared()).await;
        if compared.is_err() {
            tracing::warn!("Redis did not report its time: likes and comments are rejected until it does");
        }
    }

    async fn open(&mut self) -> Result<Backend> {
        let mut config = BackendConfig::new(self.clock.corrected().clone());
        config.redis_may_lose_data = self.config.redis_may_lose_data;
        config.time_zone = self.time_zone.clone();
        config.session_retention = self.session_retention;
        #[cfg(feature = "redis")]
        {
            config.node = self.node.take();
        }
        match &self.source {
            BackendSource::Ports(ports) => Backend::from_ports(ports.clone(), &config).await,
            BackendSource::Store(store) => Backend::from_store(store, config).await,
            BackendSource::Urls(urls) => Backend::open(urls, config).await,
        }
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}
