//! Limits guesses of the admin token.

use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    net::IpAddr,
    time::Duration,
};

use horizon_core::{Timestamp, network_of};
use parking_lot::Mutex;

/// The number of wrong tokens after which a network is blocked until its window ends.
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
    /// Returns whether `address` may try a token.
    pub(crate) fn is_allowed(&self, address: IpAddr, now: Timestamp) -> bool {
        let windows = self.windows.lock();
        let window = windows.get(&self.network(address));
        window.is_none_or(|window| window.is_expired(now) || window.failures < MAX_FAILURES)
    }

    /// Counts a wrong token.
    pub(crate) fn record_failure(&self, address: IpAddr, now: Timestamp) {
        let mut windows = self.windows.lock();
        if windows.len() >= MAX_NETWORKS {
            windows.retain(|_, window| !window.is_expired(now));
        }
        if windows.len() >= MAX_NETWORKS {
            windows.clear();
        }
        let new = FailureWindow {
            start: now,
            failures: 1,
        };
        windows
            .entry(self.network(address))
            .and_modify(|window| {
                if window.is_expired(now) {
                    (window.start, window.failures) = (now, 0);
                }
                window.failures = window.failures.saturating_add(1);
            })
            .or_insert(new);
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
    fn ten_wrong_tokens_block_only_that_network_and_only_until_the_window_ends() {
        let limiter = LoginLimiter::default();
        let address: IpAddr = "2001:db8::1".parse().unwrap();
        for _ in 0..MAX_FAILURES {
            assert!(limiter.is_allowed(address, NOW));
            limiter.record_failure(address, NOW);
        }
        assert!(!limiter.is_allowed("2001:db8::2".parse().unwrap(), NOW));
        assert!(limiter.is_allowed("2001:db8:0:1::1".parse().unwrap(), NOW));
        let end = NOW.plus(WINDOW);
        assert!(limiter.is_allowed(address, end));
        limiter.record_failure(address, end);
        assert!(limiter.is_allowed(address, end));
    }

    #[test]
    fn the_memory_for_networks_is_bounded() {
        let limiter = LoginLimiter::default();
        for number in 0..30_000_u32 {
            limiter.record_failure(IpAddr::V4(number.into()), NOW);
        }
        assert!(limiter.windows.lock().len() <= MAX_NETWORKS);
    }
}
