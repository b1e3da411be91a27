//! Decides when a stream is lost and when to open another. The caller passes the time.

/// The time without a message after which a connection is dead, in milliseconds. The server sends one every 20 s.
const MAX_SILENCE: i64 = 50_000;

/// The same when the page becomes visible, in milliseconds.
const MAX_SILENCE_ON_RETURN: i64 = 25_000;

/// The time without a stream after which the numbers are stale, in milliseconds.
const STALE_AFTER: i64 = 10_000;

/// The first backoff after a rejected stream, in milliseconds. It doubles up to [`MAX_BACKOFF`].
const MIN_BACKOFF: i64 = 1_000;

/// The maximum backoff, in milliseconds.
const MAX_BACKOFF: i64 = 60_000;

/// The health of the page's stream. All times are in milliseconds.
#[derive(Debug, Default)]
pub(crate) struct StreamHealth {
    /// The time of the last message, or of the opening.
    last_message: i64,
    down_since: Option<i64>,
    /// When to open another stream after a rejection.
    retry_at: Option<i64>,
    rejections: u32,
}

impl StreamHealth {
    /// A stream is being opened.
    pub(crate) fn opening(&mut self, now: i64) {
        self.last_message = now;
        self.retry_at = None;
        self.down_since.get_or_insert(now);
    }

    /// A message arrived.
    pub(crate) fn received(&mut self, now: i64) {
        *self = Self {
            last_message: now,
            ..Self::default()
        };
    }

    /// The stream disconnected; the browser reconnects.
    pub(crate) fn disconnected(&mut self, now: i64) {
        self.down_since.get_or_insert(now);
    }

    /// The server rejected the stream, and the browser does not reconnect. `random`, from 0 to 1, is the jitter.
    #[expect(clippy::cast_possible_truncation, reason = "at most a minute")]
    pub(crate) fn rejected(&mut self, now: i64, random: f64) {
        self.disconnected(now);
        let wait = MIN_BACKOFF
            .checked_shl(self.rejections)
            .unwrap_or(MAX_BACKOFF)
            .clamp(MIN_BACKOFF, MAX_BACKOFF);
        self.rejections = self.rejections.saturating_add(1).min(16);
        let spread = (random * 1_000.0) as i64;
        self.retry_at = Some(now + wait / 2 + wait * spread / 1_000);
    }

    /// Returns whether to open another stream.
    pub(crate) fn is_due(&self, now: i64) -> bool {
        match self.retry_at {
            Some(at) => now >= at,
            None => now - self.last_message > MAX_SILENCE,
        }
    }

    /// Returns whether to open another stream when the page becomes visible.
    pub(crate) fn is_due_on_return(&self, now: i64) -> bool {
        self.down_since.is_some() || now - self.last_message > MAX_SILENCE_ON_RETURN
    }

    /// Returns whether the numbers on the page are old.
    pub(crate) fn is_stale(&self, now: i64) -> bool {
        self.down_since.is_some_and(|since| now - since > STALE_AFTER)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: i64 = 1_000_000;

    fn healthy() -> StreamHealth {
        let mut health = StreamHealth::default();
        health.opening(START);
        health.received(START);
        health
    }

    #[test]
    fn an_active_stream_is_not_reopened() {
        let health = healthy();
        assert!(!health.is_due(START + 20_000));
        assert!(!health.is_due_on_return(START + 20_000));
        assert!(!health.is_stale(START + 20_000));
    }

    #[test]
    fn a_silent_stream_is_opened_again() {
        let health = healthy();
        assert!(!health.is_due(START + MAX_SILENCE));
        assert!(health.is_due(START + MAX_SILENCE + 1));
        assert!(health.is_due_on_return(START + MAX_SILENCE_ON_RETURN + 1));
    }

    #[test]
    fn an_opening_stream_gets_the_same_time_as_a_silent_one() {
        let mut health = healthy();
        health.opening(START + 60_000);
        assert!(!health.is_due(START + 60_000 + MAX_SILENCE));
        assert!(health.is_due(START + 60_000 + MAX_SILENCE + 1));
    }

    #[test]
    fn numbers_are_stale_ten_seconds_after_the_stream_broke_until_the_next_event() {
        let mut health = healthy();
        health.disconnected(START);
        health.disconnected(START + 9_000);
        assert!(!health.is_stale(START + STALE_AFTER));
        assert!(health.is_stale(START + STALE_AFTER + 1));
        health.received(START + 20_000);
        assert!(!health.is_stale(START + 20_000));
    }

    #[test]
    fn after_each_refusal_the_wait_is_longer_up_to_a_limit() {
        let mut health = healthy();
        let mut waits = Vec::new();
        for _ in 0..20 {
            health.rejected(START, 0.5);
            waits.push((0..200_000).find(|&wait| health.is_due(START + wait)).unwrap());
        }
        assert_eq!(waits[0], MIN_BACKOFF);
        assert_eq!(waits[1], 2 * MIN_BACKOFF);
        assert!(waits.is_sorted());
        assert_eq!(waits[19], MAX_BACKOFF);
    }

    #[test]
    fn reconnects_are_spread_over_time() {
        let due = |random| {
            let mut health = healthy();
            health.rejected(START, random);
            (0..).find(|&wait| health.is_due(START + wait)).unwrap()
        };
        assert_eq!((due(0.0), due(1.0)), (MIN_BACKOFF / 2, MIN_BACKOFF * 3 / 2));
    }

    #[test]
    fn an_event_resets_the_backoff() {
        let mut health = healthy();
        health.rejected(START, 0.5);
        health.rejected(START, 0.5);
        health.received(START);
        health.rejected(START, 0.5);
        assert!(health.is_due(START + MIN_BACKOFF));
    }
}
