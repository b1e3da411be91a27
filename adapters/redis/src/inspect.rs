use std::fmt;

use horizon_core::Result;
use redis::aio::ConnectionLike;
use redis::{InfoDict, RedisResult};

use crate::commands::Commands;
use crate::connection::RedisConfig;
use crate::error::{is_refusal, map};

/// What is said of an address that is a node of a Redis Cluster.
pub(crate) const NO_CLUSTER: &str = "this Redis is a node of a Redis Cluster, which is not supported: use a Redis \
                                     without `cluster-enabled`";

/// What a Redis is and how it is set up, as far as it decides whether events and numbers are safe in it.
///
/// ```
/// use horizon_redis::RedisSetup;
///
/// let says_nothing = RedisSetup::default();
/// assert!(says_nothing.kind_problem().is_none() && says_nothing.volatile().is_empty());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RedisSetup {
    /// Whether it is a node of a Redis Cluster.
    pub is_cluster: bool,
    /// Whether it is a replica, which takes no writes.
    pub is_replica: bool,
    /// Its `maxmemory-policy`, if it says so.
    pub eviction: Option<String>,
    /// Its `appendonly`, if it says so.
    pub append_only: Option<bool>,
    /// Whether it forbids CONFIG, as services do that run it for others. Asked only where something is wrong.
    pub forbids_config: bool,
}

impl RedisSetup {
    /// Returns why nothing can work with this Redis, as a sentence, or nothing.
    #[must_use]
    pub fn kind_problem(&self) -> Option<&'static str> {
        if self.is_cluster {
            return Some(NO_CLUSTER);
        }
        let replica = "this Redis is a replica, which takes no writes: use the address of its master";
        self.is_replica.then_some(replica)
    }

    /// Returns why this Redis may lose what it has acknowledged, each as a sentence.
    #[must_use]
    pub fn volatile(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if let Some(policy) = self.eviction.as_ref().filter(|policy| *policy != "noeviction") {
            problems.push(format!(
                "`maxmemory-policy` is `{policy}`, so Redis may delete events and numbers: set it to `noeviction`"
            ));
        }
        if self.append_only == Some(false) {
            problems.push(
                "`appendonly` is `no`, so a restart of Redis loses events and numbers: set it to `yes`".to_owned(),
            );
        }
        problems
    }

    /// Whether neither INFO nor CONFIG said how it is set up.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        self.eviction.is_none() || self.append_only.is_none()
    }
}

/// Asks a Redis how it is set up.
///
/// ```no_run
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use horizon_redis::{RedisConfig, RedisInspector};
///
/// let inspector = RedisInspector::connect(&RedisConfig::new("redis://127.0.0.1")?)?;
/// for problem in inspector.inspect().await?.volatile() {
///     eprintln!("{problem}");
/// }
/// # Ok(())
/// # }
/// ```
pub struct RedisInspector(Commands);

impl RedisInspector {
    /// Asks this Redis. It has to be called within a tokio runtime.
    ///
    /// # Errors
    /// The connection cannot be set up.
    pub fn connect(config: &RedisConfig) -> Result<Self> {
        Ok(Self(Commands(config.commands()?)))
    }

    /// Asks once. INFO is enough where the user has the right to it; without it CONFIG is tried.
    ///
    /// # Errors
    /// Redis did not answer.
    pub async fn inspect(&self) -> Result<RedisSetup> {
        self.ask()
            .await
            .map_err(|e| map("Redis cannot be asked how it is set up", e))
    }

    async fn ask(&self) -> RedisResult<RedisSetup> {
        let info: Option<InfoDict> = permitted(self.0.ask(&redis::cmd("INFO")).await)?;
        let mut setup = info.as_ref().map(read).unwrap_or_default();
        if setup.is_unknown() || !setup.volatile().is_empty() {
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
        let answer: Option<std::collections::HashMap<String, String>> = permitted(self.0.ask(&get).await)?;
        Ok(answer.and_then(|mut answer| answer.remove(name)))
    }
}

/// Whether a Redis is a node of a cluster. One that does not say so is taken as none.
pub(crate) async fn is_cluster(connection: &mut impl ConnectionLike) -> RedisResult<bool> {
    let answer = redis::cmd("INFO").arg("cluster").query_async(connection).await;
    let info: Option<InfoDict> = permitted(answer)?;
    Ok(info.is_some_and(|info| read(&info).is_cluster))
}

fn read(info: &InfoDict) -> RedisSetup {
    let is = |name: &str, value: &str| info.get::<String>(name).is_some_and(|found| found == value);
    RedisSetup {
        is_cluster: is("cluster_enabled", "1"),
        is_replica: is("role", "slave"),
        eviction: info.get("maxmemory_policy"),
        append_only: info.get::<String>("aof_enabled").map(|enabled| enabled == "1"),
        forbids_config: false,
    }
}

/// Returns the answer, or nothing where this Redis or the user's rights do not have the command. Managed services
/// refuse it in words of their own, so that any refusal counts that may not pass.
fn permitted<T>(answer: RedisResult<T>) -> RedisResult<Option<T>> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if is_refusal(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

impl fmt::Debug for RedisInspector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisInspector").finish_non_exhaustive()
    }
}
