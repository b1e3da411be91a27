//! Randomness and the clock, which core leaves to its adapters.

use std::sync::{Arc, Mutex, PoisonError};

use horizon_core::{Error, Result, Stamp, Timestamp};

/// Bytes nobody can guess.
pub(crate) fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)
        .map_err(|cause| Error::unavailable("the operating system has no randomness to give").with_source(cause))?;
    Ok(bytes)
}

/// Tells the time and stamps what happens. Cloning is cheap; all clones are one.
#[derive(Clone)]
pub(crate) struct Clock(Arc<Inner>);

struct Inner {
    now: Box<dyn Fn() -> Timestamp + Send + Sync>,
    /// The last stamp's time, and how many there were before it in that millisecond.
    last: Mutex<(Timestamp, u16)>,
}

impl Clock {
    pub(crate) fn new(now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self(Arc::new(Inner {
            now: Box::new(now),
            last: Mutex::new((Timestamp::from_millis(i64::MIN), 0)),
        }))
    }

    /// The moment it is.
    pub(crate) fn now(&self) -> Timestamp {
        (self.0.now)()
    }

    /// A stamp for something that happens now.
    ///
    /// A counter leads the id's random bits (RFC 9562 §6.2, method 1), so that of a like and its being taken back
    /// within one millisecond the later stamp is the later word. It has 12 bits; more than that in a millisecond
    /// are told apart and not in order.
    pub(crate) fn stamp(&self) -> Result<Stamp> {
        let mut bytes: [u8; 10] = random()?;
        let (at, count) = {
            let mut last = self.0.last.lock().unwrap_or_else(PoisonError::into_inner);
            let now = self.now();
            *last = if last.0 == now {
                (now, last.1.saturating_add(1))
            } else {
                (now, 0)
            };
            *last
        };
        let (leading, _) = bytes.split_at_mut(2);
        leading.copy_from_slice(&count.min(0xfff).to_be_bytes());
        Ok(Stamp::new(at, bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_later_stamp_is_greater_also_within_a_millisecond() {
        let clock = Clock::new(|| Timestamp::from_millis(1_800_000_000_000));
        let stamps: Vec<_> = (0..1_000).map(|_| clock.stamp().unwrap()).collect();
        assert!(stamps.is_sorted_by(|earlier, later| earlier < later));
    }
}
