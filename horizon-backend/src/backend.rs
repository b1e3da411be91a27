use std::fmt;
use std::mem;
use std::sync::Arc;
use std::time::Duration;

use horizon_core::reports::SiteTimeZone;
use horizon_core::{Error, Ports, Result};
use horizon_memory::{MemoryBus, MemoryPresence};
use parking_lot::Mutex;
use tokio::{task::JoinHandle, time::timeout};
use tokio_util::sync::{CancellationToken, DropGuard};

#[cfg(feature = "redis")]
use crate::redis_node::RedisNode;
use crate::{
    AccumulatorConfig, BackendUrlError, BackendUrls, BusUrl, CorrectedClock, Health, LoginKey, ReadinessCheck,
    ReportsCheck, SessionRetention, StoreHandle, StoreLock, random_bytes, stored_secret::stored_secret,
};

/// How long the background tasks and the store may take to end: 5 seconds. An accumulator's last batch takes up to 3
/// seconds, and SQLite up to 2.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

/// The ports of an application and the background tasks behind them. Dropping it ends them in the background.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use horizon_backend::{Backend, BackendConfig, BackendUrls, CorrectedClock, ProgramKind, now};
///
/// let urls = BackendUrls::parse(ProgramKind::Application, "memory:", "memory:")?;
/// let backend = Backend::open(&urls, BackendConfig::new(CorrectedClock::new(now))).await?;
/// assert!(backend.readiness().check().await.is_ok());
/// backend.close().await?;
/// # Ok(()) }
/// ```
pub struct Backend {
    ports: Ports,
    health: Health,
    reports: ReportsCheck,
    /// `None` if the ports belong to the application.
    store: Option<StoreHandle>,
    /// Whether the accumulator runs in this process.
    is_accumulator: bool,
    #[cfg(feature = "redis")]
    node: Option<Arc<RedisNode>>,
    tasks: Mutex<Vec<BackgroundTask>>,
    stop: CancellationToken,
    _stop_on_drop: DropGuard,
}

/// `None` if the task panicked.
pub(crate) type BackgroundTask = JoinHandle<Option<Result<()>>>;

/// How to open a [`Backend`].
#[derive(Clone, Debug)]
pub struct BackendConfig {
    /// The clock of the application. Redis corrects it.
    pub clock: CorrectedClock,
    /// The name of this node in Redis. The default is `web-` and eight random hexadecimal digits.
    pub node: Option<horizon_core::presence::NodeId>,
    /// Whether the backend is ready although its Redis may lose acknowledged data.
    pub redis_may_lose_data: bool,
    /// The time zone of the site: UTC by default. All processes of a site must have the same.
    pub time_zone: SiteTimeZone,
    /// How long the sessions of the reports are kept, if this process counts.
    pub session_retention: SessionRetention,
}

impl BackendConfig {
    /// Returns the default configuration with this clock.
    #[must_use]
    pub fn new(clock: CorrectedClock) -> Self {
        Self {
            clock,
            node: None,
            redis_may_lose_data: false,
            time_zone: SiteTimeZone::utc(),
            session_retention: SessionRetention::default(),
        }
    }
}

impl Backend {
    /// Opens the bus and the store and starts the background tasks. An unavailable PostgreSQL or Redis is not an error.
    ///
    /// # Errors
    /// The store cannot be opened, another process counts into it, its reports have another time zone, or the Redis is
    /// a node of Redis Cluster.
    pub async fn open(urls: &BackendUrls, config: BackendConfig) -> Result<Self> {
        let health = Health::default();
        match urls.bus() {
            BusUrl::Memory => Self::open_embedded(urls, config, health).await,
            #[cfg(feature = "redis")]
            BusUrl::Redis(redis, delivery) => {
                let redis = health.with_panic_reports(redis);
                Self::open_redis(urls, &redis, *delivery, config, health).await
            }
            BusUrl::Stdin => Err(Error::permanent(BackendUrlError::StdinBus.to_string())),
        }
    }

    /// Returns a backend of ports that belong to the application. Call it within a tokio runtime.
    ///
    /// # Errors
    /// The reports of the store have another time zone.
    pub async fn from_ports(ports: Ports, config: &BackendConfig) -> Result<Self> {
        let reports = ReportsCheck::new(Arc::clone(&ports.stats), config.time_zone.clone());
        reports.refuse_other_zone().await?;
        let (health, stop) = (Health::default(), CancellationToken::new());
        let task = spawn_reports_check(&reports, &health, &stop);
        Ok(Self {
            tasks: Mutex::new(vec![task]),
            ..Self::new(ports, reports, health, stop)
        })
    }

    /// Starts an accumulator in this process that counts into a store of the application. [`close`](Self::close) counts
    /// the last events, and does not close the store. Call it within a tokio runtime.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use horizon_backend::{Backend, BackendConfig, CorrectedClock, StoreHandle, now};
    /// use horizon_memory::MemoryStore; // your adapter
    ///
    /// let store = StoreHandle::from_store(MemoryStore::new());
    /// let backend = Backend::from_store(&store, BackendConfig::new(CorrectedClock::new(now))).await?;
    /// assert_eq!(backend.readiness().check().await, Ok("the store can be read"));
    /// backend.close().await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// The reports of the store have another time zone.
    pub async fn from_store(store: &StoreHandle, config: BackendConfig) -> Result<Self> {
        let (health, stop) = (Health::default(), CancellationToken::new());
        Self::embed(store, None, config, std::future::ready(()), health, stop).await
    }

    fn new(ports: Ports, reports: ReportsCheck, health: Health, stop: CancellationToken) -> Self {
        Self {
            ports,
            health,
            reports,
            store: None,
            is_accumulator: false,
            #[cfg(feature = "redis")]
            node: None,
            tasks: Mutex::default(),
            _stop_on_drop: stop.clone().drop_guard(),
            stop,
        }
    }

    async fn open_embedded(urls: &BackendUrls, config: BackendConfig, health: Health) -> Result<Self> {
        let stop = CancellationToken::new();
        #[cfg(feature = "redis")]
        let check = {
            let check = setup_check(urls, &config).await?;
            let (health, stop) = (health.clone(), stop.clone());
            async move { check.run(&health, stop.cancelled()).await }
        };
        #[cfg(not(feature = "redis"))]
        let check = std::future::ready(());
        let lock = StoreLock::acquire(urls.store())?;
        let store = StoreHandle::open(urls.store())?;
        Self::embed(&store, Some(lock), config, check, health, stop).await
    }

    /// Starts an accumulator in this process, which counts into the store behind `store`, and runs `check` at the same
    /// time. Its task closes the store before it releases the lock.
    async fn embed(
        store: &StoreHandle,
        lock: Option<StoreLock>,
        config: BackendConfig,
        check: impl Future<Output = ()> + Send + 'static,
        health: Health,
        stop: CancellationToken,
    ) -> Result<Self> {
        let reports = ReportsCheck::new(Arc::clone(&store.stats), config.time_zone);
        reports.refuse_other_zone().await?;
        let mut accumulator = AccumulatorConfig::new(config.clock);
        accumulator.reports = Some(reports.clone());
        accumulator.session_retention = config.session_retention;
        let (bus, mut consumer) = MemoryBus::new(Arc::clone(&store.stats));
        let (counted, stopped, reported) = (store.clone(), stop.clone(), health.clone());
        let checked = reports.clone();
        let counting = async move {
            let consumers = &mut [&mut consumer as _];
            let stats = &*counted.stats;
            let counting =
                crate::run_accumulator_observed(consumers, stats, &accumulator, &reported, stopped.cancelled());
            tokio::join!(counting, check, checked.run(&reported, stopped.cancelled()));
            let closed = counted.close().await;
            drop(lock);
            closed
        };
        let task = tokio::spawn(health.supervise("counting", counting));
        let ports = store.ports(Arc::new(MemoryPresence::default()), Arc::new(bus));
        Ok(Self {
            store: Some(store.clone()),
            is_accumulator: true,
            tasks: Mutex::new(vec![task]),
            ..Self::new(ports, reports, health, stop)
        })
    }

    #[cfg(feature = "redis")]
    async fn open_redis(
        urls: &BackendUrls,
        redis: &horizon_redis::RedisConfig,
        delivery: crate::Delivery,
        config: BackendConfig,
        health: Health,
    ) -> Result<Self> {
        let check = setup_check(urls, &config).await?;
        let store = StoreHandle::open(urls.store())?;
        let reports = ReportsCheck::new(Arc::clone(&store.stats), config.time_zone);
        reports.refuse_other_zone().await?;
        let name = config.node.map_or_else(|| crate::random_node_id("web"), Ok)?;
        let (node, bus) = RedisNode::connect(redis, delivery, &store, name, &config.clock, &health)?;
        let stop = CancellationToken::new();
        config.clock.require_comparison();
        let mut tasks = RedisNode::spawn_tasks(&node, &store, config.clock, check, &stop);
        tasks.push(spawn_reports_check(&reports, &health, &stop));
        let presence = Arc::clone(&node.presence);
        Ok(Self {
            store: Some(store.clone()),
            node: Some(node),
            tasks: Mutex::new(tasks),
            ..Self::new(store.ports(presence, bus), reports, health, stop)
        })
    }

    /// Returns the ports.
    #[must_use]
    pub fn ports(&self) -> &Ports {
        &self.ports
    }

    /// Returns the problems of the background tasks.
    #[must_use]
    pub fn health(&self) -> &Health {
        &self.health
    }

    /// Returns the check of the store's reports, which has the time zone of the site.
    #[must_use]
    pub fn reports_check(&self) -> &ReportsCheck {
        &self.reports
    }

    /// Reads the secret that is kept with the store, or creates it.
    ///
    /// SQLite has a file `<database>.secret`. In PostgreSQL and Redis all processes share the secret; while they are
    /// unavailable this waits, because without the secret a server cannot recognise its readers. With a store in
    /// memory, or a store or ports of the application, it is a new one each time.
    ///
    /// # Errors
    /// The file cannot be read or created, PostgreSQL or Redis rejects the command, or the operating system has no
    /// randomness.
    pub async fn secret(&self) -> Result<[u8; 32]> {
        match &self.store {
            Some(store) => stored_secret(store).await,
            None => random_bytes(),
        }
    }

    /// Returns the key of login sessions that is kept with the store. With ports of the application it is in memory.
    ///
    /// # Errors
    /// The operating system has no randomness.
    pub fn login_key(&self) -> Result<LoginKey> {
        match &self.store {
            Some(store) => LoginKey::open(store),
            None => LoginKey::in_memory(),
        }
    }

    /// Returns whether this process counts the events.
    #[must_use]
    pub fn is_accumulator(&self) -> bool {
        self.is_accumulator
    }

    /// Returns the check of the background tasks, the store and Redis.
    #[must_use]
    pub fn readiness(&self) -> ReadinessCheck {
        let check = ReadinessCheck::new(self.health.clone());
        let check = match &self.store {
            Some(store) => check.with_store(store.clone()),
            None => check,
        };
        #[cfg(feature = "redis")]
        if let Some(node) = &self.node {
            return check.with_redis(Arc::clone(&node.registry));
        }
        check
    }

    /// Returns the registry of the nodes that share a Redis, if this process is one of them.
    #[cfg(feature = "redis")]
    #[must_use]
    pub fn registry(&self) -> Option<&Arc<horizon_redis::NodeRegistry>> {
        self.node.as_ref().map(|node| &node.registry)
    }

    /// Sets what adds the pages and sources of this node's viewers to what it registers. It is called once a second.
    /// Only the first call has an effect, and only if this process is one of the nodes that share a Redis.
    #[cfg(feature = "redis")]
    pub fn describe_node(&self, describe: impl Fn(&mut horizon_redis::NodeInfo) + Send + Sync + 'static) {
        if let Some(node) = &self.node {
            let _ = node.describe.set(Box::new(describe));
        }
    }

    /// Returns what this node registers.
    #[cfg(feature = "redis")]
    #[must_use]
    pub fn node_info(&self) -> Option<horizon_redis::NodeInfo> {
        self.node.as_ref().map(|node| node.info())
    }

    /// Registers `horizon_problem`, `horizon_stream_lost` of a stream, and `horizon_late_events` if this process
    /// counts.
    #[cfg(feature = "metrics")]
    pub fn register_metrics(&self, registry: &mut prometheus_client::registry::Registry) {
        registry.register_collector(Box::new(self.health.clone()));
        if self.is_accumulator {
            registry.register_collector(Box::new(self.reports.clone()));
        }
        #[cfg(feature = "redis")]
        if let Some(metric) = self.node.as_ref().and_then(|node| node.lost_metric()) {
            registry.register_collector(Box::new(metric));
        }
    }

    /// Tells the other nodes that this one and its viewers leave. Call it at the beginning of a shutdown, because later
    /// changes of the viewers are not sent.
    pub async fn leave(&self) {
        #[cfg(feature = "redis")]
        if let Some(node) = &self.node {
            self.stop.cancel();
            node.presence.close().await;
        }
    }

    /// Ends the background tasks and closes the store, within 5 seconds. Call it after the last event.
    ///
    /// # Errors
    /// A task panicked, or the store could not be closed in time.
    pub async fn close(&self) -> Result<()> {
        self.stop.cancel();
        let tasks = mem::take(&mut *self.tasks.lock());
        let close = async {
            let mut outcome = Ok(());
            for task in tasks {
                let panicked = || Error::permanent("a background task panicked");
                let ended = task.await.map_err(|error| panicked().with_source(error));
                outcome = outcome.and(ended.and_then(|ended| ended.unwrap_or_else(|| Err(panicked()))));
            }
            match &self.store {
                // The accumulator has closed it.
                Some(store) if !self.is_accumulator => outcome.and(store.close().await),
                _ => outcome,
            }
        };
        let late = |error| Err(Error::unavailable("the backend did not end in time").with_source(error));
        timeout(CLOSE_TIMEOUT, close).await.unwrap_or_else(late)
    }
}

fn spawn_reports_check(reports: &ReportsCheck, health: &Health, stop: &CancellationToken) -> BackgroundTask {
    let (reports, reported, stopped) = (reports.clone(), health.clone(), stop.clone());
    let check = async move {
        reports.run(&reported, stopped.cancelled()).await;
        Ok(())
    };
    tokio::spawn(health.supervise("reports-check", check))
}

#[cfg(feature = "redis")]
async fn setup_check(urls: &BackendUrls, config: &BackendConfig) -> Result<crate::RedisSetupCheck> {
    let check = crate::RedisSetupCheck::new(urls, config.redis_may_lose_data)?;
    check.refuse_unusable().await?;
    Ok(check)
}

impl fmt::Debug for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Backend")
            .field("is_accumulator", &self.is_accumulator)
            .finish_non_exhaustive()
    }
}
