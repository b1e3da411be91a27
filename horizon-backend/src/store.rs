use std::fmt;
#[cfg(feature = "sqlite")]
use std::path::PathBuf;
use std::sync::Arc;

#[cfg(feature = "sqlite")]
use horizon_core::Error;
use horizon_core::{CommentStore, Result, SaltStore, StatsStore};
use horizon_memory::MemoryStats;
#[cfg(feature = "redis")]
use horizon_redis::RedisStats;
#[cfg(feature = "sqlite")]
use horizon_sqlite::SqliteStats;

use crate::{Health, StoreUrl};

/// One store seen through its three ports. Cloning is cheap; all clones are one.
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
    /// The numbers.
    pub stats: Arc<dyn StatsStore>,
    /// The comments.
    pub comments: Arc<dyn CommentStore>,
    /// The secrets of the days.
    pub salts: Arc<dyn SaltStore>,
    kind: Kind,
}

#[derive(Clone)]
enum Kind {
    Memory,
    #[cfg(feature = "sqlite")]
    Sqlite(Arc<SqliteStats>, PathBuf),
    #[cfg(feature = "redis")]
    Redis(Arc<RedisStats>),
}

impl StoreHandle {
    /// Opens the store that `url` names. An SQLite file is made if there is none. With Redis it has to be called within
    /// a tokio runtime.
    ///
    /// # Errors
    /// The store's, if it cannot be used. A Redis that is away is no such error: it may come.
    pub fn open(url: &StoreUrl) -> Result<Self> {
        match url {
            StoreUrl::Memory => Ok(Self::of(Arc::new(MemoryStats::new()), |_| Kind::Memory)),
            #[cfg(feature = "sqlite")]
            StoreUrl::Sqlite(path) => Ok(Self::of(Arc::new(SqliteStats::open(path)?), |store| {
                Kind::Sqlite(store, path.clone())
            })),
            #[cfg(feature = "redis")]
            StoreUrl::Redis(redis) => Ok(Self::of(Arc::new(RedisStats::connect(redis)?), Kind::Redis)),
        }
    }

    fn of<S: StatsStore + CommentStore + SaltStore + 'static>(
        store: Arc<S>,
        kind: impl FnOnce(Arc<S>) -> Kind,
    ) -> Self {
        Self {
            stats: Arc::clone(&store) as _,
            comments: Arc::clone(&store) as _,
            salts: Arc::clone(&store) as _,
            kind: kind(store),
        }
    }

    /// Whether the store can be written to; it tries.
    ///
    /// # Errors
    /// Those of a write.
    pub async fn check_writable(&self) -> Result<()> {
        match &self.kind {
            Kind::Memory => Ok(()),
            #[cfg(feature = "sqlite")]
            Kind::Sqlite(store, _) => store.check_writable().await,
            #[cfg(feature = "redis")]
            Kind::Redis(store) => store.check_writable().await,
        }
    }

    /// Returns a text that only processes with the same store get. One in memory is known to nobody else and has none.
    ///
    /// Of an SQLite file it is what the system knows it by, so that a copy is another store.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use horizon_backend::{StoreHandle, StoreUrl};
    ///
    /// assert_eq!(StoreHandle::open(&StoreUrl::Memory)?.identity().await?, None);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// Retryable if the store cannot be asked now.
    pub async fn identity(&self) -> Result<Option<String>> {
        match &self.kind {
            Kind::Memory => Ok(None),
            #[cfg(feature = "sqlite")]
            Kind::Sqlite(_, path) => {
                let path = path.clone();
                // The file system may not answer, and other tasks go on meanwhile.
                let identity = tokio::task::spawn_blocking(move || file_identity(&path)).await;
                let stopped = |error| Error::unavailable("the store's file was not looked up").with_source(error);
                identity.map_err(stopped)?.map(Some)
            }
            #[cfg(feature = "redis")]
            Kind::Redis(store) => store.identity().await.map(|id| Some(format!("redis:{id}"))),
        }
    }

    /// Reports a panic of the store's own thread to `health`. Memory and Redis have none: the tasks of a Redis store
    /// report as [`Health::watch_redis`] says.
    pub(crate) fn report_panics_to(&self, health: &Health) {
        #[cfg(feature = "sqlite")]
        if let Kind::Sqlite(store, _) = &self.kind {
            let health = health.clone();
            store.on_task_panic(move |task, message| health.report_panic(task, message));
        }
        #[cfg(not(feature = "sqlite"))]
        let _ = health;
    }

    /// Writes what is queued and takes no more. Memory and Redis have nothing queued, and go on.
    ///
    /// # Errors
    /// Retryable if that takes more than 2 seconds.
    pub async fn close(&self) -> Result<()> {
        match &self.kind {
            Kind::Memory => Ok(()),
            // It has what it said Ok to.
            #[cfg(feature = "redis")]
            Kind::Redis(_) => Ok(()),
            #[cfg(feature = "sqlite")]
            Kind::Sqlite(store, _) => store.close().await,
        }
    }
}

/// Returns device, number and time of birth of a file; its whole path where the system tells no device.
#[cfg(feature = "sqlite")]
fn file_identity(path: &std::path::Path) -> Result<String> {
    let failed = |error| {
        let sentence = format!("the file {} cannot be told from others", path.display());
        Error::unavailable(sentence).with_source(error)
    };
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        let file = std::fs::metadata(path).map_err(failed)?;
        let born = file
            .created()
            .ok()
            .and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok());
        let born = born.map_or(0, |born| born.as_nanos());
        Ok(format!("sqlite:{}:{}:{born}", file.dev(), file.ino()))
    }
    #[cfg(not(unix))]
    {
        let whole = path.canonicalize().map_err(failed)?;
        Ok(format!("sqlite:{}", whole.display()))
    }
}

impl fmt::Debug for StoreHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreHandle").finish_non_exhaustive()
    }
}
