//! The viewers of the site in the last minutes.

use std::collections::VecDeque;

use tokio::time::Instant;

/// The number of minutes: 30.
const MINUTES: usize = 30;

/// A minute in seconds.
const MINUTE: u64 = 60;

/// The highest number of viewers of the site in each of the last 30 minutes of this process.
#[derive(Debug)]
pub(crate) struct RecentViewers {
    started: Instant,
    /// The last minute, counted from the start.
    minute: u64,
    /// The highest sample of each minute, the oldest first; always [`MINUTES`]. `None` without a sample.
    highest: VecDeque<Option<u64>>,
}

impl RecentViewers {
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            started: now,
            minute: 0,
            highest: VecDeque::from([None; MINUTES]),
        }
    }

    /// Adds a sample.
    pub(crate) fn record(&mut self, viewers: u64, now: Instant) {
        self.advance(now);
        if let Some(last) = self.highest.back_mut() {
            *last = (*last).max(Some(viewers));
        }
    }

    /// Returns the minutes, the oldest first.
    pub(crate) fn minutes(&mut self, now: Instant) -> Vec<Option<u64>> {
        self.advance(now);
        self.highest.iter().copied().collect()
    }

    fn advance(&mut self, now: Instant) {
        let minute = now.saturating_duration_since(self.started).as_secs() / MINUTE;
        let passed = minute.saturating_sub(self.minute);
        self.minute = minute.max(self.minute);
        for _ in 0..passed.min(MINUTES as u64) {
            self.highest.pop_front();
            self.highest.push_back(None);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_minute_has_its_highest_sample_for_half_an_hour() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut recent = RecentViewers::new(start);
        assert_eq!(recent.minutes(start), [None; MINUTES]);
        for (second, viewers) in [(0, 2), (10, 7), (59, 0), (60, 3), (190, 5)] {
            recent.record(viewers, at(second));
        }
        let minutes = recent.minutes(at(200));
        assert_eq!(minutes.len(), MINUTES);
        assert_eq!(minutes[MINUTES - 4..], [Some(7), Some(3), None, Some(5)]);
        let minutes = recent.minutes(at(MINUTE * MINUTES as u64 + 59));
        assert_eq!(minutes[..3], [Some(3), None, Some(5)], "the first minute is gone");
        assert_eq!(recent.minutes(at(1_000_000)), [None; MINUTES]);
    }
}
