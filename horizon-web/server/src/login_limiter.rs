//! Limits attempts to guess the admin token.

use std::{net::IpAddr, num::NonZeroU32, time::Duration};

use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter, clock::Clock};
use horizon_core::VisitorKey;

/// The number of attempts that a network may make at once.
const BURST: NonZeroU32 = NonZeroU32::new(10).unwrap();

/// The time after which a network may make another attempt.
const INTERVAL: Duration = Duration::from_secs(90);

/// The number of distinguished networks, which bounds the memory. Networks with the same hash share a limit.
const NETWORKS: u128 = 1 << 16;

/// Counts attempts by network (an IPv4 address or an IPv6 /64), under a keyed hash.
pub(crate) struct LoginLimiter {
    key: [u8; 32],
    networks: DefaultKeyedRateLimiter<u32>,
}

impl LoginLimiter {
    pub(crate) fn new(key: [u8; 32]) -> Self {
        let quota = Quota::with_period(INTERVAL).map(|quota| quota.allow_burst(BURST));
        Self {
            key,
            networks: RateLimiter::keyed(quota.unwrap_or_else(|| Quota::per_minute(NonZeroU32::MIN))),
        }
    }

    /// Counts an attempt.
    ///
    /// # Errors
    /// The time until the next attempt is allowed.
    pub(crate) fn check(&self, address: IpAddr) -> Result<(), Duration> {
        let hash = VisitorKey::derive(&self.key, "login", address, "").as_u128();
        let network = u32::try_from(hash % NETWORKS).unwrap_or_default();
        self.networks
            .check_key(&network)
            .map_err(|rejected| rejected.wait_time_from(self.networks.clock().now()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_attempts_block_only_that_network() {
        let limiter = LoginLimiter::new([7; 32]);
        let check = |address: &str| limiter.check(address.parse().unwrap());
        for _ in 0..BURST.get() {
            assert!(check("2001:db8::1").is_ok());
        }
        assert!(check("2001:db8::2").is_err_and(|wait| wait <= INTERVAL));
        assert!(check("2001:db8:0:1::1").is_ok());
    }

    #[test]
    fn the_memory_for_networks_is_bounded() {
        let limiter = LoginLimiter::new([7; 32]);
        for number in 0..100_000_u32 {
            let _ = limiter.check(IpAddr::V4(number.into()));
        }
        assert!(limiter.networks.len() as u128 <= NETWORKS);
    }
}
