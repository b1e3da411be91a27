use std::collections::BTreeMap;
use std::time::Duration;

use horizon_core::{Slug, Timestamp};
use serde::{Deserialize, Serialize};

use super::viewer_counts::{self, MAX_PAGES_BYTES, MAX_SOURCES_BYTES};

/// The maximum number of problems in a heartbeat.
const MAX_PROBLEMS: usize = 16;

/// The longest problem, in bytes. Longer ones are cut.
const MAX_PROBLEM_BYTES: usize = 300;

/// The longest record that is read: 64 KiB. Those of this version have at most about 15 KiB.
const MAX_RECORD_BYTES: usize = 64 * 1024;

/// The state of a process.
///
/// ```
/// use horizon_core::Timestamp;
/// use horizon_redis::{NodeInfo, NodeRole};
///
/// let started = Timestamp::from_millis(1_800_000_000_000);
/// let mut info = NodeInfo::new("web-1", started, NodeRole::Web { viewers: 17 });
/// info.problems.push("clock: it is two hours ahead".into());
/// assert_eq!(serde_json::to_value(&info)?["role"], "web");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct NodeInfo {
    /// The name of the process. If two processes have the same name, the list has the one that wrote last, and
    /// [`Heartbeat::name_conflict`] tells both about it.
    pub name: String,
    /// When it started, by its own clock.
    pub started: Timestamp,
    /// How long Redis takes to reply, in microseconds; `None` before the first reply.
    pub round_trip: Option<u64>,
    /// Why it does not work fully, each as a sentence. A heartbeat carries at most 16, of at most 300 bytes each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<String>,
    /// How far its clock is ahead of that of Redis, in milliseconds; negative if it is behind, `None` if unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock_offset: Option<i64>,
    /// The identity of its store: equal for processes that share a store; `None` if unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub store: Option<String>,
    /// A random id that distinguishes this process from others with its name. Set by
    /// [`NodeRegistry::heartbeat`](crate::NodeRegistry::heartbeat).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// The pages that are open on a web node, each with its viewers on all nodes as this node knows them. A heartbeat
    /// carries the 50 with the most viewers, in at most 6 KiB.
    #[serde(
        default,
        skip_serializing_if = "BTreeMap::is_empty",
        deserialize_with = "viewer_counts::deserialize"
    )]
    pub pages: BTreeMap<Slug, u64>,
    /// The sources of the visitors who are connected to a web node, each with the number of these visitors; the empty
    /// one is that of direct visits and unknown sources. A heartbeat carries the 50 with the most visitors, in at most
    /// 2 KiB.
    #[serde(
        default,
        skip_serializing_if = "BTreeMap::is_empty",
        deserialize_with = "viewer_counts::deserialize"
    )]
    pub sources: BTreeMap<String, u64>,
    /// What it does.
    #[serde(flatten)]
    pub role: NodeRole,
}

impl NodeInfo {
    /// Returns the state of a process without the optional fields.
    #[must_use]
    pub fn new(name: impl Into<String>, started: Timestamp, role: NodeRole) -> Self {
        Self {
            name: name.into(),
            started,
            round_trip: None,
            problems: Vec::new(),
            clock_offset: None,
            store: None,
            instance: None,
            pages: BTreeMap::new(),
            sources: BTreeMap::new(),
            role,
        }
    }

    /// Returns it within the limits of a record.
    pub(super) fn bounded(&self) -> Self {
        Self {
            problems: bounded(&self.problems),
            pages: viewer_counts::highest(&self.pages, MAX_PAGES_BYTES),
            sources: viewer_counts::highest(&self.sources, MAX_SOURCES_BYTES),
            ..self.clone()
        }
    }
}

/// What a process does.
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
        /// Events in the stream that no accumulator has read.
        unread: u64,
        /// Events that an accumulator has read and not acknowledged.
        pending: u64,
        /// Events that were removed from the stream before they were counted.
        lost: u64,
    },
}

/// The reply to a heartbeat.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Heartbeat {
    /// The time of Redis.
    pub time: Timestamp,
    /// The state of another process that wrote under the same name since this one's last heartbeat.
    pub name_conflict: Option<NodeInfo>,
}

/// A process in the registry.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RegisteredNode {
    /// Its last heartbeat.
    pub info: NodeInfo,
    /// How far away from now that is, by the clock of Redis. A heartbeat from the future, which is left by a clock that
    /// was set back or by a broken record, also makes a node silent.
    pub silent_for: Duration,
}

impl RegisteredNode {
    /// Parses a record of `heartbeat.lua`. Returns `None` for a record of an unknown version, so that different
    /// versions can run together, and for one that is longer than [`MAX_RECORD_BYTES`].
    pub(super) fn parse(record: &str, now: u64) -> Option<Self> {
        if record.len() > MAX_RECORD_BYTES {
            return None;
        }
        let (at, json) = record.split_once(' ')?;
        let silent_for = Duration::from_millis(now.abs_diff(at.parse().ok()?));
        let mut info: NodeInfo = serde_json::from_str(json).ok()?;
        info.problems = bounded(&info.problems);
        Some(Self { info, silent_for })
    }
}

/// Cuts the list of problems to its limits.
fn bounded(problems: &[String]) -> Vec<String> {
    let cut = |problem: &String| {
        problem
            .get(..problem.floor_char_boundary(MAX_PROBLEM_BYTES))
            .map(str::to_owned)
    };
    problems.iter().take(MAX_PROBLEMS).filter_map(cut).collect()
}
