use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use redis::{RedisError, RedisResult};
use tokio::time::Instant;

use crate::wire::EVENTS;

/// How long a write that Redis refused counts as a problem, unless a later one is taken: 10 seconds. Without an end, a
/// process that gets no more requests because of it would never be ready again.
const REFUSED_FOR: Duration = Duration::from_secs(10);

/// What a [`RedisBus`](crate::RedisPipe) or [`RedisConsumer`](crate::RedisFeed) knows of lost events, and why the stream
/// cannot be used. Cloning is cheap; all clones share what they know.
///
/// ```no_run
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use horizon_redis::{ConsumerConfig, RedisConfig, RedisConsumer};
///
/// let feed = RedisConsumer::connect(&RedisConfig::new("redis://127.0.0.1")?, ConsumerConfig::new("counts-1"))?;
/// let monitor = feed.monitor();
/// assert!(monitor.loss().is_none() && monitor.trouble().is_none());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Default)]
pub struct BusMonitor(Arc<Mutex<Known>>);

#[derive(Default)]
struct Known {
    found: u64,
    loss: Option<Lost>,
    unusable: Option<String>,
    refused: Option<(Instant, String)>,
}

struct Lost {
    events: u64,
    is_upper_bound: bool,
    emptied: u64,
    at: Instant,
}

/// How exact a number of lost events is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Exact,
    /// An upper bound: some may have been counted before they were removed.
    AtMost,
    /// The one that stands for a Redis that lost its data while no event is known to have waited.
    Emptied,
}

impl Kind {
    /// Reads the word of `bus.lua`.
    pub(crate) fn parse(word: &str) -> Self {
        match word {
            "exact" => Self::Exact,
            "emptied" => Self::Emptied,
            _ => Self::AtMost,
        }
    }
}

/// Events that were acknowledged and then removed from Redis before they were counted.
///
/// ```
/// use std::time::Duration;
/// use horizon_redis::Loss;
///
/// let is_new = |loss: Loss| loss.age < Duration::from_secs(60);
/// # let _ = is_new;
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Loss {
    /// How many since this process started, whichever process found them. Zero where Redis lost its data while no
    /// event is known to have waited; how many events waited is known to the second.
    pub events: u64,
    /// Whether some of them may have been counted before they were removed, so that `events` is an upper bound.
    pub is_upper_bound: bool,
    /// How many times Redis lost its data, or went back to an older state, while no event is known to have waited.
    pub emptied: u64,
    /// How long ago this process heard of the last ones.
    pub age: Duration,
}

impl BusMonitor {
    /// Returns how many lost events this process was the first to find. The sum over all processes is what was lost,
    /// and one for each time that Redis lost its data while no event is known to have waited.
    #[must_use]
    pub fn found(&self) -> u64 {
        self.known().found
    }

    /// Returns what was lost since this process started, or nothing.
    #[must_use]
    pub fn loss(&self) -> Option<Loss> {
        let known = self.known();
        let found = known.loss.as_ref()?;
        Some(Loss {
            events: found.events,
            is_upper_bound: found.is_upper_bound,
            emptied: found.emptied,
            age: found.at.elapsed(),
        })
    }

    /// Returns why Redis takes or returns no events, as a sentence, or nothing if it does or cannot be reached.
    #[must_use]
    pub fn trouble(&self) -> Option<String> {
        let known = self.known();
        let refused = known.refused.as_ref().filter(|(at, _)| at.elapsed() < REFUSED_FOR);
        known.unusable.clone().or_else(|| refused.map(|(_, why)| why.clone()))
    }

    /// Records that so many events are lost, of which this process is the first to find `found`.
    pub(crate) fn lose(&self, events: u64, found: u64, kind: Kind) {
        log(events, found, kind);
        let mut known = self.known();
        known.found = known.found.saturating_add(found);
        let loss = known.loss.get_or_insert(Lost {
            events: 0,
            is_upper_bound: false,
            emptied: 0,
            at: Instant::now(),
        });
        loss.at = Instant::now();
        match kind {
            Kind::Emptied => loss.emptied = loss.emptied.saturating_add(events),
            Kind::Exact | Kind::AtMost => loss.events = loss.events.saturating_add(events),
        }
        loss.is_upper_bound |= kind == Kind::AtMost;
    }

    /// Records whether Redis answered a look at the stream.
    pub(crate) fn looked<T>(&self, answer: &RedisResult<T>) {
        match answer {
            Ok(_) => self.known().unusable = None,
            Err(error) if is_refusal(error) => self.known().unusable = Some(sentence("cannot be used", error)),
            // That Redis is away is told by others.
            Err(_) => {}
        }
    }

    /// Records that Redis took an event.
    pub(crate) fn taken(&self) {
        self.known().refused = None;
    }

    /// Records that Redis did not take an event.
    pub(crate) fn refused(&self, error: &RedisError) {
        if is_refusal(error) {
            self.known().refused = Some((Instant::now(), sentence("takes no events", error)));
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn log(events: u64, found: u64, kind: Kind) {
    match kind {
        Kind::Emptied => tracing::error!(
            stream = EVENTS,
            "Redis lost its data or went back to an older state. No event is known to have waited to be counted, but \
             numbers that are stored in this Redis may be gone"
        ),
        Kind::Exact => tracing::error!(
            stream = EVENTS,
            events,
            found,
            "acknowledged events were removed from Redis before they were counted, and are lost: the stream was \
             trimmed, or entries were deleted from it"
        ),
        Kind::AtMost => tracing::error!(
            stream = EVENTS,
            at_most = events,
            found,
            "acknowledged events were removed from Redis before they were counted, and are lost: the stream was \
             deleted, trimmed or evicted, or Redis lost data. Those that an accumulator had already read are counted \
             all the same, so fewer than `at_most` may be lost"
        ),
    }
}

/// Whether Redis answered, and said no. A group that is gone is made again.
fn is_refusal(error: &RedisError) -> bool {
    error.code().is_some_and(|code| code != "NOGROUP")
}

fn sentence(what: &str, error: &RedisError) -> String {
    let hint = match error.code() {
        Some("WRONGTYPE") => ": the key holds another type, rename or delete it",
        _ => "",
    };
    format!("the stream {EVENTS} {what}{hint} ({error})")
}

impl fmt::Debug for BusMonitor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BusMonitor").finish_non_exhaustive()
    }
}
