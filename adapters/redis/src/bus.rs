//! How the stream stands, and whether something was lost from it.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use redis::RedisResult;
use redis::aio::ConnectionLike;

use crate::entries::StreamId;
use crate::monitor::{BusMonitor, Kind};
use crate::reader::GROUP;
use crate::replicas::Replicas;
use crate::script::Kept;
use crate::wire::EVENTS;

/// The hash that remembers how the stream stood.
pub(crate) const MARKER: &str = "horizon:bus";

/// The bytes of randomness that name a stream.
const ID_BYTES: usize = 8;

/// What a look at the stream does beside looking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Job {
    /// Nothing: for processes that write.
    Look,
    /// Makes the group if it is not there.
    Open,
    /// Trims what every group has acknowledged, and forgets consumers that have been silent for so long.
    Keep(Duration),
}

/// How the stream stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    /// Events that no accumulator has read.
    pub(crate) unread: u64,
    /// Events that were read and not acknowledged.
    pub(crate) pending: u64,
    /// The last event that an accumulator has read.
    pub(crate) delivered: StreamId,
    /// The oldest event that was read and not acknowledged.
    pub(crate) oldest_pending: Option<StreamId>,
    /// Whether it is another stream than the last time.
    pub(crate) is_another: bool,
}

/// What a process adds to what it saw of the stream the last time.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Own {
    /// Events that it wrote and that are not known to be counted.
    pub(crate) waiting: u64,
    /// The last event that it wrote, and that replicas have confirmed where they have to.
    pub(crate) last: StreamId,
}

/// What was seen of the stream the last time.
#[derive(Clone, Debug, Default)]
struct Seen {
    id: String,
    lost: u64,
    added: u64,
    waiting: u64,
    last: StreamId,
}

/// Looks at the stream, and remembers what it saw.
pub(crate) struct Bus {
    script: Kept,
    seen: Mutex<Seen>,
    monitor: BusMonitor,
    /// Whether replicas must confirm a write before it counts as taken.
    waits_for_replicas: bool,
}

/// What the script answers.
type Answer = (
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

impl Bus {
    pub(crate) fn new(monitor: BusMonitor, replicas: Replicas) -> Self {
        Self {
            script: Kept::new(include_str!("scripts/bus.lua")),
            seen: Mutex::default(),
            monitor,
            waits_for_replicas: !replicas.is_zero(),
        }
    }

    /// Looks once, and reports what was lost since the last time.
    pub(crate) async fn look(&self, connection: &mut impl ConnectionLike, job: Job, own: Own) -> RedisResult<Standing> {
        let before = self.seen().clone();
        let call = self.call(job, own, &before)?;
        let answer: RedisResult<Answer> = self.script.run(&call, connection).await;
        self.monitor.looked(&answer);
        Ok(self.note(answer?, &before))
    }

    fn call(&self, job: Job, own: Own, seen: &Seen) -> RedisResult<redis::Cmd> {
        let mut random = [0; ID_BYTES];
        getrandom::fill(&mut random).map_err(|error| std::io::Error::other(error.to_string()))?;
        let forget_after = match job {
            Job::Keep(silence) => silence,
            Job::Look | Job::Open => Duration::ZERO,
        };
        // The stream may hold events that no replica has confirmed. They were not acknowledged, so a promoted replica
        // without them lost nothing: only what this process wrote and knows to be confirmed has to be there.
        let (added, last) = if self.waits_for_replicas {
            (0, own.last)
        } else {
            (seen.added, seen.last.max(own.last))
        };
        let mut call = self.script.call(&[EVENTS, MARKER]);
        call.arg(job.name())
            .arg(GROUP)
            .arg(format!("{:016x}", u64::from_be_bytes(random)))
            .arg(&seen.id)
            .arg(seen.lost)
            .arg(added)
            .arg(seen.waiting.max(own.waiting))
            .arg(last)
            .arg(u64::try_from(forget_after.as_millis()).unwrap_or(u64::MAX));
        Ok(call)
    }

    fn note(&self, answer: Answer, before: &Seen) -> Standing {
        let (id, lost, found, events, kind, added, unread, pending, last, delivered, oldest_pending, remade) = answer;
        let is_first = before.id.is_empty();
        let is_another = !is_first && before.id != id;
        if remade == 1 {
            tracing::warn!(
                stream = EVENTS,
                group = GROUP,
                "the consumer group was gone and is made again; all events in the stream are read again, and each \
                 counts once"
            );
        }
        if is_another && events == 0 {
            tracing::warn!(
                stream = EVENTS,
                "the stream was deleted while no event waited in it; nothing is known to be lost"
            );
        }
        if events > 0 {
            self.monitor.lose(events, found, Kind::parse(&kind));
        }
        *self.seen() = Seen {
            id,
            lost,
            added,
            waiting: unread.saturating_add(pending),
            last: StreamId::parse(&last).unwrap_or_default(),
        };
        Standing {
            unread,
            pending,
            delivered: StreamId::parse(&delivered).unwrap_or_default(),
            oldest_pending: StreamId::parse(&oldest_pending),
            is_another,
        }
    }

    /// Reports events that were read, not counted, and are gone, once the hash has them. Other processes hear of it
    /// with their next look.
    pub(crate) fn lose(&self, events: u64) {
        if events > 0 {
            let mut seen = self.seen();
            seen.lost = seen.lost.saturating_add(events);
            self.monitor.lose(events, events, Kind::Exact);
        }
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Job {
    fn name(self) -> &'static str {
        match self {
            Self::Look => "look",
            Self::Open => "open",
            Self::Keep(_) => "keep",
        }
    }
}
