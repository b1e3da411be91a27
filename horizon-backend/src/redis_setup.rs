use std::fmt;
use std::future::Future;
use std::time::Duration;

use horizon_core::{Error, Result, error_chain};
use horizon_redis::{RedisConfig, RedisInspector, RedisSetup};
use parking_lot::Mutex;
use tokio::time::{sleep, timeout};

use crate::{BackendUrls, BusUrl, Delivery, Health, StoreUrl};

/// How often a Redis is checked: once a minute.
const CHECK_INTERVAL: Duration = Duration::from_secs(60);

/// The wait after a failed check or a problem: 1 second. After a failover the address soon leads to another server.
const RECHECK_INTERVAL: Duration = Duration::from_secs(1);

/// How long the start of a process waits for a connection to a Redis, and for the reason of a failure: 4 seconds.
const LOGIN_TIMEOUT: Duration = Duration::from_secs(4);

/// How long the start of a process waits for the settings of a Redis: 2 seconds. A Redis that is unavailable is
/// checked later.
const START_TIMEOUT: Duration = Duration::from_secs(2);

/// Checks that each Redis of a process can be used and does not lose what it acknowledges.
///
/// Reports the parts `redis-kind` (a node of Redis Cluster, a replica) and `redis-settings` (a `maxmemory-policy` other
/// than `noeviction`, `appendonly` off). The settings are only logged as a warning if the Redis stores nothing, if it
/// forbids CONFIG, or if `may_lose_data` accepts them.
///
/// ```no_run
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use horizon_backend::{BackendUrls, Health, ProgramKind, RedisSetupCheck, shutdown_signal};
///
/// let urls = BackendUrls::new(ProgramKind::Accumulator, "redis://127.0.0.1".parse()?, "sqlite:numbers.db".parse()?)?;
/// let check = RedisSetupCheck::new(&urls, false)?;
/// check.refuse_unusable().await?;
/// check.run(&Health::default(), shutdown_signal()).await;
/// # Ok(()) }
/// ```
pub struct RedisSetupCheck {
    servers: Vec<RedisServerCheck>,
    may_lose_data: bool,
    /// The last warning, so that each is logged once.
    last_warning: Mutex<Option<String>>,
}

struct RedisServerCheck {
    /// What this Redis is for, and its address.
    name: String,
    /// The setting with its URL.
    setting: &'static str,
    redis: RedisConfig,
    inspector: RedisInspector,
    /// Whether it stores anything that must not be lost.
    is_durable: bool,
    /// The findings when it last answered.
    findings: Mutex<SetupFindings>,
}

#[derive(Clone, Default)]
struct SetupFindings {
    kinds: Vec<String>,
    problems: Vec<String>,
    warnings: Vec<String>,
}

impl RedisSetupCheck {
    /// Checks the Redis of the bus and that of the store, if any. Call it within a tokio runtime.
    ///
    /// # Errors
    /// A connection cannot be set up.
    pub fn new(urls: &BackendUrls, may_lose_data: bool) -> Result<Self> {
        let bus = match urls.bus() {
            BusUrl::Redis(redis, delivery) => Some((redis, *delivery == Delivery::Stream)),
            _ => None,
        };
        let store = match urls.store() {
            StoreUrl::Redis(redis) => Some(redis),
            _ => None,
        };
        let mut servers = Vec::new();
        match (bus, store) {
            (Some((bus, _)), Some(store)) if bus.address() == store.address() && bus.user() == store.user() => {
                let both = ("the Redis of events and numbers", "HORIZON_BUS and HORIZON_STORE");
                servers.push(RedisServerCheck::new(both, store, true)?);
            }
            _ => {
                if let Some((bus, is_durable)) = bus {
                    servers.push(RedisServerCheck::new(
                        ("the Redis of events", "HORIZON_BUS"),
                        bus,
                        is_durable,
                    )?);
                }
                if let Some(store) = store {
                    servers.push(RedisServerCheck::new(
                        ("the Redis of numbers", "HORIZON_STORE"),
                        store,
                        true,
                    )?);
                }
            }
        }
        Ok(Self {
            servers,
            may_lose_data,
            last_warning: Mutex::default(),
        })
    }

    /// Checks at the start that each Redis accepts this user, uses TLS if its URL does, and is no node of Redis
    /// Cluster. This takes at most 6 seconds each. An unavailable Redis passes; [`run`](Self::run) checks it later.
    ///
    /// # Errors
    /// Permanent: a sentence with the address and the setting.
    pub async fn refuse_unusable(&self) -> Result<()> {
        for server in &self.servers {
            match timeout(LOGIN_TIMEOUT, server.redis.check_login()).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) if !error.is_retryable() => {
                    let text = format!("{}: {error} ({})", server.name, server.setting);
                    return Err(Error::permanent(text).with_source(error));
                }
                _ => continue,
            }
            if let Ok(Ok(setup)) = timeout(START_TIMEOUT, server.inspector.inspect()).await
                && setup.is_cluster
            {
                let problem = setup.unsupported_reason().unwrap_or_default();
                return Err(Error::permanent(format!("{}: {problem}", server.name)));
            }
        }
        Ok(())
    }

    /// Checks every minute until `shutdown`, and every second while a Redis is unavailable or has a problem.
    pub async fn run(&self, health: &Health, shutdown: impl Future<Output = ()>) {
        let checks = async {
            loop {
                let checked = self.check(health).await;
                if let Err(error) = &checked {
                    tracing::debug!(%error, cause = error_chain(error), "Redis cannot be checked, retrying");
                }
                sleep(next_interval(checked.is_ok(), health)).await;
            }
        };
        tokio::select! {
            () = shutdown => {}
            () = checks => {}
        }
    }

    /// Checks once and reports each problem that appeared or ended.
    ///
    /// # Errors
    /// A Redis did not answer; the others are checked nevertheless.
    pub async fn check(&self, health: &Health) -> Result<()> {
        let mut findings = SetupFindings::default();
        let mut outcome = Ok(());
        for server in &self.servers {
            match server.inspector.inspect().await {
                Ok(setup) => *server.findings.lock() = server.evaluate(&setup, self.may_lose_data),
                Err(error) => outcome = Err(error),
            }
            let last = server.findings.lock();
            findings.kinds.extend_from_slice(&last.kinds);
            findings.problems.extend_from_slice(&last.problems);
            findings.warnings.extend_from_slice(&last.warnings);
        }
        health.update("redis-kind", join(&findings.kinds));
        health.update("redis-settings", join(&findings.problems));
        self.warn(join(&findings.warnings));
        outcome
    }

    /// Logs a warning unless it is the last one.
    fn warn(&self, warning: Option<String>) {
        let mut last_warning = self.last_warning.lock();
        if let Some(warning) = warning.as_ref().filter(|_| *last_warning != warning) {
            tracing::warn!("{warning}");
        }
        *last_warning = warning;
    }
}

impl RedisServerCheck {
    fn new((purpose, setting): (&str, &'static str), redis: &RedisConfig, is_durable: bool) -> Result<Self> {
        Ok(Self {
            name: format!("{purpose} at {}", redis.address()),
            setting,
            redis: redis.clone(),
            inspector: RedisInspector::connect(redis)?,
            is_durable,
            findings: Mutex::default(),
        })
    }

    fn evaluate(&self, setup: &RedisSetup, may_lose_data: bool) -> SetupFindings {
        let is_accepted = may_lose_data || !self.is_durable || setup.forbids_config;
        let (problems, warnings) = match self.volatile_settings(setup) {
            settings if is_accepted => (Vec::new(), settings),
            settings => (settings, Vec::new()),
        };
        let kind = setup
            .unsupported_reason()
            .map(|problem| format!("{}: {problem}", self.name));
        SetupFindings {
            kinds: kind.into_iter().collect(),
            problems,
            warnings,
        }
    }

    /// Describes the settings that may lose data.
    fn volatile_settings(&self, setup: &RedisSetup) -> Vec<String> {
        let name = &self.name;
        if setup.is_unknown() {
            let unknown = "neither INFO nor CONFIG shows whether `maxmemory-policy` is `noeviction` and `appendonly` \
                           is `yes`, as they should be";
            return vec![format!("{name}: {unknown}")];
        }
        let problems = setup.durability_problems();
        problems.iter().map(|problem| format!("{name}: {problem}")).collect()
    }
}

fn next_interval(is_checked: bool, health: &Health) -> Duration {
    let has_problem = health.has("redis-kind") || health.has("redis-settings");
    match is_checked && !has_problem {
        true => CHECK_INTERVAL,
        false => RECHECK_INTERVAL,
    }
}

fn join(sentences: &[String]) -> Option<String> {
    (!sentences.is_empty()).then(|| sentences.join("; "))
}

impl fmt::Debug for RedisSetupCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisSetupCheck")
            .field("may_lose_data", &self.may_lose_data)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redis_that_is_unavailable_or_has_a_problem_is_checked_again_after_a_second() {
        let health = Health::default();
        assert_eq!(next_interval(true, &health), CHECK_INTERVAL);
        assert_eq!(next_interval(false, &health), RECHECK_INTERVAL);
        health.fail("redis-kind", "it is a replica");
        assert_eq!(next_interval(true, &health), RECHECK_INTERVAL);
        health.recover("redis-kind");
        assert_eq!(next_interval(true, &health), CHECK_INTERVAL);
    }
}
