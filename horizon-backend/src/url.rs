#[cfg(feature = "sqlite")]
use std::path::PathBuf;
use std::str::FromStr;

#[cfg(feature = "redis")]
use horizon_redis::RedisConfig;

use crate::SecretText;

/// The store if none was given and the pipe is no Redis.
const DEFAULT_STORE: &str = "sqlite:horizon.db";

/// What is said where an address names a Redis in a build that knows none.
#[cfg(not(feature = "redis"))]
const WITHOUT_REDIS: &str =
    "this program was built without Redis: switch on the feature `redis` of the crate that opens it";

/// What events go through.
///
/// ```
/// use horizon_backend::BusUrl;
///
/// assert!(matches!("memory:".parse(), Ok(BusUrl::Memory)));
/// let sentence = "hunter2".parse::<BusUrl>().unwrap_err();
/// assert!(sentence.starts_with("a pipe is `memory:`") && !sentence.contains("hunter2"));
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum BusUrl {
    /// Inside this process, whose own accumulator counts: `memory:`.
    Memory,
    /// Into horizon-accumulator, as JSON lines on its standard input: `stdin:`.
    Stdin,
    /// Through Redis: `redis://…`, or `rediss://…` with TLS.
    #[cfg(feature = "redis")]
    Redis(Box<RedisConfig>, Delivery),
}

/// What Redis does with an event.
///
/// ```
/// use horizon_backend::{Delivery, BusUrl};
///
/// let BusUrl::Redis(_, delivery) = "redis+pubsub://127.0.0.1".parse()? else { panic!() };
/// assert_eq!((delivery, delivery.name()), (Delivery::PubSub, "pubsub"));
/// # Ok::<(), String>(())
/// ```
#[cfg(feature = "redis")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// It keeps it in a stream until it is counted: `redis://…`, or `rediss://…` with TLS.
    Stream,
    /// It tells those who listen at that moment, best effort: `redis+pubsub://…`, or `rediss+pubsub://…` with TLS.
    PubSub,
}

/// Where the numbers are kept.
///
/// ```
/// use horizon_backend::StoreUrl;
///
/// let store: StoreUrl = "memory:".parse()?;
/// assert_eq!(store.name(), "memory");
/// assert_eq!("mysql:".parse::<StoreUrl>().unwrap_err(), "a store is `sqlite:PATH` (such as `sqlite:numbers.db`), `redis://…` or `memory:`");
/// # Ok::<(), String>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum StoreUrl {
    /// Inside this process, gone with it: `memory:`.
    Memory,
    /// In an SQLite file: `sqlite:PATH`, what follows the colon as it stands.
    #[cfg(feature = "sqlite")]
    Sqlite(PathBuf),
    /// In Redis: `redis://…`, or `rediss://…` with TLS.
    #[cfg(feature = "redis")]
    Redis(Box<RedisConfig>),
}

#[cfg(feature = "redis")]
impl Delivery {
    /// One word for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Stream => "stream",
            Self::PubSub => "pubsub",
        }
    }
}

impl StoreUrl {
    /// One word for it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Memory => "memory",
            #[cfg(feature = "sqlite")]
            Self::Sqlite(_) => "sqlite",
            #[cfg(feature = "redis")]
            Self::Redis(_) => "redis",
        }
    }
}

impl FromStr for BusUrl {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            Some(("memory", "")) => Ok(Self::Memory),
            Some(("stdin", "")) => Ok(Self::Stdin),
            #[cfg(feature = "redis")]
            Some(("redis" | "rediss", _)) => Ok(Self::Redis(redis(text)?, Delivery::Stream)),
            #[cfg(feature = "redis")]
            Some(("redis+pubsub" | "rediss+pubsub", _)) => {
                let redis = redis(&text.replacen("+pubsub", "", 1))?;
                if redis.waits_for_replicas() {
                    return Err("`wait` needs a stream: by `redis+pubsub` no event is kept for a replica".into());
                }
                Ok(Self::Redis(redis, Delivery::PubSub))
            }
            #[cfg(not(feature = "redis"))]
            Some(("redis" | "rediss" | "redis+pubsub" | "rediss+pubsub", _)) => Err(WITHOUT_REDIS.into()),
            _ => Err(
                "a pipe is `memory:`, `redis://…` or, best effort, `redis+pubsub://…`, and for horizon-accumulator \
                 also `stdin:`"
                    .into(),
            ),
        }
    }
}

impl FromStr for StoreUrl {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            Some(("memory", "")) => Ok(Self::Memory),
            // Others write their addresses so; taken by its word it would be a file in the root folder.
            #[cfg(feature = "sqlite")]
            Some(("sqlite", path)) if path.starts_with("//") && !path.starts_with("///") => Err(
                "a path follows `sqlite:` at once, as in `sqlite:numbers.db` or `sqlite:/var/lib/numbers.db`".into(),
            ),
            #[cfg(feature = "sqlite")]
            Some(("sqlite", path)) if !path.is_empty() => Ok(Self::Sqlite(path.into())),
            #[cfg(not(feature = "sqlite"))]
            Some(("sqlite", _)) => Err("this program was built without SQLite: switch on the feature `sqlite`".into()),
            #[cfg(feature = "redis")]
            Some(("redis" | "rediss", _)) => redis(text).map(Self::Redis),
            #[cfg(not(feature = "redis"))]
            Some(("redis" | "rediss", _)) => Err(WITHOUT_REDIS.into()),
            _ => Err("a store is `sqlite:PATH` (such as `sqlite:numbers.db`), `redis://…` or `memory:`".into()),
        }
    }
}

#[cfg(feature = "redis")]
fn redis(text: &str) -> Result<Box<RedisConfig>, String> {
    RedisConfig::new(text).map(Box::new).map_err(|error| error.to_string())
}

/// Reads `HORIZON_PIPE` and `HORIZON_STORE`. Without a store it is the pipe's Redis, or else `sqlite:horizon.db`.
///
/// It reads what it is given and no environment; the names are for the sentences.
///
/// ```
/// use horizon_backend::{BusUrl, SecretText, StoreUrl, pipe_and_store};
///
/// # #[cfg(feature = "sqlite")] {
/// let (pipe, store) = pipe_and_store(&SecretText("memory:".into()), None)?;
/// assert!(matches!((pipe, store), (BusUrl::Memory, StoreUrl::Sqlite(_))));
/// # }
/// let sentence = pipe_and_store(&SecretText("hunter2".into()), None).unwrap_err();
/// assert!(sentence.starts_with("HORIZON_PIPE is wrong: "));
/// # Ok::<(), String>(())
/// ```
///
/// # Errors
/// One sentence that names the variable and does not repeat what it says, because that may hold a password.
pub fn pipe_and_store(pipe: &SecretText, store: Option<&SecretText>) -> Result<(BusUrl, StoreUrl), String> {
    let pipe = read("HORIZON_PIPE", pipe)?;
    let store = match (store, &pipe) {
        (Some(given), _) => read("HORIZON_STORE", given)?,
        #[cfg(feature = "redis")]
        (None, BusUrl::Redis(redis, _)) => StoreUrl::Redis(redis.clone()),
        (None, _) => DEFAULT_STORE.parse()?,
    };
    Ok((pipe, store))
}

fn read<T: FromStr<Err = String>>(name: &str, text: &SecretText) -> Result<T, String> {
    text.0
        .parse()
        .map_err(|sentence| format!("{name} is wrong: {sentence}"))
}

#[cfg(all(test, feature = "redis", feature = "sqlite"))]
mod tests {
    use super::*;

    fn places(pipe: &str, store: Option<&str>) -> Result<(BusUrl, StoreUrl), String> {
        let text = |text: &str| SecretText(text.into());
        pipe_and_store(&text(pipe), store.map(text).as_ref())
    }

    #[test]
    fn one_address_of_redis_names_pipe_and_store() {
        let (pipe, store) = places("redis://:hunter2@example.org/1", None).unwrap();
        assert_eq!(
            format!("{pipe:?} {store:?}"),
            "Redis(RedisConfig(example.org:6379), Stream) Redis(RedisConfig(example.org:6379))"
        );
        let (pipe, store) = places("rediss+pubsub://example.org:7000", Some("sqlite:x.db")).unwrap();
        assert_eq!(
            format!("{pipe:?} {store:?}"),
            r#"Redis(RedisConfig(example.org:7000), PubSub) Sqlite("x.db")"#
        );
    }

    #[test]
    fn without_redis_the_store_is_a_file_in_this_folder() {
        for pipe in ["memory:", "stdin:"] {
            let (_, store) = places(pipe, None).unwrap();
            assert!(matches!(store, StoreUrl::Sqlite(path) if path.ends_with("horizon.db")));
        }
    }

    #[test]
    fn what_is_wrong_is_named_by_its_variable_and_not_repeated() {
        for (pipe, store, name) in [
            ("hunter2", None, "HORIZON_PIPE"),
            ("memory:hunter2", None, "HORIZON_PIPE"),
            ("redis://u:hunter2@host/x", None, "HORIZON_PIPE"),
            ("redis+pubsub:hunter2", None, "HORIZON_PIPE"),
            ("redis+unix:///hunter2", None, "HORIZON_PIPE"),
            ("redis://localhost?wait=hunter2", None, "HORIZON_PIPE"),
            ("redis+pubsub://u:hunter2@localhost?wait=1", None, "HORIZON_PIPE"),
            ("memory:", Some("sqlite:"), "HORIZON_STORE"),
            ("memory:", Some("sqlite://hunter2.db"), "HORIZON_STORE"),
            ("memory:", Some("redis+pubsub://hunter2"), "HORIZON_STORE"),
            ("memory:", Some("mysql://hunter2"), "HORIZON_STORE"),
        ] {
            let sentence = places(pipe, store).unwrap_err();
            assert!(sentence.starts_with(name), "{pipe} {store:?}: {sentence}");
            assert!(!sentence.contains("hunter2"), "{sentence}");
        }
    }
}
