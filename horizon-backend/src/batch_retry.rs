use std::time::Duration;

use horizon_core::{Backoff, Error, error_chain};

/// The first delay after a retryable error: 100 ms.
pub(crate) const INITIAL_DELAY: Duration = Duration::from_millis(100);

/// The longest delay after retryable errors: 2 seconds.
pub(crate) const MAX_DELAY: Duration = Duration::from_secs(2);

/// The delay after a permanent error: 30 seconds.
const PERMANENT_DELAY: Duration = Duration::from_secs(30);

/// The delays between the attempts to count a batch: growing from 100 ms to 2 seconds after retryable errors, and 30
/// seconds after a permanent one.
///
/// ```
/// use std::time::Duration;
/// use horizon_backend::BatchRetry;
/// use horizon_core::Error;
///
/// let mut retry = BatchRetry::default();
/// assert_eq!(retry.log_and_delay(&Error::unavailable("down")), Duration::from_millis(100));
/// assert_eq!(retry.log_and_delay(&Error::unavailable("down")), Duration::from_millis(200));
/// assert_eq!(retry.log_and_delay(&Error::permanent("broken")), Duration::from_secs(30));
/// ```
#[derive(Debug)]
pub struct BatchRetry(Backoff);

impl Default for BatchRetry {
    fn default() -> Self {
        Self(Backoff::new(INITIAL_DELAY, MAX_DELAY))
    }
}

impl BatchRetry {
    /// Logs this error and returns the delay before the next attempt.
    pub fn log_and_delay(&mut self, error: &Error) -> Duration {
        let cause = error_chain(error);
        if error.is_retryable() {
            let delay = self.0.next_delay();
            tracing::warn!(%error, cause, ?delay, "a batch could not be counted, retrying");
            return delay;
        }
        tracing::error!(%error, cause, delay = ?PERMANENT_DELAY, "a batch cannot be counted until this error is fixed");
        PERMANENT_DELAY
    }
}
