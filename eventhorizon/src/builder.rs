use std::fmt;

use horizon_backend::{
    Backend, BackendConfig, BackendUrls, BusUrl, Program, SettingError, StoreUrl, is_secret_missing, now, stored_secret,
};
use horizon_core::{Error, Ports, Result, Slug, Timestamp};

use crate::{Config, EventPolicy, Horizon, Identify, Pages, Secret, clock::EventClock, rules::Rules};

/// How long a start waits for the time of Redis: two seconds.
#[cfg(feature = "redis")]
const COMPARE_WAIT: std::time::Duration = std::time::Duration::from_secs(2);

/// Sets a [`Horizon`] up. Every setting has a default, but for which pages there are.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use eventhorizon::{Horizon, Moderation, Secret, Slug};
///
/// let horizon = Horizon::in_memory()
///     .secret(Secret::new("a sentence of at least 32 characters")?)
///     .configure(|config| config.moderation = Moderation::BeforePublishing)
///     .start(|slug: &Slug| slug.as_str() == "hello")
///     .await?;
/// assert!(horizon.page("hello").is_ok() && horizon.page("other").is_err());
/// horizon.close().await?;
/// # Ok(()) }
/// ```
#[must_use = "nothing happens before `start`"]
pub struct Builder {
    behind: BackendSource,
    config: Config,
    secret: Option<Secret>,
    rules: Rules,
    clock: EventClock,
    #[cfg(feature = "redis")]
    node: Option<horizon_core::presence::NodeId>,
}

/// What to open the backend from.
enum BackendSource {
    Ports(Ports),
    Urls(BackendUrls),
}

impl Horizon {
    /// A site whose events go through `pipe` and whose numbers are kept in `store`.
    ///
    /// | pipe | what it means |
    /// |---|---|
    /// | `memory:` | this process alone, which counts too |
    /// | `redis://…`, `rediss://…` | as many processes as you like; `horizon-accumulator`s count (feature `redis`) |
    /// | `redis+pubsub://…` | the same, best effort |
    ///
    /// `rediss+pubsub://…` is that with TLS. A store is `sqlite:PATH` (feature `sqlite`, on by default), `redis://…` or
    /// `memory:`. The file of SQLite is made if there is none; its folder has to be there.
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
    /// An address is none, or names what this build has no feature for. The sentence says which, and repeats no
    /// password.
    pub fn from_urls(pipe: &str, store: &str) -> Result<Builder> {
        let urls = BackendUrls::parse(Program::Application, pipe, store);
        Ok(Builder::new(BackendSource::Urls(urls.map_err(invalid_setting)?)))
    }

    /// The same, with addresses that are read already.
    ///
    /// ```
    /// use eventhorizon::{Horizon, BusUrl, StoreUrl};
    ///
    /// assert!(Horizon::from_parsed_urls(BusUrl::Memory, StoreUrl::Memory).is_ok());
    /// let error = Horizon::from_parsed_urls(BusUrl::Stdin, StoreUrl::Memory).unwrap_err();
    /// assert!(error.to_string().starts_with("the bus is wrong"));
    /// ```
    ///
    /// # Errors
    /// The pipe is none for an application, or the two do not go together.
    pub fn from_parsed_urls(pipe: BusUrl, store: StoreUrl) -> Result<Builder> {
        let urls = BackendUrls::new(Program::Application, pipe, store);
        Ok(Builder::new(BackendSource::Urls(urls.map_err(invalid_setting)?)))
    }

    /// A site all of whose numbers end with the process: to try it, and for tests.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use eventhorizon::{Horizon, Slug};
    /// let horizon = Horizon::in_memory().start(|slug: &Slug| slug.as_str() == "bread").await?;
    /// assert_eq!(horizon.stats(&[horizon.page("bread")?.into()]).await?[0].likes, 0);
    /// # Ok(()) }
    /// ```
    pub fn in_memory() -> Builder {
        Builder::new(BackendSource::Urls(BackendUrls::in_memory()))
    }

    /// A site over ports of your own: an adapter that you wrote, or the fakes of `horizon-memory`.
    ///
    /// Somebody else has to count what goes into `ports.analytics`, or nothing is ever counted.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use eventhorizon::{Horizon, Slug};
    /// use std::{future::pending, sync::Arc};
    /// use horizon_backend::now;
    /// use horizon_core::Ports;
    /// use horizon_memory::{MemoryPresence, MemoryBus, MemoryStats};
    ///
    /// let store = Arc::new(MemoryStats::new());
    /// let (pipe, feed) = MemoryBus::new(store.clone());
    /// tokio::spawn(horizon_backend::run_accumulator(feed, store.clone(), now, pending()));
    /// let ports = Ports::with_store(Arc::new(MemoryPresence::default()), Arc::new(pipe), store);
    /// let horizon = Horizon::from_ports(ports).start(|_: &Slug| true).await?;
    /// let ada = horizon.caller([192, 0, 2, 1].into(), [("user-agent", "Firefox")]);
    /// assert_eq!(horizon.like(&horizon.page("bread")?, &ada).await?.view.likes, 1);
    /// # Ok(()) }
    /// ```
    pub fn from_ports(ports: Ports) -> Builder {
        Builder::new(BackendSource::Ports(ports))
    }
}

fn invalid_setting(error: SettingError) -> Error {
    Error::permanent(error.to_string())
}

impl Builder {
    fn new(behind: BackendSource) -> Self {
        Self {
            behind,
            config: Config::default(),
            secret: None,
            rules: Rules::new(|_: &Slug| false),
            clock: EventClock::new(now),
            #[cfg(feature = "redis")]
            node: None,
        }
    }

    /// Changes what you like of how the site behaves. What it does not touch stays as it was.
    ///
    /// ```
    /// use eventhorizon::{Horizon, Signals};
    ///
    /// let builder = Horizon::in_memory().configure(|config| config.signals = Signals::Drop);
    /// # let _ = builder;
    /// ```
    pub fn configure(mut self, change: impl FnOnce(&mut Config)) -> Self {
        change(&mut self.config);
        self
    }

    /// What cookies are signed with. Without it the secret is made once and kept with the store, or, where nothing is
    /// kept or the ports are your own, is good until the process ends. With SQLite it is in a file beside the store,
    /// whose name ends in `.secret`, on Unix for its owner alone; in Redis it is one for all processes.
    ///
    /// ```
    /// use eventhorizon::{Horizon, Secret};
    ///
    /// let builder = Horizon::in_memory().secret(Secret::new("a sentence of at least 32 characters")?);
    /// # let _ = builder;
    /// # Ok::<(), eventhorizon::SecretError>(())
    /// ```
    pub fn secret(mut self, secret: Secret) -> Self {
        self.secret = Some(secret);
        self
    }

    /// Who asks, as far as the application knows. Without it nobody is known: see [`Identity`](crate::Identity).
    ///
    /// ```
    /// use eventhorizon::{Caller, Horizon, Identity};
    ///
    /// #[derive(Clone)]
    /// struct User(u64);
    /// let builder = Horizon::in_memory().identify(|caller: &Caller| match caller.extensions().get::<User>() {
    ///     Some(User(number)) => Identity::Named(number.to_string()),
    ///     None => Identity::Unknown,
    /// });
    /// # let _ = builder;
    /// ```
    pub fn identify(mut self, identify: impl Identify + 'static) -> Self {
        self.rules.identify = Box::new(identify);
        self
    }

    /// Whether what is about to happen is wanted. Without it everything is.
    ///
    /// ```
    /// use eventhorizon::{Decision, Horizon, ProposedEvent};
    ///
    /// let builder = Horizon::in_memory().decide(|proposal: &ProposedEvent<'_>| match proposal.topic.slug() {
    ///     Some(slug) if slug.as_str() == "closed" => Decision::Reject("It is closed.".into()),
    ///     _ => Decision::Accept,
    /// });
    /// # let _ = builder;
    /// ```
    pub fn decide(mut self, decide: impl EventPolicy + 'static) -> Self {
        self.rules.policy = Box::new(decide);
        self
    }

    /// The time, for tests that set it by hand. Without it the machine's clock tells it. Over Redis it is corrected by
    /// that of Redis, and one that is more than ten minutes off takes no likes and comments. Waits and rates go by
    /// tokio's and the machine's own clock.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use eventhorizon::{Horizon, NewComment, Slug};
    /// use horizon_core::Timestamp;
    ///
    /// let noon = Timestamp::from_millis(1_800_000_000_000);
    /// let horizon = Horizon::in_memory().clock(move || noon).start(|_: &Slug| true).await?;
    /// let ada = horizon.caller([192, 0, 2, 1].into(), [("user-agent", "Firefox")]);
    /// let posted = horizon.comment(&horizon.page("bread")?, NewComment::new("Ada", "Well said"), &ada).await?;
    /// assert_eq!(posted.view.at, noon);
    /// # Ok(()) }
    /// ```
    pub fn clock(mut self, now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        self.clock = EventClock::new(now);
        self
    }

    /// The name of this process among those that share a Redis. No two that run may have the same. Without it it is
    /// `web-` and eight random hexadecimal digits. Alone a process needs no name, and has none.
    ///
    /// ```
    /// use eventhorizon::Horizon;
    ///
    /// let builder = Horizon::from_urls("redis://127.0.0.1", "redis://127.0.0.1")?.node("web-1".parse()?);
    /// # let _ = builder;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[cfg(feature = "redis")]
    pub fn node(mut self, name: horizon_core::presence::NodeId) -> Self {
        self.node = Some(name);
        self
    }

    /// Opens what was named and starts what runs in the background; [`Horizon::close`] ends it. `pages` says which
    /// pages there are.
    ///
    /// It has to be awaited within a tokio runtime. A Redis that is away is waited for, however long, where the secret
    /// is kept in it, and otherwise for one second: readers are served without it, and counted once it is there.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use eventhorizon::{Horizon, Slug};
    ///
    /// let horizon = Horizon::in_memory().start(|slug: &Slug| matches!(slug.as_str(), "bread" | "soup")).await?;
    /// assert!(horizon.page("soup").is_ok() && horizon.page("stew").is_err());
    /// horizon.close().await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// The store cannot be used, or another process counts into it; the secret cannot be read; the configuration
    /// contradicts itself.
    pub async fn start(mut self, pages: impl Pages + 'static) -> Result<Horizon> {
        if !self.config.origins.is_empty() && !self.config.secure_cookies {
            return Err(Error::permanent(
                "other origins need `secure_cookies`: a browser sends a reader's cookie from another site over HTTPS alone",
            ));
        }
        self.rules.pages = Box::new(pages);
        // First, because of two that start at once only one may have the store, and make the secret beside it.
        let is_secret_lost = self.is_secret_lost();
        let backend = self.open().await?;
        if is_secret_lost {
            tracing::warn!(
                "the database is there and the secret beside it is not: a new one is made, and no reader is recognised \
                 by their cookie any more; to undo that, restore the file that ends in `.secret` from a backup"
            );
        }
        let secret = match (self.secret.take(), &self.behind) {
            (Some(secret), _) => secret,
            (None, BackendSource::Ports(_)) => Secret::random()?,
            (None, BackendSource::Urls(urls)) => Secret::from_bytes(stored_secret(urls.store()).await?),
        };
        #[cfg(feature = "redis")]
        self.compare_clock().await;
        let horizon = Horizon::new(backend, self.config, self.rules, self.clock, secret);
        // Before the first reader comes: a visit waits for the salt, and a short one would end before.
        if let Err(error) = horizon.0.visitors.read_ahead().await {
            tracing::warn!(%error, "today's salt cannot be read yet: visits are counted once it can");
        }
        Ok(horizon)
    }

    /// Whether a secret is going to be made for a database that had one.
    fn is_secret_lost(&self) -> bool {
        match &self.behind {
            BackendSource::Urls(urls) if self.secret.is_none() => is_secret_missing(urls.store()),
            _ => false,
        }
    }

    /// Waits for the time of Redis, so that what happens first has it, too. One that is away is not waited for.
    #[cfg(feature = "redis")]
    async fn compare_clock(&self) {
        let compared = tokio::time::timeout(COMPARE_WAIT, self.clock.corrected().compared()).await;
        if compared.is_err() {
            tracing::warn!("Redis did not tell the time; until it does, no like and no comment is taken");
        }
    }

    async fn open(&mut self) -> Result<Backend> {
        let urls = match &self.behind {
            BackendSource::Ports(ports) => return Ok(Backend::from_ports(ports.clone())),
            BackendSource::Urls(urls) => urls,
        };
        let mut config = BackendConfig::new(self.clock.corrected().clone());
        config.redis_may_lose_data = self.config.redis_may_lose_data;
        #[cfg(feature = "redis")]
        {
            config.node = self.node.take();
        }
        Backend::open(urls, config).await
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}
