//! The clock that stamps events.

use std::{sync::Arc, time::Duration};

use horizon_backend::{CorrectedClock, random_bytes};
use horizon_core::{Result, Stamp, Timestamp};
use parking_lot::Mutex;

use crate::Problem;

/// How far stamps may run ahead of the clock: 5 seconds. A larger step back of the clock is followed at once.
const MAX_AHEAD: Duration = Duration::from_secs(5);

/// The largest counter within a millisecond: 12 bits.
const MAX_COUNTER: u16 = 0xfff;

/// Tells the time and stamps events. Clones share their state.
#[derive(Clone)]
pub(crate) struct EventClock(Arc<ClockState>);

struct ClockState {
    clock: CorrectedClock,
    /// The time of the last stamp, and its counter.
    last: Mutex<(Timestamp, u16)>,
}

impl EventClock {
    pub(crate) fn new(now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self(Arc::new(ClockState {
            clock: CorrectedClock::new(now),
            last: Mutex::new((Timestamp::from_millis(i64::MIN), 0)),
        }))
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    /// Returns whether the time, and so the day, is known. Over Redis it is unknown until Redis responds.
    pub(crate) fn is_known(&self) -> bool {
        self.0.clock.is_known()
    }

    /// Returns the underlying clock, which is compared with the clock of Redis.
    pub(crate) fn corrected(&self) -> &CorrectedClock {
        &self.0.clock
    }

    /// Checks that the clock is right.
    ///
    /// # Errors
    /// `Unavailable` if it is not: its stamps would be rejected later, or win over later events.
    pub(crate) fn check(&self) -> Result<(), Problem> {
        self.0.clock.check().map_err(|error| {
            tracing::debug!(%error, "request rejected because the clock is wrong");
            Problem::unavailable("The clock of this server is wrong. Nothing is lost: try again.")
        })
    }

    /// Returns a stamp that is later than every stamp before it, so that a like and its removal are in order.
    ///
    /// A counter leads the id's random bits (RFC 9562 §6.2, method 1). When it overflows or the clock steps back a
    /// little, stamps run ahead of the clock.
    pub(crate) fn stamp(&self) -> Result<Stamp> {
        let mut bytes: [u8; 10] = random_bytes()?;
        let (at, counter) = {
            let mut last = self.0.last.lock();
            *last = next(*last, self.now());
            *last
        };
        let (leading, _) = bytes.split_at_mut(2);
        leading.copy_from_slice(&counter.to_be_bytes());
        Ok(Stamp::new(at, bytes))
    }
}

/// Returns the time and the counter of the stamp after `last`.
fn next((last, counter): (Timestamp, u16), now: Timestamp) -> (Timestamp, u16) {
    if now > last || last > now.plus(MAX_AHEAD) {
        (now, 0)
    } else if counter < MAX_COUNTER {
        (last, counter + 1)
    } else {
        (last.plus(Duration::from_millis(1)), 0)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI64, Ordering};

    use super::*;

    #[test]
    fn a_later_stamp_is_greater_also_within_a_millisecond_and_when_the_clock_is_set_back() {
        let millis = Arc::new(AtomicI64::new(1_800_000_000_000));
        let shared = Arc::clone(&millis);
        let clock = EventClock::new(move || Timestamp::from_millis(shared.load(Ordering::SeqCst)));
        let mut stamps: Vec<_> = (0..10_000).map(|_| clock.stamp().unwrap()).collect();
        millis.fetch_sub(200, Ordering::SeqCst);
        stamps.push(clock.stamp().unwrap());
        millis.fetch_add(400, Ordering::SeqCst);
        stamps.push(clock.stamp().unwrap());
        assert!(stamps.is_sorted_by(|earlier, later| earlier < later));
        let now = millis.fetch_sub(3_600_000, Ordering::SeqCst) - 3_600_000;
        assert_eq!(
            clock.stamp().unwrap().at,
            Timestamp::from_millis(now),
            "a large step back is followed"
        );
    }
}
