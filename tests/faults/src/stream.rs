//! How the stream of events stands, asked of Redis itself.

use std::{fmt, time::Duration};

use anyhow::Context;
use horizon_redis::testing::RedisServer;
use serde::Deserialize;
use serde_json::Value;
use tokio::time::{Instant, sleep};

/// The stream of events.
pub(crate) const EVENTS: &str = "analytics:events";

/// The group of the accumulators.
const GROUP: &str = "accumulators";

/// How often Redis is asked.
const ASK_EVERY: Duration = Duration::from_millis(50);

/// How long a backlog may stay as it is before nobody is said to count it. Longer than it takes to notice that an
/// accumulator is dead, and than an accumulator waits after a failure.
const STALLED_AFTER: Duration = Duration::from_secs(30);

/// A group of the stream, as XINFO GROUPS tells of it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Group {
    name: String,
    pending: u64,
    last_delivered_id: Place,
    lag: Option<u64>,
}

/// The stream, as XINFO STREAM tells of it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Stream {
    last_generated_id: Place,
}

/// A reader of the stream, as XINFO CONSUMERS tells of it.
#[derive(Debug, Deserialize)]
struct Consumer {
    name: String,
    pending: u64,
}

impl Consumer {
    /// An accumulator's readers have its name and a number.
    fn is_of(&self, accumulator: &str) -> bool {
        let rest = self.name.strip_prefix(accumulator);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    }
}

/// What the accumulators have still to do.
#[derive(Debug)]
pub(crate) struct Backlog {
    group: Group,
    /// The first entry that somebody has read and not acknowledged.
    first_pending: Option<Place>,
}

/// The id of an entry: milliseconds and a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Place(u64, u64);

impl TryFrom<String> for Place {
    type Error = anyhow::Error;
    fn try_from(id: String) -> anyhow::Result<Self> {
        let (millis, number) = id.split_once('-').with_context(|| format!("`{id}` is no entry"))?;
        Ok(Self(millis.parse()?, number.parse()?))
    }
}

impl Backlog {
    /// Asks Redis.
    pub(crate) async fn of(redis: &RedisServer) -> anyhow::Result<Self> {
        let groups = redis.cli(&["--json", "XINFO", "GROUPS", EVENTS]).await?;
        let pending = redis.cli(&["--json", "XPENDING", EVENTS, GROUP]).await?;
        Ok(Self {
            group: find(&groups)?,
            first_pending: first(&pending)?,
        })
    }

    /// Whether everything up to this entry is acknowledged.
    pub(crate) fn is_past(&self, end: Place) -> bool {
        self.group.last_delivered_id >= end && self.first_pending.is_none_or(|first| first > end)
    }

    /// How far the accumulators are on their way to this entry.
    fn progress(&self, end: Place) -> (Place, Option<Place>) {
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

fn find(groups: &str) -> anyhow::Result<Group> {
    let groups: Vec<Group> = serde_json::from_str(groups).with_context(|| format!("XINFO GROUPS says {groups}"))?;
    let group = groups.into_iter().find(|group| group.name == GROUP);
    group.context("no accumulator has ever read the stream")
}

/// Reads the summary of XPENDING: how many, the first, the last, and whose.
fn first(pending: &str) -> anyhow::Result<Option<Place>> {
    let wrong = || format!("XPENDING says {pending}");
    let summary: Value = serde_json::from_str(pending).with_context(wrong)?;
    let first = summary.get(1).with_context(wrong)?;
    first.as_str().map(|id| id.to_owned().try_into()).transpose()
}

/// How many events this accumulator has read and not acknowledged, in all of its readers.
pub(crate) async fn in_hand(redis: &RedisServer, accumulator: &str) -> anyhow::Result<u64> {
    let consumers = redis.cli(&["--json", "XINFO", "CONSUMERS", EVENTS, GROUP]).await?;
    let wrong = || format!("XINFO CONSUMERS says {consumers}");
    let consumers: Vec<Consumer> = serde_json::from_str(&consumers).with_context(wrong)?;
    let own = consumers.iter().filter(|consumer| consumer.is_of(accumulator));
    Ok(own.map(|consumer| consumer.pending).sum())
}

/// The entry that was added last.
pub(crate) async fn end(redis: &RedisServer) -> anyhow::Result<Place> {
    let stream = redis.cli(&["--json", "XINFO", "STREAM", EVENTS]).await?;
    let stream: Stream = serde_json::from_str(&stream).with_context(|| format!("XINFO STREAM says {stream}"))?;
    Ok(stream.last_generated_id)
}

/// Waits until everything that was sent before is counted. Answers what is left if that stands still.
pub(crate) async fn drained(redis: &RedisServer) -> anyhow::Result<Option<Backlog>> {
    let (end, mut backlog) = (end(redis).await?, Backlog::of(redis).await?);
    let (mut progress, mut moved) = (backlog.progress(end), Instant::now());
    while !backlog.is_past(end) {
        if moved.elapsed() > STALLED_AFTER {
            return Ok(Some(backlog));
        }
        sleep(ASK_EVERY).await;
        backlog = Backlog::of(redis).await?;
        if backlog.progress(end) != progress {
            (progress, moved) = (backlog.progress(end), Instant::now());
        }
    }
    Ok(None)
}

/// A number of INFO.
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
    fn the_readers_of_an_accumulator_are_told_from_those_of_another() {
        let of_first = |name: &str| {
            let (name, pending) = (name.to_owned(), 0);
            Consumer { name, pending }.is_of("accumulator-0.1")
        };
        assert!(of_first("accumulator-0.1") && of_first("accumulator-0.1.2"));
        assert!(!of_first("accumulator-0.10") && !of_first("accumulator-0.10.1") && !of_first("accumulator-1.1"));
    }

    #[test]
    fn the_backlog_is_what_is_unread_or_not_acknowledged() {
        let groups = r#"[{"name":"slow","consumers":0,"pending":9,"last-delivered-id":"0-0","entries-read":null,"lag":3},
            {"name":"accumulators","consumers":2,"pending":1,"last-delivered-id":"5-1","entries-read":4,"lag":null}]"#;
        let mut backlog = Backlog {
            group: find(groups).unwrap(),
            first_pending: first(r#"[1,"5-0","5-0",[["one","1"]]]"#).unwrap(),
        };
        assert!(!backlog.is_past(Place(5, 0)), "it is pending");
        assert!(backlog.is_past(Place(4, 9)));
        backlog.first_pending = first("[0,null,null,null]").unwrap();
        assert!(backlog.is_past(Place(5, 1)));
        assert!(!backlog.is_past(Place(5, 2)), "it is unread");
        assert!(find("[]").is_err() && first("ERR").is_err());
    }
}
