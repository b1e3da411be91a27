use std::collections::HashMap;

use horizon_core::Result;
use redis::aio::ConnectionLike;
use redis::{InfoDict, RedisResult};

use super::RedisConfig;
use super::commands::Commands;
use crate::error::{is_rejected, map};

/// The message of an error about a node of a Redis Cluster.
pub(crate) const IS_CLUSTER: &str = "this Redis is a node of a Redis Cluster, which is not supported: use a Redis \
                                     without `cluster-enabled`";

/// The settings of a Redis that decide whether it can be used and whether data is safe in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RedisSetup {
    /// Whether it is a node of a Redis Cluster.
    pub is_cluster: bool,
    /// Whether it is a replica, which accepts no writes.
    pub is_replica: bool,
    /// Its `maxmemory-policy`, if known.
    pub eviction: Option<String>,
    /// Its `appendonly`, if known.
    pub append_only: Option<bool>,
    /// Whether CONFIG is forbidden, as in managed services. Checked only if INFO reports a problem or is incomplete.
    pub forbids_config: bool,
}

impl RedisSetup {
    /// Returns why this Redis cannot be used, as a sentence.
    #[must_use]
    pub fn unsupported_reason(&self) -> Option<&'static str> {
        if self.is_cluster {
            return Some(IS_CLUSTER);
        }
        let replica = "this Redis is a replica, which accepts no writes: use the address of its master";
        self.is_replica.then_some(replica)
    }

    /// Returns why this Redis may lose acknowledged data, each reason as a sentence.
    #[must_use]
    pub fn durability_problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if let Some(policy) = self.eviction.as_ref().filter(|policy| *policy != "noeviction") {
            problems.push(format!(
                "`maxmemory-policy` is `{policy}`, so Redis may delete events and totals: set it to `noeviction`"
            ));
        }
        if self.append_only == Some(false) {
            let restart = "`appendonly` is `no`, so a restart of Redis loses events and totals: set it to `yes`";
            problems.push(restart.to_owned());
        }
        problems
    }

    /// Returns whether a setting is in neither INFO nor CONFIG.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        self.eviction.is_none() || self.append_only.is_none()
    }
}

/// Reads the settings of a Redis.
///
/// ```no_run
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use horizon_redis::{RedisConfig, RedisInspector};
///
/// let inspector = RedisInspector::connect(&RedisConfig::new("redis://127.0.0.1")?)?;
/// for problem in inspector.inspect().await?.durability_problems() {
///     eprintln!("{problem}");
/// }
/// # Ok(())
/// # }
/// ```
pub struct RedisInspector(Commands);

impl RedisInspector {
    /// Returns an inspector of this Redis. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// The connection cannot be set up.
    pub fn connect(config: &RedisConfig) -> Result<Self> {
        Ok(Self::new(Commands(config.command_connection()?)))
    }

    pub(crate) fn new(redis: Commands) -> Self {
        Self(redis)
    }

    /// Reads the settings from INFO, and from CONFIG if INFO is forbidden or reports a problem.
    ///
    /// # Errors
    /// Redis did not reply.
    pub async fn inspect(&self) -> Result<RedisSetup> {
        self.read()
            .await
            .map_err(|e| map("the settings of Redis cannot be read", e))
    }

    async fn read(&self) -> RedisResult<RedisSetup> {
        let info: Option<InfoDict> = if_permitted(self.0.query(&redis::cmd("INFO")).await)?;
        let mut setup = info.as_ref().map(parse).unwrap_or_default();
        if setup.is_unknown() || !setup.durability_problems().is_empty() {
            let policy = self.config("maxmemory-policy").await?;
            let append_only = self.config("appendonly").await?;
            setup.forbids_config = policy.is_none();
            setup.eviction = policy.or(setup.eviction);
            setup.append_only = append_only.map(|value| value == "yes").or(setup.append_only);
        }
        Ok(setup)
    }

    async fn config(&self, name: &str) -> RedisResult<Option<String>> {
        let mut get = redis::cmd("CONFIG");
        get.arg("GET").arg(name);
        let values: Option<HashMap<String, String>> = if_permitted(self.0.query(&get).await)?;
        Ok(values.and_then(|mut values| values.remove(name)))
    }
}

/// Returns whether a Redis is a node of a cluster; false if it is not known.
pub(crate) async fn is_cluster(connection: &mut impl ConnectionLike) -> RedisResult<bool> {
    let reply = redis::cmd("INFO").arg("cluster").query_async(connection).await;
    let info: Option<InfoDict> = if_permitted(reply)?;
    Ok(info.is_some_and(|info| parse(&info).is_cluster))
}

fn parse(info: &InfoDict) -> RedisSetup {
    let is = |name: &str, value: &str| info.get::<String>(name).is_some_and(|found| found == value);
    RedisSetup {
        is_cluster: is("cluster_enabled", "1"),
        is_replica: is("role", "slave"),
        eviction: info.get("maxmemory_policy"),
        append_only: info.get::<String>("aof_enabled").map(|enabled| enabled == "1"),
        forbids_config: false,
    }
}

/// Returns the reply, or `None` if the command is unknown or forbidden. Managed services word this differently, so any
/// permanent error counts.
pub(crate) fn if_permitted<T>(reply: RedisResult<T>) -> RedisResult<Option<T>> {
    match reply {
        Ok(reply) => Ok(Some(reply)),
        Err(error) if is_rejected(&error) => Ok(None),
        Err(error) => Err(error),
    }
}
