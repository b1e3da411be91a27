use std::error::Error as _;
use std::time::Duration;

use horizon_core::Error;

/// The wait after the first failure.
const FIRST_WAIT: Duration = Duration::from_millis(100);

/// The longest wait after an error that may pass by itself.
const LAST_WAIT: Duration = Duration::from_secs(2);

/// The wait after an error that does not pass before somebody does something.
const PERMANENT_WAIT: Duration = Duration::from_secs(30);

/// The wait before the next attempt: 100 ms after the first failure, twice as long after each further one, 2 s at most.
///
/// ```
/// use std::time::Duration;
/// use horizon_backend::Backoff;
/// use horizon_core::Error;
///
/// let mut backoff = Backoff::new();
/// assert_eq!(backoff.after(&Error::unavailable("down")), Duration::from_millis(100));
/// assert_eq!(backoff.after(&Error::unavailable("down")), Duration::from_millis(200));
/// assert_eq!(backoff.after(&Error::permanent("broken")), Duration::from_secs(30));
/// ```
#[derive(Debug)]
pub struct Backoff(Duration);

impl Backoff {
    /// Returns the backoff before any failure.
    #[expect(clippy::new_without_default, reason = "a backoff is always named where it starts")]
    pub fn new() -> Self {
        Self(FIRST_WAIT)
    }

    /// Logs the failure and returns how long to wait before the next attempt.
    pub fn after(&mut self, error: &Error) -> Duration {
        let cause = error_chain(error);
        if error.is_retryable() {
            let wait = self.0;
            self.0 = (wait * 2).min(LAST_WAIT);
            tracing::warn!(%error, cause, ?wait, "a batch could not be counted, it comes again");
            return wait;
        }
        tracing::error!(%error, cause, wait = ?PERMANENT_WAIT, "a batch cannot be counted, somebody has to repair this");
        PERMANENT_WAIT
    }
}

/// What is behind an error, from its source down to the first cause; empty if nothing is.
///
/// ```
/// use horizon_backend::error_chain;
/// use horizon_core::Error;
///
/// assert_eq!(error_chain(&Error::unavailable("the store is away").with_source("a lock")), "a lock");
/// ```
pub fn error_chain(error: &Error) -> String {
    let chain = std::iter::successors(error.source(), |&cause| cause.source());
    chain.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_wait_is_twice_the_one_before_up_to_the_longest() {
        let mut backoff = Backoff::new();
        let down = Error::unavailable("down").with_source("a lock");
        let waits: Vec<_> = (0..9).map(|_| backoff.after(&down)).collect();
        assert_eq!(waits[..3], [FIRST_WAIT, FIRST_WAIT * 2, FIRST_WAIT * 4]);
        assert_eq!(waits[8], LAST_WAIT);
        assert_eq!(backoff.after(&Error::permanent("broken")), PERMANENT_WAIT);
        assert_eq!(error_chain(&down), "a lock");
    }
}
