use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use redis::{RedisError, RedisResult};
use tokio::time::Instant;

use crate::wire::EVENTS;

/// How long a rejected write is a problem, unless a later one succeeds: 10 seconds. Without a limit, a process that
/// gets no more requests because of it would never be ready again.
const REJECTED_FOR: Duration = Duration::from_secs(10);

/// What a [`RedisBus`](crate::RedisBus) or [`RedisConsumer`](crate::RedisConsumer) knows of lost events, and why it
/// cannot use the stream. Clones share it.
#[derive(Clone, Default)]
pub struct StreamMonitor(Arc<Mutex<MonitorState>>);

#[derive(Default)]
struct MonitorState {
    found: u64,
    loss: Option<TotalLoss>,
    unusable: Option<String>,
    rejected: Option<(Instant, String)>,
}

struct TotalLoss {
    events: u64,
    is_upper_bound: bool,
    emptied: u64,
    at: Instant,
}

/// How exact a number of lost events is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LossKind {
    Exact,
    /// An upper bound: some may have been counted before they were removed.
    AtMost,
    /// The number is a placeholder of 1: Redis lost its data while no event is known to have been queued.
    Emptied,
}

impl LossKind {
    /// Parses the value that `check_stream.lua` returns.
    pub(crate) fn parse(text: &str) -> Self {
        match text {
            "exact" => Self::Exact,
            "emptied" => Self::Emptied,
            _ => Self::AtMost,
        }
    }
}

/// Events that were acknowledged, and then removed from Redis before they were counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StreamLoss {
    /// How many were lost since this process started, whichever process found them. Events that were written in the
    /// last second before Redis lost its data may be missing.
    pub events: u64,
    /// Whether `events` is an upper bound, because some may have been counted before they were removed.
    pub is_upper_bound: bool,
    /// How often Redis lost its data, or went back to an older state, while no event is known to have been queued.
    pub emptied: u64,
    /// How long ago this process learned of the last loss.
    pub age: Duration,
}

impl StreamMonitor {
    /// Returns how many lost events this process was the first to find, plus one for each time that Redis lost its data
    /// while no event is known to have been queued. The sum over all processes is the total loss.
    #[must_use]
    pub fn found(&self) -> u64 {
        self.0.lock().found
    }

    /// Returns what was lost since this process started.
    #[must_use]
    pub fn loss(&self) -> Option<StreamLoss> {
        let state = self.0.lock();
        let loss = state.loss.as_ref()?;
        Some(StreamLoss {
            events: loss.events,
            is_upper_bound: loss.is_upper_bound,
            emptied: loss.emptied,
            age: loss.at.elapsed(),
        })
    }

    /// Returns why Redis rejects commands on the stream, as a sentence. Returns `None` if Redis accepts them or cannot
    /// be reached.
    #[must_use]
    pub fn problem(&self) -> Option<String> {
        let state = self.0.lock();
        let rejected = state.rejected.as_ref().filter(|(at, _)| at.elapsed() < REJECTED_FOR);
        state.unusable.clone().or_else(|| rejected.map(|(_, why)| why.clone()))
    }

    /// Logs and records lost events. This process is the first to find `found` of them.
    pub(crate) fn report_loss(&self, events: u64, found: u64, kind: LossKind) {
        log_loss(events, found, kind);
        let mut state = self.0.lock();
        state.found = state.found.saturating_add(found);
        let loss = state.loss.get_or_insert(TotalLoss {
            events: 0,
            is_upper_bound: false,
            emptied: 0,
            at: Instant::now(),
        });
        loss.at = Instant::now();
        match kind {
            LossKind::Emptied => loss.emptied = loss.emptied.saturating_add(events),
            LossKind::Exact | LossKind::AtMost => loss.events = loss.events.saturating_add(events),
        }
        loss.is_upper_bound |= kind == LossKind::AtMost;
    }

    /// Records the reply to a check of the stream.
    pub(crate) fn note_check<T>(&self, reply: &RedisResult<T>) {
        match reply {
            Ok(_) => self.0.lock().unusable = None,
            Err(error) if is_rejection(error) => self.0.lock().unusable = Some(sentence("cannot be used", error)),
            // An unreachable Redis is reported elsewhere.
            Err(_) => {}
        }
    }

    /// Records that Redis accepted a write.
    pub(crate) fn note_written(&self) {
        self.0.lock().rejected = None;
    }

    /// Records that a write failed.
    pub(crate) fn note_failed_write(&self, error: &RedisError) {
        if is_rejection(error) {
            self.0.lock().rejected = Some((Instant::now(), sentence("accepts no events", error)));
        }
    }
}

fn log_loss(events: u64, found: u64, kind: LossKind) {
    match kind {
        LossKind::Emptied => tracing::error!(
            stream = EVENTS,
            "Redis lost its data or went back to an older state. No event is known to have been queued, but \
             totals that are stored in this Redis may be gone"
        ),
        LossKind::Exact => tracing::error!(
            stream = EVENTS,
            events,
            found,
            "acknowledged events were removed from Redis before they were counted, and are lost: the stream was \
             trimmed, or entries were deleted from it"
        ),
        LossKind::AtMost => tracing::error!(
            stream = EVENTS,
            at_most = events,
            found,
            "acknowledged events were removed from Redis before they were counted, and are lost: the stream was \
             deleted, trimmed or evicted, or Redis lost data. Events that an accumulator had already read are still \
             counted, so fewer than `at_most` may be lost"
        ),
    }
}

/// Returns whether Redis replied with an error. A missing group is created again.
fn is_rejection(error: &RedisError) -> bool {
    error.code().is_some_and(|code| code != "NOGROUP")
}

fn sentence(what: &str, error: &RedisError) -> String {
    let hint = match error.code() {
        Some("WRONGTYPE") => ": the key holds another type, rename or delete it",
        _ => "",
    };
    format!("the stream {EVENTS} {what}{hint} ({error})")
}
