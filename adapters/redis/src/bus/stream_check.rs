use std::time::Duration;

use parking_lot::Mutex;
use redis::aio::ConnectionLike;
use redis::{Cmd, RedisResult};

use super::entries::StreamId;
use super::monitor::{LossKind, StreamMonitor};
use super::reader::GROUP;
use crate::connection::replicas::Replicas;
use crate::connection::script::CachedScript;
use crate::wire::EVENTS;

/// The hash with the last known state of the stream.
pub(crate) const MARKER: &str = "horizon:bus";

/// What a check does in addition to looking for losses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Job {
    /// Nothing: for processes that write.
    Look,
    /// Creates the group if it is missing.
    Open,
    /// Trims what every group has acknowledged, and removes consumers that were silent for this long.
    Maintain(Duration),
}

/// The state of the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StreamStatus {
    /// Events that no accumulator has read.
    pub(crate) unread: u64,
    /// Events that were read and not acknowledged.
    pub(crate) pending: u64,
    /// The last event that an accumulator has read.
    pub(crate) delivered: StreamId,
    /// The oldest event that was read and not acknowledged.
    pub(crate) oldest_pending: Option<StreamId>,
    /// Whether the stream was replaced by another one since the last check.
    pub(crate) is_replaced: bool,
}

/// The events that this process wrote.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct OwnWrites {
    /// How many of them are not known to be counted.
    pub(crate) waiting: u64,
    /// The last one, confirmed by replicas if they must confirm it.
    pub(crate) last: StreamId,
}

/// The state at the last check.
#[derive(Clone, Debug, Default)]
struct LastCheck {
    /// The stream's id; empty before the first check.
    id: String,
    lost: u64,
    added: u64,
    waiting: u64,
    last: StreamId,
}

/// Looks for events that were removed from the stream before they were counted.
pub(crate) struct StreamCheck {
    script: CachedScript,
    last: Mutex<LastCheck>,
    monitor: StreamMonitor,
    /// Whether replicas must confirm a write before it is acknowledged.
    waits_for_replicas: bool,
}

/// The reply of `check_stream.lua`, whose RETURNS names the fields.
type Reply = (
    String,
    u64,
    u64,
    u64,
    String,
    u64,
    u64,
    u64,
    String,
    String,
    String,
    u64,
);

impl StreamCheck {
    pub(crate) fn new(monitor: StreamMonitor, replicas: Replicas) -> Self {
        Self {
            script: CachedScript::new(include_str!("check_stream.lua")),
            last: Mutex::default(),
            monitor,
            waits_for_replicas: !replicas.is_zero(),
        }
    }

    /// Checks the stream, and reports what was lost since the last check.
    pub(crate) async fn run(
        &self,
        connection: &mut impl ConnectionLike,
        job: Job,
        own: OwnWrites,
    ) -> RedisResult<StreamStatus> {
        let last = self.last.lock().clone();
        let reply = self.script.run(&self.call(job, own, &last)?, connection).await;
        self.monitor.note_check(&reply);
        Ok(self.handle(reply?, &last))
    }

    fn call(&self, job: Job, own: OwnWrites, seen: &LastCheck) -> RedisResult<Cmd> {
        let new_id = getrandom::u64().map_err(|error| std::io::Error::other(error.to_string()))?;
        let forget_after = match job {
            Job::Maintain(silence) => silence,
            Job::Look | Job::Open => Duration::ZERO,
        };
        // With `?wait=N` the stream may hold events that no replica has confirmed. They were not acknowledged, so a
        // promoted replica without them has lost nothing: it must have only our confirmed writes.
        let (added, last) = if self.waits_for_replicas {
            (0, own.last)
        } else {
            (seen.added, seen.last.max(own.last))
        };
        let mut call = self.script.call(&[EVENTS, MARKER]);
        call.arg(job.name())
            .arg(GROUP)
            .arg(format!("{new_id:016x}"))
            .arg(&seen.id)
            .arg(seen.lost)
            .arg(added)
            .arg(seen.waiting.max(own.waiting))
            .arg(last)
            .arg(u64::try_from(forget_after.as_millis()).unwrap_or(u64::MAX));
        Ok(call)
    }

    fn handle(&self, reply: Reply, before: &LastCheck) -> StreamStatus {
        let (id, lost, found, events, kind, added, unread, pending, last, delivered, oldest_pending, recreated) = reply;
        let is_replaced = !before.id.is_empty() && before.id != id;
        if recreated == 1 {
            tracing::warn!(
                stream = EVENTS,
                group = GROUP,
                "the consumer group was deleted; created it again. All events of the stream are read again, and each \
                 counts once"
            );
        }
        if is_replaced && events == 0 {
            tracing::warn!(
                stream = EVENTS,
                "the stream was deleted while it was empty; no known loss"
            );
        }
        if events > 0 {
            self.monitor.report_loss(events, found, LossKind::parse(&kind));
        }
        *self.last.lock() = LastCheck {
            id,
            lost,
            added,
            waiting: unread.saturating_add(pending),
            last: StreamId::parse(&last).unwrap_or_default(),
        };
        StreamStatus {
            unread,
            pending,
            delivered: StreamId::parse(&delivered).unwrap_or_default(),
            oldest_pending: StreamId::parse(&oldest_pending),
            is_replaced,
        }
    }

    /// Reports pending events that are gone, after a script added them to the hash. Other processes find them there
    /// with their next check.
    pub(crate) fn report_lost(&self, events: u64) {
        if events > 0 {
            let mut last = self.last.lock();
            last.lost = last.lost.saturating_add(events);
            self.monitor.report_loss(events, events, LossKind::Exact);
        }
    }
}

impl Job {
    fn name(self) -> &'static str {
        match self {
            Self::Look => "look",
            Self::Open => "open",
            Self::Maintain(_) => "maintain",
        }
    }
}
