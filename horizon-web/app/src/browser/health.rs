//! When a stream counts as lost, and when to open another: plain rules over a clock that is handed in.

/// The server speaks at least every 20 s. Longer silence than this, in milliseconds, is a dead connection.
const LONGEST_SILENCE: i64 = 50_000;

/// The same for a page that the reader has just come back to, in milliseconds.
const LONGEST_SILENCE_ON_RETURN: i64 = 25_000;

/// After this time without a stream, in milliseconds, the numbers on the page count as old.
const STALE_AFTER: i64 = 10_000;

/// The first wait after the server refused a stream, in milliseconds; it doubles up to [`LONGEST_WAIT`].
const FIRST_WAIT: i64 = 1_000;

/// The longest wait, in milliseconds.
const LONGEST_WAIT: i64 = 60_000;

/// What is known about the page's stream.
#[derive(Debug, Default)]
pub(crate) struct Health {
    /// When the stream last spoke or, if it never did, was opened.
    heard: i64,
    /// Since when there has been none.
    down_since: Option<i64>,
    /// When to open another, after a refusal.
    retry_at: Option<i64>,
    refusals: u32,
}

impl Health {
    /// A stream is being opened.
    pub(crate) fn opening(&mut self, now: i64) {
        self.heard = now;
        self.retry_at = None;
        self.down_since.get_or_insert(now);
    }

    /// The stream spoke.
    pub(crate) fn heard(&mut self, now: i64) {
        *self = Self {
            heard: now,
            ..Self::default()
        };
    }

    /// The stream broke, and the browser opens it again by itself.
    pub(crate) fn broke(&mut self, now: i64) {
        self.down_since.get_or_insert(now);
    }

    /// The server refused the stream, and the browser has given up. `dice`, from 0 to 1, spreads the
    /// readers out, so that they do not all come back at once.
    #[expect(clippy::cast_possible_truncation, reason = "at most a minute")]
    pub(crate) fn refused(&mut self, now: i64, dice: f64) {
        self.broke(now);
        let wait = FIRST_WAIT
            .checked_shl(self.refusals)
            .unwrap_or(LONGEST_WAIT)
            .clamp(FIRST_WAIT, LONGEST_WAIT);
        self.refusals = self.refusals.saturating_add(1).min(16);
        let spread = (dice * 1_000.0) as i64;
        self.retry_at = Some(now + wait / 2 + wait * spread / 1_000);
    }

    /// Whether it is time to open another stream.
    pub(crate) fn is_due(&self, now: i64) -> bool {
        match self.retry_at {
            Some(at) => now >= at,
            None => now - self.heard > LONGEST_SILENCE,
        }
    }

    /// The same for a page that the reader has just come back to: nobody waits there for a timer.
    pub(crate) fn is_due_on_return(&self, now: i64) -> bool {
        self.down_since.is_some() || now - self.heard > LONGEST_SILENCE_ON_RETURN
    }

    /// Whether the numbers on the page are old.
    pub(crate) fn is_stale(&self, now: i64) -> bool {
        self.down_since.is_some_and(|since| now - since > STALE_AFTER)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: i64 = 1_000_000;

    fn healthy() -> Health {
        let mut health = Health::default();
        health.opening(START);
        health.heard(START);
        health
    }

    #[test]
    fn a_stream_that_speaks_is_left_alone() {
        let health = healthy();
        assert!(!health.is_due(START + 20_000));
        assert!(!health.is_due_on_return(START + 20_000));
        assert!(!health.is_stale(START + 20_000));
    }

    #[test]
    fn a_silent_stream_is_opened_again() {
        let health = healthy();
        assert!(!health.is_due(START + LONGEST_SILENCE));
        assert!(health.is_due(START + LONGEST_SILENCE + 1));
        assert!(health.is_due_on_return(START + LONGEST_SILENCE_ON_RETURN + 1));
    }

    #[test]
    fn an_opening_stream_gets_the_same_time_as_a_silent_one() {
        let mut health = healthy();
        health.opening(START + 60_000);
        assert!(!health.is_due(START + 60_000 + LONGEST_SILENCE));
        assert!(health.is_due(START + 60_000 + LONGEST_SILENCE + 1));
    }

    #[test]
    fn numbers_are_stale_ten_seconds_after_the_stream_broke_and_fresh_when_it_speaks() {
        let mut health = healthy();
        health.broke(START);
        health.broke(START + 9_000);
        assert!(!health.is_stale(START + STALE_AFTER));
        assert!(health.is_stale(START + STALE_AFTER + 1));
        health.heard(START + 20_000);
        assert!(!health.is_stale(START + 20_000));
    }

    #[test]
    fn after_each_refusal_the_wait_is_longer_up_to_a_limit() {
        let mut health = healthy();
        let mut waits = Vec::new();
        for _ in 0..20 {
            health.refused(START, 0.5);
            waits.push((0..200_000).find(|&wait| health.is_due(START + wait)).unwrap());
        }
        assert_eq!(waits[0], FIRST_WAIT);
        assert_eq!(waits[1], 2 * FIRST_WAIT);
        assert!(waits.is_sorted());
        assert_eq!(waits[19], LONGEST_WAIT);
    }

    #[test]
    fn readers_do_not_all_come_back_at_once() {
        let due = |dice| {
            let mut health = healthy();
            health.refused(START, dice);
            (0..).find(|&wait| health.is_due(START + wait)).unwrap()
        };
        assert_eq!((due(0.0), due(1.0)), (FIRST_WAIT / 2, FIRST_WAIT * 3 / 2));
    }

    #[test]
    fn a_stream_that_spoke_starts_with_the_short_wait_again() {
        let mut health = healthy();
        health.refused(START, 0.5);
        health.refused(START, 0.5);
        health.heard(START);
        health.refused(START, 0.5);
        assert!(health.is_due(START + FIRST_WAIT));
    }
}
