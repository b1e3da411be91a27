use std::time::{Duration, Instant};

/// The shortest time between two releases of the page cache: 5 minutes. A release costs a busy database milliseconds,
/// because its pages are read again.
const RELEASE_INTERVAL: Duration = Duration::from_secs(5 * 60);

/// Decides when the writer releases its page cache: in a pause after writes, so that a flood of events does not
/// keep 32 MiB for ever.
pub(super) struct CacheRelease {
    last: Instant,
    has_written: bool,
}

impl CacheRelease {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            last: now,
            has_written: false,
        }
    }

    /// Notes a group of writes, an empty one in a pause. Returns whether to release the cache now.
    pub(super) fn is_due(&mut self, writes: usize, now: Instant) -> bool {
        if writes > 0 {
            self.has_written = true;
            return false;
        }
        let is_due = self.has_written && now.duration_since(self.last) >= RELEASE_INTERVAL;
        if is_due {
            *self = Self::new(now);
        }
        is_due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cache_is_released_once_in_the_first_pause_after_five_minutes() {
        let start = Instant::now();
        let mut release = CacheRelease::new(start);
        let mut is_due = |writes, seconds| release.is_due(writes, start + Duration::from_secs(seconds));
        assert!(!is_due(0, 400), "nothing was written");
        assert!(!is_due(1, 401), "it is busy");
        assert!(is_due(0, 402));
        assert!(!is_due(0, 403) && !is_due(1, 404) && !is_due(0, 500));
        assert!(is_due(0, 702));
    }
}
