use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use horizon_core::{Error, Result};
use horizon_redis::{RedisConfig, RedisInspector, RedisSetup};
use tokio::time::timeout;

use crate::{Delivery, Health, RedisCheck, StoreUrl};

/// How long a start waits to hear whether a Redis is the node of a cluster. One that is away is checked later.
const START_WAIT: Duration = Duration::from_secs(2);

/// Checks whether the Redis of a process is one that it can work with, and keeps what it acknowledges.
///
/// Reports the parts `redis-kind` (the node of a cluster, a replica) and `redis-settings` (`maxmemory-policy` other
/// than `noeviction`, `appendonly` off). Settings are only warned of where nothing has to be kept, where Redis forbids
/// CONFIG, and where `may_lose_data` accepts it.
///
/// ```no_run
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use horizon_backend::{Delivery, Health, RedisCheck, RedisSetupCheck, StoreUrl};
/// use horizon_redis::RedisConfig;
///
/// let redis = RedisConfig::new("redis://127.0.0.1")?;
/// let check = RedisSetupCheck::new(Some((&redis, Delivery::Stream)), &StoreUrl::Memory, false)?;
/// check.refuse_cluster().await?;
/// let health = Health::default();
/// check.check(&health).await?;
/// assert!(health.problems().is_empty());
/// # Ok(()) }
/// ```
pub struct RedisSetupCheck {
    places: Vec<Place>,
    may_lose_data: bool,
    /// The last warning, so that each is logged once.
    warned: Mutex<Option<String>>,
}

/// A Redis and what it is for.
struct Place {
    name: String,
    inspector: RedisInspector,
    /// Whether it holds what must not be lost.
    keeps: bool,
    /// What was found when it answered last.
    found: Mutex<Found>,
}

/// Sentences about one or more Redis.
#[derive(Clone, Default)]
struct Found {
    kinds: Vec<String>,
    problems: Vec<String>,
    warnings: Vec<String>,
}

impl Found {
    fn add(&mut self, other: &Self) {
        self.kinds.extend_from_slice(&other.kinds);
        self.problems.extend_from_slice(&other.problems);
        self.warnings.extend_from_slice(&other.warnings);
    }
}

impl RedisSetupCheck {
    /// Checks the Redis that events go through and the one that numbers are kept in, as far as there are any. It has to
    /// be called within a tokio runtime.
    ///
    /// # Errors
    /// A connection cannot be set up.
    pub fn new(bus: Option<(&RedisConfig, Delivery)>, store: &StoreUrl, may_lose_data: bool) -> Result<Self> {
        let store = match store {
            StoreUrl::Redis(redis) => Some(&**redis),
            _ => None,
        };
        let mut places = Vec::new();
        match (bus, store) {
            (Some((bus, _)), Some(store)) if bus.address() == store.address() => {
                places.push(Place::new("the Redis of events and numbers", store, true)?);
            }
            _ => {
                if let Some((bus, delivery)) = bus {
                    places.push(Place::new("the Redis of events", bus, delivery == Delivery::Stream)?);
                }
                if let Some(store) = store {
                    places.push(Place::new("the Redis of numbers", store, true)?);
                }
            }
        }
        Ok(Self {
            places,
            may_lose_data,
            warned: Mutex::default(),
        })
    }

    /// Checks at a start, for at most 2 seconds each, that no Redis is the node of a cluster. One that does not answer
    /// passes, and is checked by [`check`](RedisCheck::check) once it does.
    ///
    /// # Errors
    /// Permanent, with a sentence that names it.
    pub async fn refuse_cluster(&self) -> Result<()> {
        for place in &self.places {
            if let Ok(Ok(setup)) = timeout(START_WAIT, place.inspector.inspect()).await
                && setup.is_cluster
            {
                let problem = setup.kind_problem().unwrap_or_default();
                return Err(Error::permanent(format!("{}: {problem}", place.name)));
            }
        }
        Ok(())
    }

    /// What this setup of the place is a problem for.
    fn find(&self, place: &Place, setup: &RedisSetup) -> Found {
        let is_accepted = self.may_lose_data || !place.keeps || setup.forbids_config;
        let (problems, warnings) = match place.sentences(setup) {
            sentences if is_accepted => (Vec::new(), sentences),
            sentences => (sentences, Vec::new()),
        };
        let kind = setup.kind_problem().map(|problem| format!("{}: {problem}", place.name));
        Found {
            kinds: kind.into_iter().collect(),
            problems,
            warnings,
        }
    }

    /// Logs a warning unless it is the last one.
    fn warn(&self, warning: Option<String>) {
        let mut warned = self.warned.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(warning) = warning.as_ref().filter(|warning| warned.as_ref() != Some(*warning)) {
            tracing::warn!("{warning}");
        }
        *warned = warning;
    }
}

#[async_trait]
impl RedisCheck for RedisSetupCheck {
    async fn check(&self, health: &Health) -> Result<()> {
        let mut found = Found::default();
        let mut unanswered = None;
        for place in &self.places {
            // One that is away does not leave the other unchecked.
            match place.inspector.inspect().await {
                Ok(setup) => place.keep(self.find(place, &setup)),
                Err(error) => unanswered = Some(error),
            }
            found.add(&place.last());
        }
        health.update("redis-kind", joined(&found.kinds));
        health.update("redis-settings", joined(&found.problems));
        self.warn(joined(&found.warnings));
        unanswered.map_or(Ok(()), Err)
    }
}

impl Place {
    fn new(what: &str, redis: &RedisConfig, keeps: bool) -> Result<Self> {
        Ok(Self {
            name: format!("{what} at {}", redis.address()),
            inspector: RedisInspector::connect(redis)?,
            keeps,
            found: Mutex::default(),
        })
    }

    fn keep(&self, found: Found) {
        *self.found.lock().unwrap_or_else(PoisonError::into_inner) = found;
    }

    fn last(&self) -> Found {
        self.found.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What this setup may lose, and how to accept that.
    fn sentences(&self, setup: &RedisSetup) -> Vec<String> {
        let name = &self.name;
        if setup.is_unknown() {
            let unknown = "neither INFO nor CONFIG says whether `maxmemory-policy` is `noeviction` and `appendonly` is \
                           `yes`, as they should be";
            return vec![format!("{name}: {unknown}")];
        }
        let volatile = setup.volatile();
        volatile.iter().map(|problem| format!("{name}: {problem}")).collect()
    }
}

fn joined(sentences: &[String]) -> Option<String> {
    (!sentences.is_empty()).then(|| sentences.join("; "))
}

impl fmt::Debug for RedisSetupCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SetupCheck")
            .field("may_lose_data", &self.may_lose_data)
            .finish_non_exhaustive()
    }
}
