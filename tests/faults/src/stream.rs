//! The state of the event stream, read from Redis.

use std::{fmt, time::Duration};

use anyhow::Context;
use horizon_redis::testing::RedisServer;
use serde::Deserialize;
use serde_json::Value;
use tokio::time::{Instant, sleep};

/// The key of the event stream.
pub(crate) const EVENTS: &str = "analytics:events";

/// The consumer group of the accumulators.
const GROUP: &str = "accumulators";

/// The time between two reads.
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// How long a backlog may stay unchanged before it counts as stalled. Longer than the detection of a dead accumulator
/// and than the backoff of an accumulator.
const STALLED_AFTER: Duration = Duration::from_secs(30);

/// A group of the stream, from XINFO GROUPS.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct GroupInfo {
    name: String,
    pending: u64,
    last_delivered_id: EntryId,
    lag: Option<u64>,
}

/// The stream, from XINFO STREAM.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct StreamInfo {
    last_generated_id: EntryId,
}

/// A consumer of the stream, from XINFO CONSUMERS.
#[derive(Debug, Deserialize)]
struct ConsumerInfo {
    name: String,
    pending: u64,
}

impl ConsumerInfo {
    /// Returns whether the consumer belongs to this accumulator: it has its name, with or without a number.
    fn is_of(&self, accumulator: &str) -> bool {
        let rest = self.name.strip_prefix(accumulator);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    }
}

/// The events that are not acknowledged yet.
#[derive(Debug)]
pub(crate) struct Backlog {
    group: GroupInfo,
    /// The first pending entry.
    first_pending: Option<EntryId>,
}

/// The id of an entry: milliseconds and a sequence number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct EntryId(u64, u64);

impl TryFrom<String> for EntryId {
    type Error = anyhow::Error;
    fn try_from(id: String) -> anyhow::Result<Self> {
        let (millis, number) = id
            .split_once('-')
            .with_context(|| format!("`{id}` is not an entry id"))?;
        Ok(Self(millis.parse()?, number.parse()?))
    }
}

impl Backlog {
    /// Reads the backlog from Redis.
    pub(crate) async fn read(redis: &RedisServer) -> anyhow::Result<Self> {
        let groups = redis.cli(&["--json", "XINFO", "GROUPS", EVENTS]).await?;
        let pending = redis.cli(&["--json", "XPENDING", EVENTS, GROUP]).await?;
        Ok(Self {
            group: find(&groups)?,
            first_pending: first(&pending)?,
        })
    }

    /// Returns whether all entries up to this one are acknowledged.
    pub(crate) fn is_past(&self, end: EntryId) -> bool {
        self.group.last_delivered_id >= end && self.first_pending.is_none_or(|first| first > end)
    }

    /// Returns the progress of the accumulators towards this entry.
    fn progress(&self, end: EntryId) -> (EntryId, Option<EntryId>) {
        (self.group.last_delivered_id.min(end), self.first_pending)
    }
}

impl fmt::Display for Backlog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.group.lag {
            Some(unread) => write!(f, "{unread} events are unread, {} pending", self.group.pending),
            None => write!(f, "{} events are pending", self.group.pending),
        }
    }
}

fn find(groups: &str) -> anyhow::Result<GroupInfo> {
    let groups: Vec<GroupInfo> =
        serde_json::from_str(groups).with_context(|| format!("XINFO GROUPS returned {groups}"))?;
    let group = groups.into_iter().find(|group| group.name == GROUP);
    group.context("the stream has no consumer group of accumulators")
}

/// Returns the first pending entry from the summary of XPENDING.
fn first(pending: &str) -> anyhow::Result<Option<EntryId>> {
    let wrong = || format!("XPENDING returned {pending}");
    let summary: Value = serde_json::from_str(pending).with_context(wrong)?;
    let first = summary.get(1).with_context(wrong)?;
    first.as_str().map(|id| id.to_owned().try_into()).transpose()
}

/// Returns the number of pending events of an accumulator.
pub(crate) async fn pending(redis: &RedisServer, accumulator: &str) -> anyhow::Result<u64> {
    let consumers = redis.cli(&["--json", "XINFO", "CONSUMERS", EVENTS, GROUP]).await?;
    let wrong = || format!("XINFO CONSUMERS returned {consumers}");
    let consumers: Vec<ConsumerInfo> = serde_json::from_str(&consumers).with_context(wrong)?;
    let own = consumers.iter().filter(|consumer| consumer.is_of(accumulator));
    Ok(own.map(|consumer| consumer.pending).sum())
}

/// Returns the id of the last entry.
pub(crate) async fn end(redis: &RedisServer) -> anyhow::Result<EntryId> {
    let stream = redis.cli(&["--json", "XINFO", "STREAM", EVENTS]).await?;
    let stream: StreamInfo =
        serde_json::from_str(&stream).with_context(|| format!("XINFO STREAM returned {stream}"))?;
    Ok(stream.last_generated_id)
}

/// Waits until all current entries are acknowledged. Returns the rest if the backlog stalls.
pub(crate) async fn drained(redis: &RedisServer) -> anyhow::Result<Option<Backlog>> {
    let (end, mut backlog) = (end(redis).await?, Backlog::read(redis).await?);
    let (mut progress, mut moved) = (backlog.progress(end), Instant::now());
    while !backlog.is_past(end) {
        if moved.elapsed() > STALLED_AFTER {
            return Ok(Some(backlog));
        }
        sleep(POLL_INTERVAL).await;
        backlog = Backlog::read(redis).await?;
        if backlog.progress(end) != progress {
            (progress, moved) = (backlog.progress(end), Instant::now());
        }
    }
    Ok(None)
}

/// Returns a number from INFO.
pub(crate) async fn info(redis: &RedisServer, section: &str, name: &str) -> anyhow::Result<u64> {
    let text = redis.cli(&["INFO", section]).await?;
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    let number = line.with_context(|| format!("INFO {section} has no {name}"))?;
    Ok(number.trim().parse()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn consumers_belong_to_one_accumulator() {
        let of_first = |name: &str| {
            let (name, pending) = (name.to_owned(), 0);
            ConsumerInfo { name, pending }.is_of("accumulator-0.1")
        };
        assert!(of_first("accumulator-0.1") && of_first("accumulator-0.1.2"));
        assert!(!of_first("accumulator-0.10") && !of_first("accumulator-0.10.1") && !of_first("accumulator-1.1"));
    }

    #[test]
    fn unread_and_pending_entries_are_the_backlog() {
        let groups = r#"[
            {"name":"slow","consumers":0,"pending":9,"last-delivered-id":"0-0","entries-read":null,"lag":3},
            {"name":"accumulators","consumers":2,"pending":1,"last-delivered-id":"5-1","entries-read":4,"lag":null}]"#;
        let mut backlog = Backlog {
            group: find(groups).unwrap(),
            first_pending: first(r#"[1,"5-0","5-0",[["one","1"]]]"#).unwrap(),
        };
        assert!(!backlog.is_past(EntryId(5, 0)), "it is pending");
        assert!(backlog.is_past(EntryId(4, 9)));
        backlog.first_pending = first("[0,null,null,null]").unwrap();
        assert!(backlog.is_past(EntryId(5, 1)));
        assert!(!backlog.is_past(EntryId(5, 2)), "it is unread");
        assert!(find("[]").is_err() && first("ERR").is_err());
    }
}
