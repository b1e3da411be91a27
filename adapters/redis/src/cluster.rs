//! Who takes part: every process says how it is, and anyone can ask.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use horizon_core::{Error, Result, Timestamp};
use redis::{Cmd, FromRedisValue, Value};
use serde::{Deserialize, Serialize};

use crate::commands::Commands;
use crate::connection::RedisConfig;
use crate::error::map;
use crate::script::Kept;
use crate::writes::Writes;

/// How often a process should say how it is.
///
/// ```no_run
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # use horizon_core::Timestamp;
/// # use horizon_redis::{NodeInfo, HEARTBEAT_INTERVAL, NodeRegistry, RedisConfig, NodeRole};
/// # let redis = RedisConfig::new("redis://127.0.0.1")?;
/// # let work = NodeRole::Web { viewers: 0 };
/// # let about = NodeInfo::new("web-1", Timestamp::default(), work);
/// let cluster = NodeRegistry::connect(&redis)?;
/// loop {
///     registry.heartbeat(&about).await?;
///     tokio::time::sleep(HEARTBEAT_INTERVAL).await;
/// }
/// # }
/// ```
pub const HEARTBEAT_INTERVAL: Duration = Duration::from_secs(1);

/// How long a process that fell silent is still listed.
const REMEMBERED: Duration = Duration::from_secs(600);

/// The most problems that one process sends, in sentences.
const PROBLEMS: usize = 16;

/// The longest problem, in bytes. What is longer is cut.
const PROBLEM_BYTES: usize = 300;

/// The key that a check of the replicas writes.
const REPLICA_CHECK: &str = "horizon:replica-check";

/// How long that key is kept, in seconds.
const REPLICA_CHECK_KEPT: u32 = 60;

/// Where they are listed.
const MEMBERS: &str = "horizon:cluster";

/// What a process says of itself.
///
/// ```
/// use horizon_core::Timestamp;
/// use horizon_redis::{NodeInfo, NodeRole};
///
/// let started = Timestamp::from_millis(1_800_000_000_000);
/// let about = NodeInfo::new("web-1", started, NodeRole::Web { viewers: 17 });
/// assert_eq!(serde_json::to_value(&about)?["role"], "web");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct NodeInfo {
    /// The name of the process. If two processes have the same name, the list has the one that wrote last;
    /// [`Heartbeat::rival`] tells both of them.
    pub name: String,
    /// When it started, by its own clock.
    pub started: Timestamp,
    /// How long Redis takes to answer it, in microseconds; nothing before the first answer.
    pub round_trip: Option<u64>,
    /// Why it cannot do all of its work, each as a sentence. At most 16 of at most 300 bytes are sent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<String>,
    /// By how many milliseconds its clock is ahead of that of Redis, or negative behind it. Nothing before they were
    /// compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock_offset: Option<i64>,
    /// A text that only processes with the same store have. Nothing where it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub store: Option<String>,
    /// Tells this process from others of its name: random, made anew with each start. [`NodeRegistry::heartbeat`] sets it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// What it is and does.
    #[serde(flatten)]
    pub work: NodeRole,
}

impl NodeInfo {
    /// Returns what a process says that knows no more of itself than this.
    ///
    /// ```
    /// use horizon_core::Timestamp;
    /// use horizon_redis::{NodeInfo, NodeRole};
    ///
    /// let mut about = NodeInfo::new("web-1", Timestamp::from_millis(1_800_000_000_000), NodeRole::Web { viewers: 17 });
    /// about.problems.push("clock: it is two hours ahead".into());
    /// ```
    #[must_use]
    pub fn new(name: impl Into<String>, started: Timestamp, work: NodeRole) -> Self {
        Self {
            name: name.into(),
            started,
            round_trip: None,
            problems: Vec::new(),
            clock_offset: None,
            store: None,
            instance: None,
            work,
        }
    }
}

/// What a process is and does.
///
/// ```
/// use horizon_redis::NodeRole;
///
/// let work = NodeRole::Accumulator { counted: 1_204, unread: 3, pending: 2, lost: 0 };
/// let waiting = match work {
///     NodeRole::Accumulator { unread, pending, .. } => unread + pending,
///     _ => 0,
/// };
/// assert_eq!(waiting, 5);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "role", rename_all = "snake_case")]
#[non_exhaustive]
pub enum NodeRole {
    /// It serves readers.
    Web {
        /// Distinct visitors of the site that are connected to this process.
        viewers: u64,
    },
    /// It counts events.
    Accumulator {
        /// Events that it counted since it started.
        counted: u64,
        /// Events that wait in the stream: nobody has read them yet.
        unread: u64,
        /// Events that some accumulator has read and not yet acknowledged.
        pending: u64,
        /// Events that somebody removed from the stream before they were counted.
        lost: u64,
    },
}

/// What Redis answers to a sign of life.
///
/// ```no_run
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # use horizon_core::Timestamp;
/// # use horizon_redis::{NodeInfo, NodeRegistry, RedisConfig, NodeRole};
/// # let cluster = NodeRegistry::connect(&RedisConfig::new("redis://127.0.0.1")?)?;
/// # let about = NodeInfo::new("web-1", Timestamp::default(), NodeRole::Web { viewers: 17 });
/// let beat = registry.heartbeat(&about).await?;
/// println!("it is {} ms since 1970", beat.time.as_millis());
/// assert!(beat.rival.is_none(), "another process has this name");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Heartbeat {
    /// The time, by the clock of Redis.
    pub time: Timestamp,
    /// What another process said under the same name since this one last did. A dead one says nothing any more.
    pub rival: Option<NodeInfo>,
}

/// A process as it was last heard of.
///
/// ```no_run
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # use horizon_core::Timestamp;
/// # use horizon_redis::{NodeInfo, HEARTBEAT_INTERVAL, NodeRegistry, RedisConfig, NodeRole};
/// # let redis = RedisConfig::new("redis://127.0.0.1")?;
/// let cluster = NodeRegistry::connect(&redis)?;
/// for member in cluster.members().await? {
///     let is_silent = member.silent_for > 3 * HEARTBEAT_INTERVAL;
///     println!("{}{}", member.about.name, if is_silent { " is silent" } else { "" });
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RegisteredNode {
    /// What it said.
    pub about: NodeInfo,
    /// How long ago that was, by the clock of Redis.
    pub silent_for: Duration,
}

/// The list of the processes that share this Redis.
///
/// ```no_run
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # use horizon_core::Timestamp;
/// # use horizon_redis::{NodeInfo, HEARTBEAT_INTERVAL, NodeRegistry, RedisConfig, NodeRole};
/// # let redis = RedisConfig::new("redis://127.0.0.1")?;
/// let cluster = NodeRegistry::connect(&redis)?;
/// let work = NodeRole::Web { viewers: 17 };
/// registry.heartbeat(&NodeInfo::new("web-1", Timestamp::default(), work)).await?;
/// assert_eq!(cluster.members().await?[0].about.name, "web-1");
/// registry.deregister("web-1").await?;
/// # Ok(())
/// # }
/// ```
pub struct NodeRegistry {
    redis: Commands,
    /// To ask whether writes are confirmed by as many replicas as the address says.
    writes: Writes,
    beat: Kept,
    members: Kept,
    leave: Kept,
    /// How long Redis took to answer the last time, in microseconds; zero before the first.
    round_trip: AtomicU64,
    /// Tells this process from others of its name.
    instance: String,
    /// Whether this process is listed, so that another record under its name is newer than its own.
    listed: AtomicBool,
}

impl NodeRegistry {
    /// The list of this Redis. It has to be called within a tokio runtime.
    ///
    /// # Errors
    /// The connection cannot be set up, or the machine has no randomness.
    pub fn connect(config: &RedisConfig) -> Result<Self> {
        let redis = Commands(config.commands()?);
        let mut random = [0; 16];
        getrandom::fill(&mut random)
            .map_err(|e| Error::unavailable("the machine has no randomness to give").with_source(e))?;
        Ok(Self {
            instance: format!("{:032x}", u128::from_be_bytes(random)),
            listed: AtomicBool::new(false),
            writes: Writes::new(config, &redis)?,
            redis,
            beat: Kept::new(include_str!("scripts/beat.lua")),
            members: Kept::new(include_str!("scripts/members.lua")),
            leave: Kept::new(include_str!("scripts/leave.lua")),
            round_trip: AtomicU64::new(0),
        })
    }

    /// Says how this process is, and learns the time and whether another process has its name. To be repeated every
    /// [`HEARTBEAT_INTERVAL`]. Who does not know how long Redis takes to answer says how long it took the last time that this
    /// was said.
    ///
    /// # Errors
    /// Retryable while Redis is away.
    pub async fn heartbeat(&self, about: &NodeInfo) -> Result<Heartbeat> {
        let last = Some(self.round_trip.load(Ordering::Relaxed)).filter(|&micros| micros > 0);
        let about = NodeInfo {
            round_trip: about.round_trip.or(last),
            problems: bounded(&about.problems),
            instance: Some(self.instance.clone()),
            ..about.clone()
        };
        let json = serde_json::to_string(&about)
            .map_err(|e| Error::permanent("what the process says of itself cannot be written").with_source(e))?;
        let mut call = self.beat.call(&[MEMBERS]);
        call.arg(&about.name)
            .arg(json)
            .arg(u64::try_from(REMEMBERED.as_millis()).unwrap_or(u64::MAX));
        let asked = Instant::now();
        let (now, before): (u64, Option<String>) = self.run(&self.beat, &call).await?;
        let micros = u64::try_from(asked.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.round_trip.store(micros, Ordering::Relaxed);
        let was_listed = self.listed.swap(true, Ordering::Relaxed);
        let before = before.filter(|_| was_listed).and_then(|said| member(&said, now));
        Ok(Heartbeat {
            time: Timestamp::from_millis(i64::try_from(now).unwrap_or(i64::MAX)),
            rival: before
                .map(|before| before.about)
                .filter(|about| about.instance.as_ref() != Some(&self.instance)),
        })
    }

    /// Returns what tells this process from others of its name.
    ///
    /// ```no_run
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use horizon_redis::{NodeRegistry, RedisConfig};
    /// let redis = RedisConfig::new("redis://127.0.0.1")?;
    /// let (one, other) = (NodeRegistry::connect(&redis)?, NodeRegistry::connect(&redis)?);
    /// assert_ne!(one.instance(), other.instance());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn instance(&self) -> &str {
        &self.instance
    }

    /// Removes this process from the list. The record of another process of the same name stays.
    ///
    /// # Errors
    /// Retryable while Redis is away.
    pub async fn deregister(&self, name: &str) -> Result<()> {
        self.listed.store(false, Ordering::Relaxed);
        let mut call = self.leave.call(&[MEMBERS]);
        call.arg(name).arg(&self.instance);
        self.run(&self.leave, &call).await
    }

    /// Everybody who was heard of in the last ten minutes, by name.
    ///
    /// # Errors
    /// Retryable while Redis is away.
    pub async fn members(&self) -> Result<Vec<RegisteredNode>> {
        let call = self.members.call(&[MEMBERS]);
        let (now, all): (u64, Vec<(String, String)>) = self.run(&self.members, &call).await?;
        let mut members: Vec<_> = all.iter().filter_map(|(_, said)| member(said, now)).collect();
        members.sort_by(|a, b| a.about.name.cmp(&b.about.name));
        Ok(members)
    }

    /// Returns whether as many replicas confirm writes as `?wait=N` in the address asks for.
    ///
    /// ```no_run
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use horizon_redis::{NodeRegistry, RedisConfig};
    /// let cluster = NodeRegistry::connect(&RedisConfig::new("redis://127.0.0.1?wait=1")?)?;
    /// let is_ready = cluster.check_replicas().await.is_ok(); // for a `/readyz`
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// It writes a key that expires after a minute, because Redis waits only for writes of the same connection. Without
    /// `?wait=N` it writes nothing.
    ///
    /// # Errors
    /// Retryable while Redis is away, or while too few replicas confirm in time.
    pub async fn check_replicas(&self) -> Result<()> {
        let mut pipe = redis::pipe();
        if self.writes.are_confirmed() {
            pipe.cmd("SET")
                .arg(REPLICA_CHECK)
                .arg(1)
                .arg("EX")
                .arg(REPLICA_CHECK_KEPT);
        } else {
            pipe.cmd("PING");
        }
        let answers: Result<Vec<Value>> = self.writes.ask_all(pipe, "Redis cannot be reached").await;
        answers.map(drop)
    }

    async fn run<T: FromRedisValue>(&self, script: &Kept, call: &Cmd) -> Result<T> {
        let answer = self.redis.invoke(script, call).await;
        answer.map_err(|e| map("the list of processes cannot be reached", e))
    }
}

/// Cuts a list of problems to what one process may send.
fn bounded(problems: &[String]) -> Vec<String> {
    let cut = |problem: &String| problem.chars().scan(0, within_bound).collect();
    problems.iter().take(PROBLEMS).map(cut).collect()
}

/// Returns the character while the bytes so far fit into a problem.
fn within_bound(bytes: &mut usize, character: char) -> Option<char> {
    *bytes += character.len_utf8();
    (*bytes <= PROBLEM_BYTES).then_some(character)
}

/// A line of a version that this one does not know is skipped, so that versions may run side by side.
fn member(said: &str, now: u64) -> Option<RegisteredNode> {
    let (at, json) = said.split_once(' ')?;
    let silent_for = Duration::from_millis(now.saturating_sub(at.parse().ok()?));
    let mut about: NodeInfo = serde_json::from_str(json).ok()?;
    about.problems = bounded(&about.problems);
    Some(RegisteredNode { about, silent_for })
}

impl fmt::Debug for NodeRegistry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NodeRegistry").finish_non_exhaustive()
    }
}
