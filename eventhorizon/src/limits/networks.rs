use std::{
    hash::{BuildHasher, Hash, RandomState},
    net::IpAddr,
};

use horizon_core::{PREFIX_FACTOR, network_of, network_prefix_of};

/// The hashes of a client's network, and of the IPv6 /48 around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Networks {
    own: u64,
    prefix: Option<u64>,
}

impl Networks {
    /// Returns the hash of the network: the whole IPv4 address, or the /64 of an IPv6 address.
    pub(super) fn own(self) -> u64 {
        self.own
    }

    /// Returns the hash of the /48 of an IPv6 address.
    pub(super) fn prefix(self) -> Option<u64> {
        self.prefix
    }

    /// Returns both hashes, each with the factor of its limits.
    pub(super) fn iter(self) -> impl Iterator<Item = (u64, u32)> {
        let prefix = self.prefix.map(|prefix| (prefix, PREFIX_FACTOR.get()));
        std::iter::once((self.own, 1)).chain(prefix)
    }
}

/// Hashes what the limits remember (SipHash). The key is random, and only in the memory of this process, so that no
/// hash can be compared with one of another process.
#[derive(Clone, Debug, Default)]
pub(super) struct Hasher(RandomState);

impl Hasher {
    /// Returns the hash of a value. Values of different purposes must differ.
    pub(super) fn hash(&self, value: impl Hash) -> u64 {
        self.0.hash_one(value)
    }

    pub(super) fn networks(&self, address: IpAddr) -> Networks {
        Networks {
            own: self.hash(("network", network_of(address))),
            prefix: network_prefix_of(address).map(|prefix| self.hash(("prefix", prefix))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ipv6_address_has_a_network_and_a_prefix() {
        let hasher = Hasher::default();
        let networks = |address: &str| hasher.networks(address.parse().unwrap());
        let one = networks("2001:db8::1");
        assert_eq!(one, networks("2001:db8::2"));
        let sibling = networks("2001:db8:0:1::1");
        assert!(one.own != sibling.own && one.prefix == sibling.prefix);
        assert_ne!(one.prefix, networks("2001:db8:1::1").prefix);
        assert_eq!(networks("192.0.2.1"), networks("::ffff:192.0.2.1"));
        assert_eq!(networks("192.0.2.1").prefix, None);
        assert_ne!(networks("192.0.2.1").own, networks("192.0.2.2").own);
    }
}
