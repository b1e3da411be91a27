//! A ceiling on guesses at the author's token.

use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use horizon_core::Timestamp;

/// How many wrong tokens one network may send in [`WINDOW`].
const MOST: u32 = 10;

/// How long wrong tokens are remembered.
const WINDOW: Duration = Duration::from_secs(15 * 60);

/// How many networks are remembered; past that, all of them are forgotten.
const NETWORKS: usize = 10_000;

/// Counts wrong tokens by network, in memory only, under a hash that says nothing outside this process.
#[derive(Default)]
pub(crate) struct Attempts {
    hash: RandomState,
    networks: Mutex<HashMap<u64, (Timestamp, u32)>>,
}

impl Attempts {
    /// Whether `address` may try at `now`.
    pub(crate) fn may_try(&self, address: IpAddr, now: Timestamp) -> bool {
        let networks = self.networks.lock().unwrap_or_else(PoisonError::into_inner);
        networks
            .get(&self.network(address))
            .is_none_or(|(since, wrong)| now.since(*since) >= WINDOW || *wrong < MOST)
    }

    /// Remembers a wrong token.
    pub(crate) fn failed(&self, address: IpAddr, now: Timestamp) {
        let mut networks = self.networks.lock().unwrap_or_else(PoisonError::into_inner);
        if networks.len() >= NETWORKS {
            networks.retain(|_, (since, _)| now.since(*since) < WINDOW);
        }
        if networks.len() >= NETWORKS {
            networks.clear();
        }
        let (since, wrong) = networks.entry(self.network(address)).or_insert((now, 0));
        if now.since(*since) >= WINDOW {
            (*since, *wrong) = (now, 0);
        }
        *wrong = wrong.saturating_add(1);
    }

    /// Names the network of `address`. An IPv6 address counts by its /64, because one person has many.
    fn network(&self, address: IpAddr) -> u64 {
        let network = match address.to_canonical() {
            IpAddr::V6(v6) => IpAddr::V6((u128::from(v6) >> 64 << 64).into()),
            v4 => v4,
        };
        self.hash.hash_one(network)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

    #[test]
    fn ten_wrong_tokens_close_the_door_for_that_network_alone_and_for_a_while() {
        let attempts = Attempts::default();
        let (mallory, ada) = ("2001:db8::1".parse().unwrap(), "2001:db8:0:1::1".parse().unwrap());
        for _ in 0..MOST {
            assert!(attempts.may_try(mallory, NOW));
            attempts.failed(mallory, NOW);
        }
        assert!(!attempts.may_try("2001:db8::2".parse().unwrap(), NOW));
        assert!(attempts.may_try(ada, NOW));
        assert!(attempts.may_try(mallory, NOW.plus(WINDOW)));
    }

    #[test]
    fn a_crowd_of_networks_does_not_grow_the_memory() {
        let attempts = Attempts::default();
        for number in 0..30_000_u32 {
            attempts.failed(IpAddr::V4(number.into()), NOW);
        }
        assert!(attempts.networks.lock().unwrap().len() <= NETWORKS);
    }
}
