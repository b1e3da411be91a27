use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use horizon_core::{Error, Result, Timestamp};
use parking_lot::Mutex;
use tokio::sync::Notify;

/// The largest offset from the clock of Redis at which events are accepted: 10 minutes.
pub const MAX_CLOCK_OFFSET: Duration = Duration::from_secs(600);

/// The longest round trip of a comparison that corrects a trusted clock: 1 second.
const MAX_ROUND_TRIP: Duration = Duration::from_secs(1);

/// The longest round trip that the first comparison accepts at once: 100 ms. The error is at most half of it.
const FIRST_ROUND_TRIP: Duration = Duration::from_millis(100);

/// How many slower comparisons an untrusted clock ignores before it uses the fastest of them.
const SLOW_ATTEMPTS: u32 = 5;

/// The longest round trip that such a comparison may have: 3 seconds, the timeout of a command.
const MAX_SLOW_ROUND_TRIP: Duration = Duration::from_secs(3);

/// The offset beyond the round trip that is not corrected: 10 ms.
const TOLERANCE: Duration = Duration::from_millis(10);

/// How far the system clock may drift from the monotonic clock between two comparisons: 1 second. More means that the
/// clock was set or the machine was suspended.
const MAX_DRIFT: Duration = Duration::from_secs(1);

/// A clock that follows the clock of Redis once it is compared with it. Clones share their state.
///
/// All processes of a site must agree about the time, because the newer of two events wins and an accumulator rejects
/// events that are too old or too far in the future. Between two comparisons the time advances with the monotonic
/// clock, so setting the system clock has no effect.
///
/// The error is at most the round trip of the comparison: usually below 100 ms, and up to 3 seconds while Redis is slow
/// at the start or after the system clock was set. Within that error, events of one reader on different nodes may be
/// ordered wrongly.
///
/// ```
/// use horizon_backend::{CorrectedClock, now};
///
/// let clock = CorrectedClock::new(now); // trusted, because it needs no comparison
/// assert!(clock.check().is_ok() && clock.offset().is_none());
/// clock.require_comparison();
/// assert!(clock.check().unwrap_err().is_retryable());
/// let sent = clock.reading();
/// let reference = now(); // the time that Redis returns
/// clock.compare(sent, reference, clock.reading());
/// assert!(clock.offset().is_some()); // in milliseconds
/// ```
#[derive(Clone)]
pub struct CorrectedClock(Arc<CorrectedClockInner>);

struct CorrectedClockInner {
    system_time: Box<dyn Fn() -> Timestamp + Send + Sync>,
    state: Mutex<CorrectedClockState>,
    compared: Notify,
}

#[derive(Clone, Copy)]
enum CorrectedClockState {
    /// There is no reference to compare it with.
    Uncorrected,
    /// It must be compared, and has not been compared yet.
    Unknown(SlowComparisons),
    Compared {
        /// The reference time at some instant.
        anchor: (Timestamp, Instant),
        /// The largest possible error of the anchor.
        error: Duration,
        /// The system clock at the last comparison.
        seen: ClockReading,
        /// The comparisons since the system clock was set.
        slow: SlowComparisons,
    },
}

/// The system clock and the monotonic clock at the same instant; see [`CorrectedClock::compare`].
#[derive(Clone, Copy, Debug)]
pub struct ClockReading {
    wall: Timestamp,
    at: Instant,
}

impl CorrectedClock {
    /// Returns a clock that follows `system_time` and is trusted without a comparison.
    pub fn new(system_time: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self(Arc::new(CorrectedClockInner {
            system_time: Box::new(system_time),
            state: Mutex::new(CorrectedClockState::Uncorrected),
            compared: Notify::new(),
        }))
    }

    /// Distrusts the clock until it is compared, as `run_heartbeat` does.
    pub fn require_comparison(&self) {
        *self.0.state.lock() = CorrectedClockState::Unknown(SlowComparisons::default());
    }

    /// Waits for the first comparison, if one is required.
    pub async fn compared(&self) {
        loop {
            let mut compared = std::pin::pin!(self.0.compared.notified());
            compared.as_mut().enable();
            if self.is_known() {
                return;
            }
            compared.await;
        }
    }

    /// Waits for the next comparison.
    #[cfg(feature = "redis")]
    pub(crate) async fn next_comparison(&self) {
        self.0.compared.notified().await;
    }

    /// Returns the corrected time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        let state = *self.0.state.lock();
        match state {
            CorrectedClockState::Compared { anchor, .. } => later(anchor, Instant::now()),
            CorrectedClockState::Uncorrected | CorrectedClockState::Unknown(_) => (self.0.system_time)(),
        }
    }

    /// Returns whether no comparison is outstanding.
    #[must_use]
    pub fn is_known(&self) -> bool {
        !matches!(*self.0.state.lock(), CorrectedClockState::Unknown(_))
    }

    /// Checks that events may be created and judged by this clock.
    ///
    /// # Errors
    /// Retryable before the first comparison, after the system clock was set until the next comparison, and while the
    /// offset is more than [`MAX_CLOCK_OFFSET`].
    pub fn check(&self) -> Result<()> {
        let (from, to) = self.readings();
        let state = *self.0.state.lock();
        let offset = state.offset(to).and_then(problem);
        match offset.or_else(|| state.uncompared(from, to).map(str::to_owned)) {
            Some(problem) => Err(Error::unavailable(problem)),
            None => Ok(()),
        }
    }

    /// Returns why a comparison is outstanding, without a full stop.
    #[cfg(any(test, feature = "redis"))]
    pub(crate) fn uncompared(&self) -> Option<&'static str> {
        let (from, to) = self.readings();
        self.0.state.lock().uncompared(from, to)
    }

    /// Returns the largest possible error of the last comparison.
    #[cfg(any(test, feature = "redis"))]
    pub(crate) fn error(&self) -> Option<Duration> {
        match *self.0.state.lock() {
            CorrectedClockState::Compared { error, .. } => Some(error),
            CorrectedClockState::Uncorrected | CorrectedClockState::Unknown(_) => None,
        }
    }

    /// Returns the offset of the system clock in milliseconds, positive if it is ahead; `None` before a comparison. An
    /// offset that the round trip explains is 0.
    #[must_use]
    pub fn offset(&self) -> Option<i64> {
        let (_, now) = self.readings();
        self.0.state.lock().offset(now)
    }

    /// Reads the system clock and the monotonic clock.
    #[must_use]
    pub fn reading(&self) -> ClockReading {
        self.readings().1
    }

    /// Corrects the clock by a reference time that was read between two readings of this clock. While the clock is
    /// trusted, comparisons slower than a second are ignored; otherwise the best of six is used.
    pub fn compare(&self, sent: ClockReading, reference: Timestamp, received: ClockReading) {
        if has_jumped(sent, received, received) {
            return;
        }
        {
            let mut state = self.0.state.lock();
            let Some(comparison) = state.choose(Comparison {
                sent,
                reference,
                received,
            }) else {
                return;
            };
            let (current, error) = match *state {
                CorrectedClockState::Compared { anchor, error, .. } => (anchor, error),
                // Until now the system clock is used.
                CorrectedClockState::Uncorrected | CorrectedClockState::Unknown(_) => {
                    ((comparison.sent.wall, comparison.sent.at), Duration::MAX)
                }
            };
            let round_trip = comparison.round_trip();
            let is_right = comparison.agrees_with(current);
            *state = CorrectedClockState::Compared {
                anchor: if is_right { current } else { comparison.middle() },
                error: if is_right { error.min(round_trip) } else { round_trip },
                seen: received,
                slow: SlowComparisons::default(),
            };
        }
        self.0.compared.notify_waiters();
    }

    /// Reads the monotonic clock before and after the system clock, because the process may be paused in between.
    fn readings(&self) -> (ClockReading, ClockReading) {
        let before = Instant::now();
        let wall = (self.0.system_time)();
        let after = Instant::now();
        (ClockReading { wall, at: before }, ClockReading { wall, at: after })
    }
}

impl CorrectedClockState {
    fn offset(&self, now: ClockReading) -> Option<i64> {
        match *self {
            Self::Compared { anchor, .. } => {
                Some(now.wall.as_millis().saturating_sub(later(anchor, now.at).as_millis()))
            }
            Self::Uncorrected | Self::Unknown(_) => None,
        }
    }

    /// Returns why a comparison is outstanding. The monotonic clock was read between `from` and `to`.
    fn uncompared(&self, from: ClockReading, to: ClockReading) -> Option<&'static str> {
        match *self {
            Self::Unknown(_) => Some("the clock of this machine has not been compared with that of Redis yet"),
            Self::Compared { seen, .. } if has_jumped(seen, from, to) => Some(
                "the clock of this machine has just been set, or the machine was suspended: it must be compared with \
                 that of Redis again",
            ),
            Self::Uncorrected | Self::Compared { .. } => None,
        }
    }

    /// Returns the comparison that corrects the clock, if this one completes the choice.
    fn choose(&mut self, comparison: Comparison) -> Option<Comparison> {
        let received = comparison.received;
        match self {
            Self::Unknown(slow) => slow.choose(comparison, FIRST_ROUND_TRIP),
            Self::Compared { seen, slow, .. } if has_jumped(*seen, received, received) => {
                slow.choose(comparison, MAX_ROUND_TRIP)
            }
            Self::Uncorrected | Self::Compared { .. } => {
                (comparison.round_trip() <= MAX_ROUND_TRIP).then_some(comparison)
            }
        }
    }
}

/// Comparisons with a long round trip while the clock was not trusted.
#[derive(Clone, Copy, Default)]
struct SlowComparisons {
    number: u32,
    best: Option<Comparison>,
}

impl SlowComparisons {
    /// Returns the comparison if it took at most `enough`, and the fastest one after [`SLOW_ATTEMPTS`] slower ones.
    fn choose(&mut self, comparison: Comparison, enough: Duration) -> Option<Comparison> {
        let round_trip = comparison.round_trip();
        if round_trip <= enough {
            return Some(comparison);
        }
        if round_trip > MAX_SLOW_ROUND_TRIP {
            return None;
        }
        // Setting the clock again invalidates earlier comparisons.
        let is_better = |best: &Comparison| {
            best.round_trip() < round_trip && !has_jumped(best.received, comparison.received, comparison.received)
        };
        let best = self.best.filter(is_better).unwrap_or(comparison);
        *self = Self {
            number: self.number.saturating_add(1),
            best: Some(best),
        };
        (self.number > SLOW_ATTEMPTS).then_some(best)
    }
}

/// A reference time from an unknown instant between two readings of this clock.
#[derive(Clone, Copy)]
struct Comparison {
    sent: ClockReading,
    reference: Timestamp,
    received: ClockReading,
}

impl Comparison {
    fn round_trip(&self) -> Duration {
        self.received.at.saturating_duration_since(self.sent.at)
    }

    fn agrees_with(&self, current: (Timestamp, Instant)) -> bool {
        let (earliest, latest) = (later(current, self.sent.at), later(current, self.received.at));
        self.reference.plus(TOLERANCE) >= earliest && self.reference <= latest.plus(TOLERANCE)
    }

    fn middle(&self) -> (Timestamp, Instant) {
        (self.reference, self.sent.at + self.round_trip() / 2)
    }
}

/// Describes an offset in milliseconds that is too large.
pub(crate) fn problem(offset: i64) -> Option<String> {
    let far = Duration::from_millis(offset.unsigned_abs());
    let direction = if offset > 0 { "ahead of" } else { "behind" };
    (far > MAX_CLOCK_OFFSET).then(|| {
        format!(
            "the clock of this machine is {} s {direction} that of Redis, more than the allowed {} s: likes, comments \
             and events are rejected until the wrong clock is corrected",
            (far + Duration::from_millis(500)).as_secs(),
            MAX_CLOCK_OFFSET.as_secs()
        )
    })
}

/// Advances a time that was true at `at` to the instant `now`.
fn later((time, at): (Timestamp, Instant), now: Instant) -> Timestamp {
    time.plus(now.saturating_duration_since(at))
        .minus(at.saturating_duration_since(now))
}

/// Returns whether the system clock was set since `seen`. The monotonic clock was read between `from` and `to`.
fn has_jumped(seen: ClockReading, from: ClockReading, to: ClockReading) -> bool {
    let earliest = later((seen.wall, seen.at), from.at);
    let latest = later((seen.wall, seen.at), to.at);
    earliest.since(to.wall) > MAX_DRIFT || to.wall.since(latest) > MAX_DRIFT
}

impl fmt::Debug for CorrectedClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CorrectedClock").field(&self.now()).finish()
    }
}

#[cfg(test)]
mod tests;
