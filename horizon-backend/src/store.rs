use std::fmt;
#[cfg(feature = "sqlite")]
use std::path::PathBuf;
use std::sync::Arc;

use horizon_core::{CommentStore, Error, EventBus, Ports, Presence, Result, SaltStore, StatsStore, Topic};
use horizon_memory::MemoryStore;
#[cfg(feature = "postgres")]
use horizon_postgres::PostgresStore;
#[cfg(feature = "redis")]
use horizon_redis::RedisStore;
#[cfg(feature = "sqlite")]
use horizon_sqlite::SqliteStore;

use crate::{Health, StoreUrl};

/// An open store and its ports. Clones share the store.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use horizon_backend::StoreHandle;
/// use horizon_core::{StatsStoreExt, Topic};
///
/// let store = StoreHandle::open(&"memory:".parse()?)?;
/// assert_eq!(store.stats.total(&Topic::Site).await?.stats.visits, 0);
/// store.check_writable().await?;
/// store.close().await?;
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct StoreHandle {
    /// The totals of the topics.
    pub stats: Arc<dyn StatsStore>,
    /// The comments.
    pub comments: Arc<dyn CommentStore>,
    /// The salts of the visitor keys.
    pub salts: Arc<dyn SaltStore>,
    pub(crate) adapter: StoreAdapter,
    /// `None` if the application opened the store.
    url: Option<StoreUrl>,
}

#[derive(Clone)]
pub(crate) enum StoreAdapter {
    /// A store that the application opened and closes.
    Application,
    Memory,
    #[cfg(feature = "sqlite")]
    Sqlite(Arc<SqliteStore>, PathBuf),
    #[cfg(feature = "postgres")]
    Postgres(Arc<PostgresStore>),
    #[cfg(feature = "redis")]
    Redis(Arc<RedisStore>),
}

impl StoreHandle {
    /// Opens a store and creates its SQLite file if necessary. PostgreSQL and Redis need a tokio runtime and may be
    /// unavailable.
    ///
    /// # Errors
    /// The SQLite file cannot be used, or the configuration of the client is invalid.
    pub fn open(url: &StoreUrl) -> Result<Self> {
        let store = match url {
            StoreUrl::Memory => Self::new(Arc::new(MemoryStore::new()), |_| StoreAdapter::Memory),
            #[cfg(feature = "sqlite")]
            StoreUrl::Sqlite(path) => Self::new(Arc::new(SqliteStore::open(path)?), |store| {
                StoreAdapter::Sqlite(store, path.clone())
            }),
            #[cfg(feature = "postgres")]
            StoreUrl::Postgres(config) => Self::new(Arc::new(PostgresStore::new(config)?), StoreAdapter::Postgres),
            #[cfg(feature = "redis")]
            StoreUrl::Redis(redis) => Self::new(Arc::new(RedisStore::connect(redis)?), StoreAdapter::Redis),
        };
        Ok(store.with_url(url))
    }

    /// Opens a store for reading, also while another process counts into it. Does not create, lock or change an SQLite
    /// file or a schema of PostgreSQL. PostgreSQL and Redis need a tokio runtime and may be unavailable.
    ///
    /// # Errors
    /// The SQLite file is missing, was written by an older or newer version, or cannot be used; the store is in memory;
    /// the configuration of the client is invalid. If a schema of PostgreSQL is missing, older or newer, all reads fail
    /// permanently.
    pub fn open_read_only(url: &StoreUrl) -> Result<Self> {
        match url {
            StoreUrl::Memory => Err(Error::permanent(
                "a store in memory can only be read by its own process",
            )),
            #[cfg(feature = "sqlite")]
            StoreUrl::Sqlite(path) => {
                let store = Arc::new(SqliteStore::open_read_only(path)?);
                let store = Self::new(store, |store| StoreAdapter::Sqlite(store, path.clone()));
                Ok(store.with_url(url))
            }
            #[cfg(feature = "postgres")]
            StoreUrl::Postgres(config) => {
                let store = Arc::new(PostgresStore::open_existing(config)?);
                Ok(Self::new(store, StoreAdapter::Postgres).with_url(url))
            }
            #[cfg(feature = "redis")]
            StoreUrl::Redis(_) => Self::open(url),
        }
    }

    /// Returns a handle of a store that the application opened. Closing the handle does not close the store.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use horizon_backend::StoreHandle;
    /// use horizon_memory::MemoryStore; // your adapter
    ///
    /// let store = StoreHandle::from_store(MemoryStore::new());
    /// store.check_writable().await?;
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn from_store<S: StatsStore + CommentStore + SaltStore + 'static>(store: S) -> Self {
        Self::new(Arc::new(store), |_| StoreAdapter::Application)
    }

    fn new<S: StatsStore + CommentStore + SaltStore + 'static>(
        store: Arc<S>,
        adapter: impl FnOnce(Arc<S>) -> StoreAdapter,
    ) -> Self {
        Self {
            stats: Arc::clone(&store) as _,
            comments: Arc::clone(&store) as _,
            salts: Arc::clone(&store) as _,
            adapter: adapter(store),
            url: None,
        }
    }

    fn with_url(mut self, url: &StoreUrl) -> Self {
        self.url = Some(url.clone());
        self
    }

    /// Returns the ports of an application with this store.
    pub(crate) fn ports(&self, presence: Arc<dyn Presence>, bus: Arc<dyn EventBus>) -> Ports {
        let (stats, comments, salts) = (&self.stats, &self.comments, &self.salts);
        Ports::new(
            presence,
            bus,
            Arc::clone(stats),
            Arc::clone(comments),
            Arc::clone(salts),
        )
    }

    /// Writes to the store. Reads from a store that the application opened, because the ports have no write that
    /// changes nothing.
    ///
    /// # Errors
    /// The write or the read failed.
    pub async fn check_writable(&self) -> Result<()> {
        match &self.adapter {
            StoreAdapter::Application => self.stats.totals(&[Topic::Site]).await.map(drop),
            StoreAdapter::Memory => Ok(()),
            #[cfg(feature = "sqlite")]
            StoreAdapter::Sqlite(store, _) => store.check_writable().await,
            #[cfg(feature = "postgres")]
            StoreAdapter::Postgres(store) => store.check_writable().await,
            #[cfg(feature = "redis")]
            StoreAdapter::Redis(store) => store.check_writable().await,
        }
    }

    /// Returns a text that is the same in all processes with this store, and `None` for a store in memory or one that
    /// the application opened. A copy of an SQLite file is another store; a copy of a schema of PostgreSQL has
    /// the same text.
    ///
    /// # Errors
    /// Retryable if the store is unavailable.
    pub async fn identity(&self) -> Result<Option<String>> {
        match &self.adapter {
            StoreAdapter::Application | StoreAdapter::Memory => Ok(None),
            #[cfg(feature = "sqlite")]
            StoreAdapter::Sqlite(_, path) => {
                let path = path.clone();
                let identity = tokio::task::spawn_blocking(move || file_identity(&path)).await;
                let stopped = |error| Error::unavailable("the store's file could not be inspected").with_source(error);
                identity.map_err(stopped)?.map(Some)
            }
            #[cfg(feature = "postgres")]
            StoreAdapter::Postgres(store) => store.identity().await.map(|id| Some(format!("postgres:{id}"))),
            #[cfg(feature = "redis")]
            StoreAdapter::Redis(store) => store.identity().await.map(|id| Some(format!("redis:{id}"))),
        }
    }

    /// Returns whether the application opened the store.
    pub(crate) fn is_from_application(&self) -> bool {
        matches!(self.adapter, StoreAdapter::Application)
    }

    /// Reports panics of SQLite's threads to `health`; see [`Health::with_panic_reports`] for Redis.
    pub(crate) fn report_panics_to(&self, health: &Health) {
        #[cfg(feature = "sqlite")]
        if let StoreAdapter::Sqlite(store, _) = &self.adapter {
            let health = health.clone();
            store.on_task_panic(move |task, message| health.report_panic(task, message));
        }
        #[cfg(not(feature = "sqlite"))]
        let _ = health;
    }

    /// Completes the queued writes of an SQLite store and closes it, or closes the connections to PostgreSQL. Has no
    /// effect on other stores.
    ///
    /// # Errors
    /// Retryable if this takes more than 2 seconds.
    pub async fn close(&self) -> Result<()> {
        match &self.adapter {
            StoreAdapter::Application | StoreAdapter::Memory => Ok(()),
            #[cfg(feature = "postgres")]
            StoreAdapter::Postgres(store) => {
                store.close();
                Ok(())
            }
            #[cfg(feature = "redis")]
            StoreAdapter::Redis(_) => Ok(()),
            #[cfg(feature = "sqlite")]
            StoreAdapter::Sqlite(store, _) => store.close().await,
        }
    }
}

/// Returns the device, inode and creation time of a file, or its path on other systems than Unix.
#[cfg(feature = "sqlite")]
fn file_identity(path: &std::path::Path) -> Result<String> {
    let failed = |error| {
        let sentence = format!("the file {} cannot be inspected", path.display());
        Error::unavailable(sentence).with_source(error)
    };
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        let file = std::fs::metadata(path).map_err(failed)?;
        let created = file
            .created()
            .ok()
            .and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok());
        let created = created.map_or(0, |created| created.as_nanos());
        Ok(format!("sqlite:{}:{}:{created}", file.dev(), file.ino()))
    }
    #[cfg(not(unix))]
    {
        let path = path.canonicalize().map_err(failed)?;
        Ok(format!("sqlite:{}", path.display()))
    }
}

impl fmt::Debug for StoreHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreHandle")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}
