//! Limits guesses of the admin token.

use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    net::IpAddr,
    time::Duration,
};

use horizon_core::{Timestamp, network_of};
use parking_lot::Mutex;

/// The number of wrong tokens in a window after which further wrong tokens of a network get 429. The token is long
/// enough that guesses cannot succeed (`HORIZON_ADMIN_TOKEN` has at least 12 characters); the limit keeps the log and
/// the pages small.
const MAX_FAILURES: u32 = 10;

/// The window, which starts with the first wrong token: 15 minutes.
pub(crate) const WINDOW: Duration = Duration::from_secs(15 * 60);

/// The maximum number of networks in memory. At the limit, expired windows are removed, or else all of them.
const MAX_NETWORKS: usize = 10_000;

/// Counts wrong tokens by network: an IPv4 address or an IPv6 /64.
#[derive(Default)]
pub(crate) struct LoginLimiter {
    hasher: RandomState,
    /// By hash of the network, which is secret to this process.
    windows: Mutex<HashMap<u64, FailureWindow>>,
}

struct FailureWindow {
    start: Timestamp,
    failures: u32,
}

impl FailureWindow {
    fn is_expired(&self, now: Timestamp) -> bool {
        now.since(self.start) >= WINDOW
    }
}

impl LoginLimiter {
    /// Counts a wrong token. Returns whether there were fewer than [`MAX_FAILURES`] before it.
    pub(crate) fn count_failure(&self, address: IpAddr, now: Timestamp) -> bool {
        let mut windows = self.windows.lock();
        if windows.len() >= MAX_NETWORKS {
            windows.retain(|_, window| !window.is_expired(now));
        }
        if windows.len() >= MAX_NETWORKS {
            windows.clear();
        }
        let new = FailureWindow {
            start: now,
            failures: 0,
        };
        let window = windows.entry(self.network(address)).or_insert(new);
        if window.is_expired(now) {
            (window.start, window.failures) = (now, 0);
        }
        window.failures = window.failures.saturating_add(1);
        window.failures <= MAX_FAILURES
    }

    fn network(&self, address: IpAddr) -> u64 {
        self.hasher.hash_one(network_of(address))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

    #[test]
    fn ten_wrong_tokens_limit_only_that_network_and_only_until_the_window_ends() {
        let limiter = LoginLimiter::default();
        let count = |address: &str, now| limiter.count_failure(address.parse().unwrap(), now);
        for _ in 0..MAX_FAILURES {
            assert!(count("2001:db8::1", NOW));
        }
        assert!(!count("2001:db8::2", NOW));
        assert!(count("2001:db8:0:1::1", NOW));
        assert!(count("2001:db8::1", NOW.plus(WINDOW)));
        assert!(count("2001:db8::1", NOW.plus(WINDOW)));
    }

    #[test]
    fn the_memory_for_networks_is_bounded() {
        let limiter = LoginLimiter::default();
        for number in 0..30_000_u32 {
            limiter.count_failure(IpAddr::V4(number.into()), NOW);
        }
        assert!(limiter.windows.lock().len() <= MAX_NETWORKS);
    }
}
