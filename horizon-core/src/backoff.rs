use std::time::Duration;

/// Exponential backoff: each delay is twice the one before, up to a maximum.
///
/// ```
/// use std::time::Duration;
/// use horizon_core::Backoff;
///
/// let mut backoff = Backoff::new(Duration::from_millis(50), Duration::from_secs(1));
/// assert_eq!(backoff.next_delay(), Duration::from_millis(50));
/// assert_eq!(backoff.next_delay(), Duration::from_millis(100));
/// backoff.reset(); // after a success
/// assert_eq!(backoff.next_delay(), Duration::from_millis(50));
/// ```
#[derive(Clone, Debug)]
pub struct Backoff {
    initial: Duration,
    max: Duration,
    next: Duration,
}

impl Backoff {
    /// Returns a backoff that starts with `initial` and never exceeds `max`.
    #[must_use]
    pub const fn new(initial: Duration, max: Duration) -> Self {
        Self {
            initial,
            max,
            next: initial,
        }
    }

    /// Returns how long to wait before the next attempt.
    pub fn next_delay(&mut self) -> Duration {
        let delay = self.next.min(self.max);
        self.next = delay.saturating_mul(2);
        delay
    }

    /// Returns a delay between half of [`next_delay`](Self::next_delay) and all of it, so that many clients of one
    /// server do not retry in step ("equal jitter"). `entropy` is a random number.
    pub fn next_delay_with_jitter(&mut self, entropy: u32) -> Duration {
        let half = self.next_delay() / 2;
        half + half.mul_f64(f64::from(entropy) / f64::from(u32::MAX))
    }

    /// Starts over with the initial delay.
    pub const fn reset(&mut self) {
        self.next = self.initial;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INITIAL: Duration = Duration::from_millis(100);
    const MAX: Duration = Duration::from_secs(2);

    #[test]
    fn delays_double_up_to_the_maximum() {
        let mut backoff = Backoff::new(INITIAL, MAX);
        let delays: Vec<_> = (0..100).map(|_| backoff.next_delay()).collect();
        assert_eq!(delays[..4], [INITIAL, INITIAL * 2, INITIAL * 4, INITIAL * 8]);
        assert!(delays[5..].iter().all(|delay| *delay == MAX));
    }

    #[test]
    fn jitter_stays_between_half_of_the_delay_and_all_of_it() {
        let delay = |entropy| Backoff::new(INITIAL, MAX).next_delay_with_jitter(entropy);
        assert_eq!((delay(0), delay(u32::MAX)), (INITIAL / 2, INITIAL));
        assert!((INITIAL / 2..INITIAL).contains(&delay(u32::MAX / 3)));
    }
}
