//! Why log lines are dropped.

/// Why a log line was dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum DropReason {
    /// Standard error is too slow.
    Overflow,
    /// Writing failed.
    WriteError,
    /// The log statement exceeds its rate limit.
    RateLimit,
}

impl DropReason {
    /// Counts a dropped line, if there are metrics.
    pub(super) fn count(self) {
        #[cfg(feature = "metrics")]
        super::metrics::count(self);
    }
}
