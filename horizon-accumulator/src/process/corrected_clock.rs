use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use horizon_core::{Error, Result, Timestamp};
use tokio::sync::Notify;

/// How far the machine's clock may be from that of Redis before events are refused: ten minutes.
pub const MAX_CLOCK_OFFSET: Duration = Duration::from_secs(600);

/// The longest round trip whose answer tells the time: one second. Behind a longer one the error would be too large.
const MAX_ROUND_TRIP: Duration = Duration::from_secs(1);

/// The round trip that the first comparison waits for: 100 ms. What is stamped before a better one may be off by half
/// of it.
const FIRST_ROUND_TRIP: Duration = Duration::from_millis(100);

/// How many longer round trips the first comparison puts up with.
const FIRST_TRIES: u32 = 5;

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
/// ```
/// use horizon_accumulator::process::{CorrectedClock, now};
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
    Alone,
    /// It must be compared, and has not been yet: only so many round trips were made, and they were long.
    Unknown(u32),
    Compared {
        /// What time it was at some moment, by the clock that is right.
        anchor: (Timestamp, Instant),
        /// What time it was at the last comparison, by the machine's clock.
        seen: Reading,
    },
}

/// The machine's clock and its stopwatch at the same moment; see [`CorrectedClock::compare`].
#[derive(Clone, Copy, Debug)]
pub struct Reading {
    wall: Timestamp,
    at: Instant,
}

impl CorrectedClock {
    /// Returns a clock that is right as it is. `machine` is the machine's clock.
    pub fn new(machine: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self(Arc::new(Inner {
            machine: Box::new(machine),
            state: Mutex::new(State::Alone),
            compared: Notify::new(),
        }))
    }

    /// Makes the clock wrong until it is compared with another one, as [`speak`](crate::process::speak) does.
    ///
    /// ```
    /// use horizon_accumulator::process::{CorrectedClock, now};
    ///
    /// let clock = CorrectedClock::new(now);
    /// clock.require_comparison();
    /// assert!(clock.check().unwrap_err().is_retryable());
    /// ```
    pub fn require_comparison(&self) {
        *self.state() = State::Unknown(0);
    }

    /// Waits until the clock was compared, if it must be.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// use horizon_accumulator::process::{CorrectedClock, now};
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

    /// Returns the time, corrected where it was compared.
    ///
    /// ```
    /// use horizon_accumulator::process::{CorrectedClock, now};
    ///
    /// assert!(CorrectedClock::new(now).now() >= horizon_core::Timestamp::from_millis(1_700_000_000_000));
    /// ```
    #[must_use]
    pub fn now(&self) -> Timestamp {
        let state = *self.state();
        match state {
            State::Compared { anchor, .. } => later(anchor, Instant::now()),
            State::Alone | State::Unknown(_) => (self.0.machine)(),
        }
    }

    /// Returns whether the time is known: there is nothing to compare the clock with, or it was compared.
    ///
    /// ```
    /// use horizon_accumulator::process::{CorrectedClock, now};
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
        match *self.state() {
            State::Alone => Ok(()),
            State::Unknown(_) => Err(Error::unavailable(
                "the clock of this machine has not been compared with that of Redis yet",
            )),
            State::Compared { anchor, seen } => {
                if let Some(problem) = problem(offset(anchor, to)) {
                    return Err(Error::unavailable(problem));
                }
                if has_jumped(seen, from, to) {
                    return Err(Error::unavailable(
                        "the clock of this machine has just been set, or the machine was suspended: it must be \
                         compared with that of Redis again",
                    ));
                }
                Ok(())
            }
        }
    }

    /// Returns by how many milliseconds the machine's clock is ahead of the other one, or negative behind it. Nothing
    /// if it was not compared. What may be due to the round trip counts as no difference.
    ///
    /// ```
    /// use horizon_accumulator::process::{CorrectedClock, now};
    ///
    /// assert_eq!(CorrectedClock::new(now).offset(), None);
    /// ```
    #[must_use]
    pub fn offset(&self) -> Option<i64> {
        let (_, now) = self.readings();
        match *self.state() {
            State::Compared { anchor, .. } => Some(offset(anchor, now)),
            State::Alone | State::Unknown(_) => None,
        }
    }

    /// Reads the machine's clock and its stopwatch, for [`compare`](Self::compare).
    #[must_use]
    pub fn reading(&self) -> Reading {
        self.readings().1
    }

    /// Learns what time another clock told between two readings of this one. An answer that took more than a second is
    /// not believed.
    ///
    /// ```
    /// use horizon_accumulator::process::{CorrectedClock, now};
    ///
    /// let clock = CorrectedClock::new(now);
    /// let sent = clock.reading();
    /// let told = now(); // ask the other one
    /// clock.compare(sent, told, clock.reading());
    /// assert_eq!(clock.offset(), Some(0));
    /// ```
    pub fn compare(&self, sent: Reading, told: Timestamp, received: Reading) {
        let round_trip = received.at.saturating_duration_since(sent.at);
        if round_trip > MAX_ROUND_TRIP || has_jumped(sent, received, received) {
            return;
        }
        {
            let mut state = self.state();
            let believed = match *state {
                State::Unknown(tries) if round_trip > FIRST_ROUND_TRIP && tries < FIRST_TRIES => {
                    *state = State::Unknown(tries + 1);
                    return;
                }
                State::Compared { anchor, .. } => anchor,
                // Until now the machine's own clock is believed.
                State::Alone | State::Unknown(_) => (sent.wall, sent.at),
            };
            // The other clock was read at some moment in between, nobody knows at which.
            let (earliest, latest) = (later(believed, sent.at), later(believed, received.at));
            let is_right = told.plus(TOLERANCE) >= earliest && told <= latest.plus(TOLERANCE);
            *state = State::Compared {
                anchor: if is_right {
                    believed
                } else {
                    (told, sent.at + round_trip / 2)
                },
                seen: received,
            };
        }
        self.0.compared.notify_waiters();
    }

    /// Reads the stopwatch before and after the machine's clock, because the process may be stopped in between.
    fn readings(&self) -> (Reading, Reading) {
        let before = Instant::now();
        let wall = (self.0.machine)();
        let after = Instant::now();
        (Reading { wall, at: before }, Reading { wall, at: after })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
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

fn offset(anchor: (Timestamp, Instant), now: Reading) -> i64 {
    now.wall.as_millis().saturating_sub(later(anchor, now.at).as_millis())
}

/// Whether the machine's clock moved otherwise than its stopwatch, which read between `from` and `to` at that moment.
fn has_jumped(seen: Reading, from: Reading, to: Reading) -> bool {
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
mod tests {
    use std::sync::atomic::{AtomicI64, Ordering};

    use super::*;

    const NOON: i64 = 1_800_000_000_000;

    /// A clock whose machine's clock goes with the stopwatch, and is set by adding to a number.
    fn clock() -> (CorrectedClock, Arc<AtomicI64>) {
        let (set, start) = (Arc::new(AtomicI64::new(NOON)), Instant::now());
        let machine = {
            let set = Arc::clone(&set);
            move || Timestamp::from_millis(set.load(Ordering::SeqCst)).plus(start.elapsed())
        };
        let clock = CorrectedClock::new(machine);
        clock.require_comparison();
        (clock, set)
    }

    /// Compares it with one that is ahead by so many milliseconds, over a network that takes so long.
    fn compare(clock: &CorrectedClock, ahead: i64, round_trip: Duration) {
        let sent = clock.reading();
        let told = sent.wall.plus(round_trip / 2).as_millis() + ahead;
        let received = Reading {
            wall: sent.wall.plus(round_trip),
            at: sent.at + round_trip,
        };
        clock.compare(sent, Timestamp::from_millis(told), received);
    }

    fn is_about(offset: Option<i64>, expected: i64) -> bool {
        offset.is_some_and(|offset| (offset - expected).abs() < 40)
    }

    #[test]
    fn a_clock_is_corrected_by_what_it_is_compared_with() {
        let (clock, _) = clock();
        assert!(clock.check().unwrap_err().to_string().contains("not been compared") && !clock.is_known());
        compare(&clock, -83_000, Duration::from_millis(2));
        assert!(is_about(clock.offset(), 83_000), "{:?}", clock.offset());
        let behind = Timestamp::from_millis(NOON).since(clock.now());
        assert!(behind > Duration::from_secs(82), "{behind:?}");
        clock.check().unwrap();
    }

    #[test]
    fn jitter_and_slow_answers_correct_nothing() {
        let (clock, _) = clock();
        compare(&clock, 9, Duration::from_millis(2));
        assert_eq!(clock.offset(), Some(0));
        compare(&clock, 190, Duration::from_millis(400));
        compare(&clock, -190, Duration::from_millis(400));
        compare(&clock, 7_200_000, Duration::from_millis(1_100));
        assert_eq!(clock.offset(), Some(0));
        compare(&clock, 190, Duration::from_millis(2));
        assert!(is_about(clock.offset(), -190), "{:?}", clock.offset());
    }

    #[test]
    fn the_first_comparison_waits_for_a_short_round_trip_and_a_better_one_improves_it() {
        let (clock, _) = clock();
        for _ in 0..FIRST_TRIES {
            compare(&clock, -60_000, Duration::from_millis(900));
            assert!(!clock.is_known());
        }
        compare(&clock, -60_400, Duration::from_millis(900));
        assert!(is_about(clock.offset(), 60_400), "{:?}", clock.offset());
        compare(&clock, -60_000, Duration::from_millis(2));
        assert!(is_about(clock.offset(), 60_000), "{:?}", clock.offset());
    }

    #[test]
    fn a_clock_that_is_hours_or_a_month_off_is_not_trusted_until_it_is_set() {
        let (clock, set) = clock();
        for (ahead, word) in [(-7_200_000, "7200 s ahead of"), (31 * 86_400_000, "2678400 s behind")] {
            compare(&clock, ahead, Duration::from_millis(2));
            let error = clock.check().unwrap_err();
            assert!(error.is_retryable() && error.to_string().contains(word), "{error}");
        }
        set.fetch_add(31 * 86_400_000, Ordering::SeqCst);
        compare(&clock, 0, Duration::from_millis(2));
        clock.check().unwrap();
    }

    #[test]
    fn a_jump_of_the_machine_s_clock_changes_no_time_and_is_trusted_after_the_next_comparison() {
        let (clock, set) = clock();
        compare(&clock, 0, Duration::from_millis(2));
        let before = clock.now();
        for jump in [-120_000, 240_000] {
            set.fetch_add(jump, Ordering::SeqCst);
            let error = clock.check().unwrap_err();
            assert!(
                error.is_retryable() && error.to_string().contains("just been set"),
                "{error}"
            );
            assert!(clock.now().since(before) < Duration::from_secs(60) && clock.now() >= before);
            compare(&clock, NOON - set.load(Ordering::SeqCst), Duration::from_millis(2));
            clock.check().unwrap();
        }
    }

    #[tokio::test]
    async fn a_wait_for_the_first_comparison_ends_with_it() {
        let (clock, _) = clock();
        let waiting = tokio::spawn({
            let clock = clock.clone();
            async move { clock.compared().await }
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        compare(&clock, 0, Duration::from_millis(2));
        waiting.await.unwrap();
        clock.compared().await;
    }
}
