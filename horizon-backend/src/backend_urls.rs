use std::str::FromStr;

use crate::{BackendUrlError, BusUrl, SecretString, StoreUrl};

/// The store without a setting, unless the bus is in Redis.
const DEFAULT_STORE: &str = "sqlite:horizon.db";

/// The URLs of a bus and of a store that work together.
///
/// ```
/// use horizon_backend::{BackendUrls, BusUrl, ProgramKind, StoreUrl};
///
/// assert!(BackendUrls::new(ProgramKind::Application, BusUrl::Memory, StoreUrl::Memory).is_ok());
/// let error = BackendUrls::new(ProgramKind::Application, BusUrl::Stdin, StoreUrl::Memory).unwrap_err();
/// assert_eq!(error.to_string(), "the bus is wrong: only horizon-accumulator reads events from `stdin:`");
/// ```
#[derive(Clone, Debug)]
pub struct BackendUrls {
    bus: BusUrl,
    store: StoreUrl,
}

/// Which program opens the URLs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProgramKind {
    /// It publishes events, and counts them itself if the bus is in memory.
    Application,
    /// It only counts.
    Accumulator,
    /// It only reads the store.
    Reader,
}

/// Which of the two URLs is wrong, and why.
#[derive(Debug, thiserror::Error)]
#[error("{setting} is wrong: {reason}")]
pub struct SettingError {
    setting: &'static str,
    reason: BackendUrlError,
}

impl From<SettingError> for horizon_core::Error {
    fn from(error: SettingError) -> Self {
        Self::permanent(error.to_string())
    }
}

/// The settings of a program that name a bus and a store, as its command line or its environment contains them.
#[derive(Clone, Debug, Default)]
pub struct UrlSettings<'a> {
    /// `HORIZON_BUS`.
    pub bus: Option<&'a SecretString>,
    /// `HORIZON_PIPE`, the old name of `HORIZON_BUS`.
    pub pipe: Option<&'a SecretString>,
    /// `HORIZON_STORE`. Without it the store is the Redis of the bus, or `sqlite:horizon.db`.
    pub store: Option<&'a SecretString>,
}

impl BackendUrls {
    /// Checks that `program` can use this bus with this store.
    ///
    /// # Errors
    /// The bus is for another program, or its events would be counted where `program` cannot read the store.
    pub fn new(program: ProgramKind, bus: BusUrl, store: StoreUrl) -> Result<Self, SettingError> {
        Self::checked(program, bus, store, ("the bus", "the store"))
    }

    /// Returns a bus and a store in memory.
    #[must_use]
    pub fn in_memory() -> Self {
        Self {
            bus: BusUrl::Memory,
            store: StoreUrl::Memory,
        }
    }

    /// Parses two URLs.
    ///
    /// # Errors
    /// A URL is invalid, or as [`new`](Self::new).
    pub fn parse(program: ProgramKind, bus: &str, store: &str) -> Result<Self, SettingError> {
        Self::new(program, parse(bus, "the bus")?, parse(store, "the store")?)
    }

    /// Parses the settings of a program. `default_bus` applies without a bus.
    ///
    /// ```
    /// use horizon_backend::{BackendUrls, BusUrl, ProgramKind, SecretString, UrlSettings};
    ///
    /// let url = SecretString::from("memory:".to_owned());
    /// let settings = UrlSettings { bus: Some(&url), store: Some(&url), ..Default::default() };
    /// let urls = BackendUrls::from_settings(ProgramKind::Application, &settings, BusUrl::Memory)?;
    /// assert_eq!(urls.store().name(), "memory");
    /// # Ok::<(), horizon_backend::SettingError>(())
    /// ```
    ///
    /// # Errors
    /// As [`parse`](Self::parse), with the name of the variable; `HORIZON_BUS` and `HORIZON_PIPE` differ.
    pub fn from_settings(
        program: ProgramKind,
        settings: &UrlSettings<'_>,
        default_bus: BusUrl,
    ) -> Result<Self, SettingError> {
        let (bus, bus_name) = match (settings.bus, settings.pipe) {
            (Some(bus), Some(pipe)) if bus.0 != pipe.0 => {
                return Err(SettingError {
                    setting: "HORIZON_BUS",
                    reason: BackendUrlError::ConflictingBus,
                });
            }
            (Some(bus), _) => (parse(&bus.0, "HORIZON_BUS")?, "HORIZON_BUS"),
            (None, Some(pipe)) => (parse(&pipe.0, "HORIZON_PIPE")?, "HORIZON_PIPE"),
            (None, None) => (default_bus, "HORIZON_BUS"),
        };
        let store = match (settings.store, &bus) {
            (Some(store), _) => parse(&store.0, "HORIZON_STORE")?,
            #[cfg(feature = "redis")]
            (None, BusUrl::Redis(redis, _)) => StoreUrl::Redis(redis.clone()),
            (None, _) => parse(DEFAULT_STORE, "HORIZON_STORE")?,
        };
        Self::checked(program, bus, store, (bus_name, "HORIZON_STORE"))
    }

    /// `names` are the names of the two settings in an error: of the bus, and of the store.
    fn checked(
        program: ProgramKind,
        bus: BusUrl,
        store: StoreUrl,
        names: (&'static str, &'static str),
    ) -> Result<Self, SettingError> {
        let (setting, reason) = match (program, &bus, &store) {
            (ProgramKind::Application, BusUrl::Stdin, _) => (names.0, BackendUrlError::StdinBus),
            (ProgramKind::Accumulator, BusUrl::Memory, _) => (names.0, BackendUrlError::MemoryBus),
            #[cfg(feature = "redis")]
            (ProgramKind::Application, BusUrl::Redis(..), StoreUrl::Memory) => (names.1, BackendUrlError::MemoryStore),
            _ => return Ok(Self { bus, store }),
        };
        Err(SettingError { setting, reason })
    }

    /// Returns the bus.
    #[must_use]
    pub fn bus(&self) -> &BusUrl {
        &self.bus
    }

    /// Returns the store.
    #[must_use]
    pub fn store(&self) -> &StoreUrl {
        &self.store
    }
}

fn parse<T: FromStr<Err = BackendUrlError>>(url: &str, setting: &'static str) -> Result<T, SettingError> {
    url.parse().map_err(|reason| SettingError { setting, reason })
}

#[cfg(all(test, feature = "postgres", feature = "redis", feature = "sqlite"))]
mod tests {
    use super::*;

    fn urls(bus: Option<&str>, pipe: Option<&str>, store: Option<&str>) -> Result<BackendUrls, String> {
        let secret = |text: Option<&str>| text.map(|text| SecretString(text.into()));
        let (bus, pipe, store) = (secret(bus), secret(pipe), secret(store));
        let settings = UrlSettings {
            bus: bus.as_ref(),
            pipe: pipe.as_ref(),
            store: store.as_ref(),
        };
        BackendUrls::from_settings(ProgramKind::Application, &settings, BusUrl::Memory)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn one_url_of_redis_names_bus_and_store() {
        let urls_of = |bus, store| {
            let urls = urls(Some(bus), None, store).unwrap();
            format!("{:?} {:?}", urls.bus(), urls.store())
        };
        assert_eq!(
            urls_of("redis://:hunter2@example.org/1", None),
            "Redis(RedisConfig(example.org:6379), Stream) Redis(RedisConfig(example.org:6379))"
        );
        assert_eq!(
            urls_of("rediss+pubsub://example.org:7000", Some("sqlite:x.db")),
            r#"Redis(RedisConfig(example.org:7000), PubSub) Sqlite("x.db")"#
        );
    }

    #[test]
    fn without_redis_the_store_is_a_file_in_the_current_folder() {
        for bus in [None, Some("memory:")] {
            let urls = urls(bus, None, None).unwrap();
            assert!(matches!(urls.store(), StoreUrl::Sqlite(path) if path.ends_with("horizon.db")));
        }
    }

    #[test]
    fn the_new_name_and_the_old_name_of_the_bus_work_and_must_not_differ() {
        let redis = Some("redis://localhost");
        for (bus, pipe) in [(redis, None), (None, redis), (redis, redis)] {
            assert!(matches!(urls(bus, pipe, None).unwrap().bus(), BusUrl::Redis(..)));
        }
        let error = urls(redis, Some("redis://:hunter2@localhost"), None).unwrap_err();
        assert_eq!(
            error,
            "HORIZON_BUS is wrong: it differs from HORIZON_PIPE, its old name: remove HORIZON_PIPE"
        );
    }

    #[test]
    fn each_program_has_its_own_combinations() {
        let redis = "redis://localhost";
        for (bus, store, application, accumulator) in [
            ("memory:", "memory:", "", "the bus"),
            ("memory:", redis, "", "the bus"),
            ("stdin:", "memory:", "the bus", ""),
            (redis, "memory:", "the store", ""),
            (redis, "sqlite:x.db", "", ""),
            ("memory:", "postgres://localhost/x", "", "the bus"),
            (redis, "postgresql://localhost/x", "", ""),
        ] {
            for (program, wrong) in [
                (ProgramKind::Application, application),
                (ProgramKind::Accumulator, accumulator),
                (ProgramKind::Reader, ""),
            ] {
                let error = BackendUrls::parse(program, bus, store).err();
                let setting = error.map_or("", |error| error.setting);
                assert_eq!(setting, wrong, "{program:?} {bus} {store}");
            }
        }
    }

    #[test]
    fn an_error_names_the_variable_and_does_not_repeat_its_value() {
        for (bus, store, name) in [
            ("hunter2", None, "HORIZON_BUS"),
            ("memory:hunter2", None, "HORIZON_BUS"),
            ("redis://u:hunter2@host/x", None, "HORIZON_BUS"),
            ("redis+pubsub:hunter2", None, "HORIZON_BUS"),
            ("redis+unix:///hunter2", None, "HORIZON_BUS"),
            ("redis://localhost?wait=hunter2", None, "HORIZON_BUS"),
            ("redis+pubsub://u:hunter2@localhost?wait=1", None, "HORIZON_BUS"),
            ("memory:", Some("sqlite:"), "HORIZON_STORE"),
            ("memory:", Some("sqlite://hunter2.db"), "HORIZON_STORE"),
            ("memory:", Some("redis+pubsub://hunter2"), "HORIZON_STORE"),
            ("memory:", Some("mysql://hunter2"), "HORIZON_STORE"),
            ("memory:", Some("postgres://u:hunter2@host:x/y"), "HORIZON_STORE"),
        ] {
            let error = urls(Some(bus), None, store).unwrap_err();
            assert!(error.starts_with(name), "{bus} {store:?}: {error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
        let error = urls(None, Some("hunter2"), None).unwrap_err();
        assert!(
            error.starts_with("HORIZON_PIPE") && !error.contains("hunter2"),
            "{error}"
        );
    }
}
