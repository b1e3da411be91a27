#[cfg(feature = "sqlite")]
use std::path::PathBuf;
use std::str::FromStr;

#[cfg(feature = "postgres")]
use horizon_postgres::PostgresConfig;
#[cfg(feature = "redis")]
use horizon_redis::RedisConfig;

/// The URL of an event bus.
///
/// ```
/// use horizon_backend::BusUrl;
///
/// assert!(matches!("memory:".parse(), Ok(BusUrl::Memory)));
/// let error = "hunter2".parse::<BusUrl>().unwrap_err();
/// assert!(!error.to_string().contains("hunter2")); // it may be a password
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum BusUrl {
    /// `memory:`, within one process, which also counts.
    Memory,
    /// `stdin:`, JSON lines on the standard input of `horizon-accumulator`.
    Stdin,
    /// `redis://…` and, with best-effort delivery, `redis+pubsub://…`; with TLS `rediss`.
    #[cfg(feature = "redis")]
    Redis(Box<RedisConfig>, Delivery),
}

/// How Redis delivers events.
#[cfg(feature = "redis")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// A stream stores each event until it is counted.
    Stream,
    /// A channel delivers to connected consumers only, best effort.
    PubSub,
}

/// The URL of a store.
///
/// ```
/// use horizon_backend::StoreUrl;
///
/// assert_eq!("memory:".parse::<StoreUrl>()?.name(), "memory");
/// assert!("mysql:".parse::<StoreUrl>().is_err());
/// # Ok::<(), horizon_backend::BackendUrlError>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum StoreUrl {
    /// `memory:`, lost when the process ends.
    Memory,
    /// `sqlite:PATH`. The path is not percent-decoded.
    #[cfg(feature = "sqlite")]
    Sqlite(PathBuf),
    /// `postgres://…` or `postgresql://…`.
    #[cfg(feature = "postgres")]
    Postgres(Box<PostgresConfig>),
    /// `redis://…`, or `rediss://…` with TLS.
    #[cfg(feature = "redis")]
    Redis(Box<RedisConfig>),
}

/// Why a URL or a combination of URLs cannot be used. The message does not repeat it, because it may hold a password.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BackendUrlError {
    /// The scheme is not that of a bus.
    #[error(
        "a bus is `memory:`, `redis://…` or, best effort, `redis+pubsub://…`, and for horizon-accumulator also `stdin:`"
    )]
    UnknownBus,
    /// The scheme is not that of a store.
    #[error("a store is `sqlite:PATH` (such as `sqlite:numbers.db`), `postgres://…`, `redis://…` or `memory:`")]
    UnknownStore,
    /// `sqlite://PATH` has an authority.
    #[error("the path follows `sqlite:` directly, as in `sqlite:numbers.db` or `sqlite:/var/lib/numbers.db`")]
    SqliteAuthority,
    /// This build lacks a feature.
    #[error("this program was built without the feature `{0}` of the crate horizon-backend")]
    MissingFeature(&'static str),
    /// The URL of a PostgreSQL database is invalid.
    #[error(transparent)]
    Postgres(horizon_core::Error),
    /// The URL of a Redis is invalid.
    #[error(transparent)]
    Redis(#[from] horizon_core::Error),
    /// `redis+pubsub://…?wait=N`.
    #[error("`wait` needs a stream: with `redis+pubsub` no event is stored on a replica")]
    WaitWithoutStream,
    /// An application cannot publish to `stdin:`.
    #[error("only horizon-accumulator reads events from `stdin:`")]
    StdinBus,
    /// An accumulator cannot consume from the memory of another process.
    #[error("a bus in memory is only for one process, such as horizon-web, which counts the events itself")]
    MemoryBus,
    /// Accumulators in other processes cannot count into the memory of an application.
    #[error("with a bus in Redis other processes count, and they cannot count into a store in memory")]
    MemoryStore,
    /// `HORIZON_BUS` and `HORIZON_PIPE` differ.
    #[error("it differs from HORIZON_PIPE, its old name: remove HORIZON_PIPE")]
    ConflictingBus,
}

#[cfg(feature = "redis")]
impl Delivery {
    /// Returns `stream` or `pubsub`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Stream => "stream",
            Self::PubSub => "pubsub",
        }
    }
}

impl StoreUrl {
    /// Returns `memory`, `sqlite`, `postgres` or `redis`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Memory => "memory",
            #[cfg(feature = "sqlite")]
            Self::Sqlite(_) => "sqlite",
            #[cfg(feature = "postgres")]
            Self::Postgres(_) => "postgres",
            #[cfg(feature = "redis")]
            Self::Redis(_) => "redis",
        }
    }
}

impl FromStr for BusUrl {
    type Err = BackendUrlError;
    fn from_str(text: &str) -> Result<Self, BackendUrlError> {
        match text.split_once(':') {
            Some(("memory", "")) => Ok(Self::Memory),
            Some(("stdin", "")) => Ok(Self::Stdin),
            #[cfg(feature = "redis")]
            Some(("redis" | "rediss", _)) => Ok(Self::Redis(redis(text)?, Delivery::Stream)),
            #[cfg(feature = "redis")]
            Some(("redis+pubsub" | "rediss+pubsub", _)) => match redis(&text.replacen("+pubsub", "", 1))? {
                redis if redis.waits_for_replicas() => Err(BackendUrlError::WaitWithoutStream),
                redis => Ok(Self::Redis(redis, Delivery::PubSub)),
            },
            #[cfg(not(feature = "redis"))]
            Some(("redis" | "rediss" | "redis+pubsub" | "rediss+pubsub", _)) => {
                Err(BackendUrlError::MissingFeature("redis"))
            }
            _ => Err(BackendUrlError::UnknownBus),
        }
    }
}

impl FromStr for StoreUrl {
    type Err = BackendUrlError;
    fn from_str(text: &str) -> Result<Self, BackendUrlError> {
        match text.split_once(':') {
            Some(("memory", "")) => Ok(Self::Memory),
            // Other programs expect `sqlite://PATH`; here it would be a file in the root folder.
            #[cfg(feature = "sqlite")]
            Some(("sqlite", path)) if path.starts_with("//") && !path.starts_with("///") => {
                Err(BackendUrlError::SqliteAuthority)
            }
            #[cfg(feature = "sqlite")]
            Some(("sqlite", path)) if !path.is_empty() => Ok(Self::Sqlite(path.into())),
            #[cfg(not(feature = "sqlite"))]
            Some(("sqlite", _)) => Err(BackendUrlError::MissingFeature("sqlite")),
            #[cfg(feature = "postgres")]
            Some(("postgres" | "postgresql", _)) => postgres(text).map(Self::Postgres),
            #[cfg(not(feature = "postgres"))]
            Some(("postgres" | "postgresql", _)) => Err(BackendUrlError::MissingFeature("postgres")),
            #[cfg(feature = "redis")]
            Some(("redis" | "rediss", _)) => redis(text).map(Self::Redis),
            #[cfg(not(feature = "redis"))]
            Some(("redis" | "rediss", _)) => Err(BackendUrlError::MissingFeature("redis")),
            _ => Err(BackendUrlError::UnknownStore),
        }
    }
}

#[cfg(feature = "redis")]
fn redis(text: &str) -> Result<Box<RedisConfig>, BackendUrlError> {
    Ok(Box::new(RedisConfig::new(text)?))
}

#[cfg(feature = "postgres")]
fn postgres(text: &str) -> Result<Box<PostgresConfig>, BackendUrlError> {
    PostgresConfig::new(text)
        .map(Box::new)
        .map_err(BackendUrlError::Postgres)
}
