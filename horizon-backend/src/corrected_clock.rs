use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use horizon_core::{Error, Result, Timestamp};
use tokio::sync::Notify;

/// How far the machine's clock may be from that of Redis before events are refused: ten minutes.
pub const MAX_CLOCK_OFFSET: Duration = Duration::from_secs(600);

/// The longest round trip whose answer corrects a clock that is trusted: one second. Behind a longer one the error
/// would be too large.
const MAX_ROUND_TRIP: Duration = Duration::from_secs(1);

/// The round trip that the first comparison waits for: 100 ms. What is stamped before a better one may be off by half
/// of it.
const FIRST_ROUND_TRIP: Duration = Duration::from_millis(100);

/// How many longer round trips a comparison of a clock that is not trusted ignores. Then the shortest of them is used.
const FIRST_TRIES: u32 = 5;

/// The longest round trip that is used then: three seconds, as long as a command may take. It is far below
/// [`MAX_CLOCK_OFFSET`].
const LONGEST_ROUND_TRIP: Duration = Duration::from_secs(3);

/// The difference that is not corrected: 10 ms beyond what the round trip may hide.
const TOLERANCE: Duration = Duration::from_millis(10);

/// How far the machine's clock may move against its stopwatch between two comparisons: one second. Beyond it somebody
/// set the clock, or the machine was suspended.
const MAX_JUMP: Duration = Duration::from_secs(1);

/// A clock that goes by that of Redis where it is compared with it. Cloning is cheap; all clones are one.
///
/// Every process of a site must agree about the time: what was said last holds, and an accumulator refuses what is too
/// old or too far ahead. Between two comparisons the time advances with the machine's stopwatch, so that setting its
/// clock changes nothing.
///
/// The error of a comparison is at most its round trip. It is 100 ms or less where Redis answers in time, and 3 s where
/// it answers slowly from the start or after a jump: such a process must not stop for as long as Redis is slow. For two
/// events of one reader that reach different processes within the error, the earlier one may then win. The first fast
/// answer corrects the clock.
///
/// ```
/// use horizon_backend::{CorrectedClock, now};
///
/// let clock = CorrectedClock::new(now); // there is nothing to compare it with, so it is right
/// assert!(clock.check().is_ok() && clock.offset().is_none());
/// ```
#[derive(Clone)]
pub struct CorrectedClock(Arc<Inner>);

struct Inner {
    machine: Box<dyn Fn() -> Timestamp + Send + Sync>,
    state: Mutex<State>,
    compared: Notify,
}

#[derive(Clone, Copy)]
enum State {
    /// There is nothing to compare it with.
    StoreLock,
    /// It must be compared, and has not been yet.
    Unknown(Slow),
    Compared {
        /// What time it was at some moment, by the clock that is right.
        anchor: (Timestamp, Instant),
        /// How far the anchor may be off.
        error: Duration,
        /// What time it was at the last comparison, by the machine's clock.
        seen: ClockReading,
        /// The answers since a jump.
        slow: Slow,
    },
}

/// The machine's clock and its stopwatch at the same moment; see [`CorrectedClock::compare`].
#[derive(Clone, Copy, Debug)]
pub struct ClockReading {
    wall: Timestamp,
    at: Instant,
}

impl CorrectedClock {
    /// Returns a clock that is right as it is. `machine` is the machine's clock.
    pub fn new(machine: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self(Arc::new(Inner {
            machine: Box::new(machine),
            state: Mutex::new(State::StoreLock),
            compared: Notify::new(),
        }))
    }

    /// Makes the clock wrong until it is compared with another one, as [`run_heartbeat`](crate::speak) does.
    ///
    /// ```
    /// use horizon_backend::{CorrectedClock, now};
    ///
    /// let clock = CorrectedClock::new(now);
    /// clock.require_comparison();
    /// assert!(clock.check().unwrap_err().is_retryable());
    /// ```
    pub fn require_comparison(&self) {
        *self.state() = State::Unknown(Slow::default());
    }

    /// Waits until the clock was compared, if it must be.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// use horizon_backend::{CorrectedClock, now};
    ///
    /// CorrectedClock::new(now).compared().await; // at once
    /// # }
    /// ```
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

    /// Waits until the clock is compared once more.
    #[cfg(feature = "redis")]
    pub(crate) async fn next_comparison(&self) {
        self.0.compared.notified().await;
    }

    /// Returns the time, corrected where it was compared.
    ///
    /// ```
    /// use horizon_backend::{CorrectedClock, now};
    ///
    /// assert!(CorrectedClock::new(now).now() >= horizon_core::Timestamp::from_millis(1_700_000_000_000));
    /// ```
    #[must_use]
    pub fn now(&self) -> Timestamp {
        let state = *self.state();
        match state {
            State::Compared { anchor, .. } => later(anchor, Instant::now()),
            State::StoreLock | State::Unknown(_) => (self.0.machine)(),
        }
    }

    /// Returns whether the time is known: there is nothing to compare the clock with, or it was compared.
    ///
    /// ```
    /// use horizon_backend::{CorrectedClock, now};
    ///
    /// assert!(CorrectedClock::new(now).is_known());
    /// ```
    #[must_use]
    pub fn is_known(&self) -> bool {
        !matches!(*self.state(), State::Unknown(_))
    }

    /// Returns whether an event may be stamped or judged by this clock.
    ///
    /// # Errors
    /// Retryable while it has not been compared, while it is more than [`MAX_CLOCK_OFFSET`] from the other one, and
    /// after a jump until it is compared again. The message is a sentence.
    pub fn check(&self) -> Result<()> {
        let (from, to) = self.readings();
        let state = *self.state();
        let offset = state.offset(to).and_then(problem);
        match offset.or_else(|| state.uncompared(from, to).map(str::to_owned)) {
            Some(problem) => Err(Error::unavailable(problem)),
            None => Ok(()),
        }
    }

    /// Returns why the clock must be compared before it is trusted, as a sentence without an end. Nothing if it is
    /// compared.
    #[cfg(any(test, feature = "redis"))]
    pub(crate) fn uncompared(&self) -> Option<&'static str> {
        let (from, to) = self.readings();
        self.state().uncompared(from, to)
    }

    /// Returns how far the time may be off because of the round trip. Nothing if it was not compared.
    #[cfg(any(test, feature = "redis"))]
    pub(crate) fn error(&self) -> Option<Duration> {
        match *self.state() {
            State::Compared { error, .. } => Some(error),
            State::StoreLock | State::Unknown(_) => None,
        }
    }

    /// Returns by how many milliseconds the machine's clock is ahead of the other one, or negative behind it. Nothing
    /// if it was not compared. What may be due to the round trip counts as no difference.
    ///
    /// ```
    /// use horizon_backend::{CorrectedClock, now};
    ///
    /// assert_eq!(CorrectedClock::new(now).offset(), None);
    /// ```
    #[must_use]
    pub fn offset(&self) -> Option<i64> {
        let (_, now) = self.readings();
        self.state().offset(now)
    }

    /// Reads the machine's clock and its stopwatch, for [`compare`](Self::compare).
    #[must_use]
    pub fn reading(&self) -> ClockReading {
        self.readings().1
    }

    /// Learns what time another clock told between two readings of this one. An answer that took more than a second
    /// corrects nothing while the clock is trusted. While it is not, the best of six slow answers is used, of at most
    /// three seconds each.
    ///
    /// ```
    /// use horizon_backend::{CorrectedClock, now};
    ///
    /// let clock = CorrectedClock::new(now);
    /// let sent = clock.reading();
    /// let told = now(); // ask the other one
    /// clock.compare(sent, told, clock.reading());
    /// assert_eq!(clock.offset(), Some(0));
    /// ```
    pub fn compare(&self, sent: ClockReading, told: Timestamp, received: ClockReading) {
        if has_jumped(sent, received, received) {
            return;
        }
        {
            let mut state = self.state();
            let Some(answer) = state.choose(Answer { sent, told, received }) else {
                return;
            };
            let (believed, error) = match *state {
                State::Compared { anchor, error, .. } => (anchor, error),
                // Until now the machine's own clock is believed.
                State::StoreLock | State::Unknown(_) => ((answer.sent.wall, answer.sent.at), Duration::MAX),
            };
            let round_trip = answer.round_trip();
            let is_right = answer.agrees_with(believed);
            *state = State::Compared {
                anchor: if is_right { believed } else { answer.middle() },
                error: if is_right { error.min(round_trip) } else { round_trip },
                seen: received,
                slow: Slow::default(),
            };
        }
        self.0.compared.notify_waiters();
    }

    /// Reads the stopwatch before and after the machine's clock, because the process may be stopped in between.
    fn readings(&self) -> (ClockReading, ClockReading) {
        let before = Instant::now();
        let wall = (self.0.machine)();
        let after = Instant::now();
        (ClockReading { wall, at: before }, ClockReading { wall, at: after })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn offset(&self, now: ClockReading) -> Option<i64> {
        match *self {
            Self::Compared { anchor, .. } => {
                Some(now.wall.as_millis().saturating_sub(later(anchor, now.at).as_millis()))
            }
            Self::StoreLock | Self::Unknown(_) => None,
        }
    }

    /// The stopwatch read between `from` and `to`.
    fn uncompared(&self, from: ClockReading, to: ClockReading) -> Option<&'static str> {
        match *self {
            Self::Unknown(_) => Some("the clock of this machine has not been compared with that of Redis yet"),
            Self::Compared { seen, .. } if has_jumped(seen, from, to) => Some(
                "the clock of this machine has just been set, or the machine was suspended: it must be compared with \
                 that of Redis again",
            ),
            Self::StoreLock | Self::Compared { .. } => None,
        }
    }

    /// Returns the answer to go by, now that this one came.
    fn choose(&mut self, answer: Answer) -> Option<Answer> {
        let received = answer.received;
        match self {
            Self::Unknown(slow) => slow.choose(answer, FIRST_ROUND_TRIP),
            Self::Compared { seen, slow, .. } if has_jumped(*seen, received, received) => {
                slow.choose(answer, MAX_ROUND_TRIP)
            }
            Self::StoreLock | Self::Compared { .. } => (answer.round_trip() <= MAX_ROUND_TRIP).then_some(answer),
        }
    }
}

/// Slow answers that came while the clock was not trusted.
#[derive(Clone, Copy, Default)]
struct Slow {
    number: u32,
    best: Option<Answer>,
}

impl Slow {
    /// Returns the answer if it took no longer than `enough`, and the best of all after [`FIRST_TRIES`] that did.
    fn choose(&mut self, answer: Answer, enough: Duration) -> Option<Answer> {
        let round_trip = answer.round_trip();
        if round_trip <= enough {
            return Some(answer);
        }
        if round_trip > LONGEST_ROUND_TRIP {
            return None;
        }
        // After another jump an earlier answer no longer tells the time.
        let is_better = |best: &Answer| {
            best.round_trip() < round_trip && !has_jumped(best.received, answer.received, answer.received)
        };
        let best = self.best.filter(is_better).unwrap_or(answer);
        *self = Self {
            number: self.number.saturating_add(1),
            best: Some(best),
        };
        (self.number > FIRST_TRIES).then_some(best)
    }
}

/// What another clock told at some moment between two readings of this one, nobody knows at which.
#[derive(Clone, Copy)]
struct Answer {
    sent: ClockReading,
    told: Timestamp,
    received: ClockReading,
}

impl Answer {
    fn round_trip(&self) -> Duration {
        self.received.at.saturating_duration_since(self.sent.at)
    }

    fn agrees_with(&self, believed: (Timestamp, Instant)) -> bool {
        let (earliest, latest) = (later(believed, self.sent.at), later(believed, self.received.at));
        self.told.plus(TOLERANCE) >= earliest && self.told <= latest.plus(TOLERANCE)
    }

    fn middle(&self) -> (Timestamp, Instant) {
        (self.told, self.sent.at + self.round_trip() / 2)
    }
}

/// Returns the sentence about a clock that is too far from that of Redis, by its offset in milliseconds.
pub(crate) fn problem(offset: i64) -> Option<String> {
    let far = Duration::from_millis(offset.unsigned_abs());
    let direction = if offset > 0 { "ahead of" } else { "behind" };
    (far > MAX_CLOCK_OFFSET).then(|| {
        format!(
            "the clock of this machine is {} s {direction} that of Redis, which is more than {} s: no like, comment or \
             event is taken until the wrong one of the two is set",
            (far + Duration::from_millis(500)).as_secs(),
            MAX_CLOCK_OFFSET.as_secs()
        )
    })
}

fn later((time, at): (Timestamp, Instant), now: Instant) -> Timestamp {
    time.plus(now.saturating_duration_since(at))
        .minus(at.saturating_duration_since(now))
}

/// Whether the machine's clock moved otherwise than its stopwatch, which read between `from` and `to` at that moment.
fn has_jumped(seen: ClockReading, from: ClockReading, to: ClockReading) -> bool {
    let earliest = later((seen.wall, seen.at), from.at);
    let latest = later((seen.wall, seen.at), to.at);
    earliest.since(to.wall) > MAX_JUMP || to.wall.since(latest) > MAX_JUMP
}

impl fmt::Debug for CorrectedClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CorrectedClock").field(&self.now()).finish()
    }
}

#[cfg(test)]
mod tests;
