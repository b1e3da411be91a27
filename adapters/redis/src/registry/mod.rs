mod node_info;
mod viewer_counts;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use horizon_core::{Error, Result, Timestamp};
use redis::{Cmd, FromRedisValue, Value};

use crate::connection::RedisConfig;
use crate::connection::commands::Commands;
use crate::connection::confirmed::ConfirmedWrites;
use crate::connection::script::CachedScript;
use crate::error::{map, random_id};
pub use node_info::{Heartbeat, NodeInfo, NodeRole, RegisteredNode};

/// How often a process should call [`NodeRegistry::heartbeat`]: every second.
pub const HEARTBEAT_INTERVAL: Duration = Duration::from_secs(1);

/// How long a silent process stays in the list: 10 minutes, and up to one more.
const RETENTION: Duration = Duration::from_secs(600);

/// The key of [`NodeRegistry::check_replicas`].
const REPLICA_CHECK: &str = "horizon:replica-check";

/// How long that key lives, in seconds.
const REPLICA_CHECK_TTL: u32 = 60;

/// The hash of the processes, by their names.
const NODES: &str = "horizon:cluster";

/// The list of the processes that share this Redis.
///
/// ```no_run
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use horizon_core::Timestamp;
/// use horizon_redis::{HEARTBEAT_INTERVAL, NodeInfo, NodeRegistry, NodeRole, RedisConfig};
///
/// let registry = NodeRegistry::connect(&RedisConfig::new("redis://127.0.0.1")?)?;
/// let info = NodeInfo::new("web-1", Timestamp::default(), NodeRole::Web { viewers: 17 });
/// let heartbeat = registry.heartbeat(&info).await?; // repeat it every HEARTBEAT_INTERVAL
/// assert!(heartbeat.name_conflict.is_none(), "another process has this name");
/// for node in registry.nodes().await? {
///     let is_silent = node.silent_for > 3 * HEARTBEAT_INTERVAL;
///     println!("{}{}", node.info.name, if is_silent { " is silent" } else { "" });
/// }
/// registry.deregister("web-1").await?;
/// # Ok(())
/// # }
/// ```
pub struct NodeRegistry {
    redis: Commands,
    /// For the check of the replicas.
    writes: ConfirmedWrites,
    heartbeat: CachedScript,
    nodes: CachedScript,
    deregister: CachedScript,
    /// How long the last heartbeat took, in microseconds; zero before the first.
    round_trip: AtomicU64,
    /// A random id that distinguishes this process from others with its name.
    instance: String,
    /// Whether this process is in the list, so that another record under its name is a conflict.
    is_listed: AtomicBool,
}

impl NodeRegistry {
    /// Returns the registry in this Redis. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// The connection cannot be set up, or the system returns no random bytes.
    pub fn connect(config: &RedisConfig) -> Result<Self> {
        let redis = Commands(config.command_connection()?);
        Ok(Self {
            instance: random_id()?,
            is_listed: AtomicBool::new(false),
            writes: ConfirmedWrites::new(config, &redis)?,
            redis,
            heartbeat: CachedScript::new(include_str!("heartbeat.lua")),
            nodes: CachedScript::new(include_str!("nodes.lua")),
            deregister: CachedScript::new(include_str!("deregister.lua")),
            round_trip: AtomicU64::new(0),
        })
    }

    /// Writes the state of this process. A missing [`round_trip`](NodeInfo::round_trip) is that of the last heartbeat.
    ///
    /// # Errors
    /// Retryable while Redis cannot be reached.
    pub async fn heartbeat(&self, info: &NodeInfo) -> Result<Heartbeat> {
        let last = Some(self.round_trip.load(Ordering::Relaxed)).filter(|&micros| micros > 0);
        let info = NodeInfo {
            round_trip: info.round_trip.or(last),
            instance: Some(self.instance.clone()),
            ..info.bounded()
        };
        let json = serde_json::to_string(&info)
            .map_err(|e| Error::permanent("the node's state cannot be encoded as JSON").with_source(e))?;
        let mut call = self.heartbeat.call(&[NODES]);
        call.arg(&info.name)
            .arg(json)
            .arg(u64::try_from(RETENTION.as_millis()).unwrap_or(u64::MAX));
        let sent = Instant::now();
        let (now, before): (u64, Option<String>) = self.run(&self.heartbeat, &call).await?;
        let micros = u64::try_from(sent.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.round_trip.store(micros, Ordering::Relaxed);
        let was_listed = self.is_listed.swap(true, Ordering::Relaxed);
        let before = before.filter(|_| was_listed);
        let before = before.and_then(|record| RegisteredNode::parse(&record, now));
        Ok(Heartbeat {
            time: Timestamp::from_millis(i64::try_from(now).unwrap_or(i64::MAX)),
            name_conflict: before
                .map(|before| before.info)
                .filter(|info| info.instance.as_ref() != Some(&self.instance)),
        })
    }

    /// Returns the random id that distinguishes this process from others with its name.
    #[must_use]
    pub fn instance(&self) -> &str {
        &self.instance
    }

    /// Removes this process from the list. The record of another process with the same name stays.
    ///
    /// # Errors
    /// Retryable while Redis cannot be reached.
    pub async fn deregister(&self, name: &str) -> Result<()> {
        self.is_listed.store(false, Ordering::Relaxed);
        let mut call = self.deregister.call(&[NODES]);
        call.arg(name).arg(&self.instance);
        self.run(&self.deregister, &call).await
    }

    /// Returns the processes of about the last ten minutes, by name.
    ///
    /// # Errors
    /// Retryable while Redis cannot be reached.
    pub async fn nodes(&self) -> Result<Vec<RegisteredNode>> {
        let call = self.nodes.call(&[NODES]);
        let (now, records): (u64, Vec<(String, String)>) = self.run(&self.nodes, &call).await?;
        let nodes = records.iter();
        let mut nodes: Vec<_> = nodes
            .filter_map(|(_, record)| RegisteredNode::parse(record, now))
            .collect();
        nodes.sort_by(|a, b| a.info.name.cmp(&b.info.name));
        Ok(nodes)
    }

    /// Checks that as many replicas confirm writes as `?wait=N` in the address requires.
    ///
    /// WAIT covers only writes of its connection, so this writes a key that expires after a minute. Without `?wait=N`
    /// it writes nothing.
    ///
    /// # Errors
    /// Retryable while Redis cannot be reached, or while too few replicas confirm in time.
    pub async fn check_replicas(&self) -> Result<()> {
        let mut pipe = redis::pipe();
        if self.writes.are_replicated() {
            let set = pipe.cmd("SET").arg(REPLICA_CHECK).arg(1);
            set.arg("EX").arg(REPLICA_CHECK_TTL);
        } else {
            pipe.cmd("PING");
        }
        let replies: Result<Vec<Value>> = self.writes.query_all(pipe, "Redis cannot be reached").await;
        replies.map(drop)
    }

    async fn run<T: FromRedisValue>(&self, script: &CachedScript, call: &Cmd) -> Result<T> {
        let reply = self.redis.invoke(script, call).await;
        reply.map_err(|e| map("the node registry in Redis cannot be reached", e))
    }
}
