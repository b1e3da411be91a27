//! Randomness and the clock, which core leaves to its adapters.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use horizon_backend::CorrectedClock;
pub(crate) use horizon_backend::random_bytes as random;
use horizon_core::{Result, Stamp, Timestamp};

use crate::Problem;

/// How far stamps may run ahead of the clock: 5 seconds. One that was set back by more is believed.
const RUN_AHEAD: Duration = Duration::from_secs(5);

/// The highest count within a millisecond.
const COUNTS: u16 = 0xfff;

/// Tells the time and stamps what happens. Cloning is cheap; all clones are one.
#[derive(Clone)]
pub(crate) struct Clock(Arc<Inner>);

struct Inner {
    now: CorrectedClock,
    /// The last stamp's time, and how many there were before it in that millisecond.
    last: Mutex<(Timestamp, u16)>,
}

impl Clock {
    pub(crate) fn new(now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self(Arc::new(Inner {
            now: CorrectedClock::new(now),
            last: Mutex::new((Timestamp::from_millis(i64::MIN), 0)),
        }))
    }

    /// The moment it is.
    pub(crate) fn now(&self) -> Timestamp {
        self.0.now.now()
    }

    /// Whether the time is known, and so which day it is. Over Redis it is not before the first answer.
    pub(crate) fn is_known(&self) -> bool {
        self.0.now.is_known()
    }

    /// What it goes by, to be compared with the clock of Redis.
    pub(crate) fn corrected(&self) -> &CorrectedClock {
        &self.0.now
    }

    /// Returns whether the clock can be trusted.
    ///
    /// # Errors
    /// `Unavailable` if not: what is stamped by a wrong clock would be refused later, or win against what is said after
    /// it.
    pub(crate) fn check(&self) -> Result<(), Problem> {
        self.0.now.check().map_err(|error| {
            tracing::debug!(%error, "a request was refused because of the clock");
            Problem::unavailable(
                "The clock of this server is wrong, so it takes nothing now. Nothing is lost: ask again.",
            )
        })
    }

    /// A stamp for something that happens now: later than every one before it, so that of a like and its being taken
    /// back the later word has the later stamp.
    ///
    /// A counter leads the id's random bits (RFC 9562 §6.2, method 1): 12 bits a millisecond. Where they do not suffice,
    /// or the clock was set back a little, stamps run ahead of it.
    pub(crate) fn stamp(&self) -> Result<Stamp> {
        let mut bytes: [u8; 10] = random()?;
        let (at, count) = {
            let mut last = self.0.last.lock().unwrap_or_else(PoisonError::into_inner);
            *last = next(*last, self.now());
            *last
        };
        let (leading, _) = bytes.split_at_mut(2);
        leading.copy_from_slice(&count.to_be_bytes());
        Ok(Stamp::new(at, bytes))
    }
}

/// The time and the count of the stamp behind `last`.
fn next((last, count): (Timestamp, u16), now: Timestamp) -> (Timestamp, u16) {
    if now > last || last > now.plus(RUN_AHEAD) {
        (now, 0)
    } else if count < COUNTS {
        (last, count + 1)
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
        let told = Arc::clone(&millis);
        let clock = Clock::new(move || Timestamp::from_millis(told.load(Ordering::SeqCst)));
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
            "that is no jitter"
        );
    }
}
