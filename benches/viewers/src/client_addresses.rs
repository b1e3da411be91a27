//! The addresses and the user agent of viewers.

use std::net::Ipv4Addr;

/// The user agent of every request. No server takes it for a crawler.
pub const USER_AGENT: &str = "Mozilla/5.0 (X11; Linux x86_64) viewers/1";

/// Half of 10.0.0.0/8: viewers use the lower half, likes the upper.
const HALF: u32 = 1 << 23;

/// The maximum number of connections from one loopback address. EventHorizon's limit for one network is 512.
pub const PER_ADDRESS: usize = 500;

/// The last byte of the last loopback address of viewers. The first is 2, as other programs use 127.0.0.1.
const LAST_ADDRESS: usize = 254;

/// The maximum number of viewers for which there are loopback addresses.
pub const MOST: usize = PER_ADDRESS * (LAST_ADDRESS - 1);

/// Returns each address once. The first is random, so that two runs use different ones.
#[derive(Debug)]
pub struct ClientAddresses {
    next: u32,
    from: u32,
}

impl ClientAddresses {
    /// Creates the addresses of viewers.
    #[must_use]
    pub fn for_viewers() -> Self {
        Self::of(0)
    }

    /// Creates the addresses of likes.
    #[must_use]
    pub fn for_likes() -> Self {
        Self::of(HALF)
    }

    fn of(from: u32) -> Self {
        Self {
            next: fastrand::u32(0..HALF),
            from,
        }
    }

    /// Returns the next address for `X-Forwarded-For`.
    pub fn next_address(&mut self) -> Ipv4Addr {
        self.next = (self.next + 1) % HALF;
        Ipv4Addr::from_bits(Ipv4Addr::new(10, 0, 0, 0).to_bits() + self.from + self.next)
    }
}

/// Returns the loopback address for the connection of this viewer.
#[must_use]
pub fn loopback(index: usize) -> Ipv4Addr {
    let last = u8::try_from(2 + (index / PER_ADDRESS) % (LAST_ADDRESS - 1)).unwrap_or(u8::MAX);
    Ipv4Addr::new(127, 0, 0, last)
}

/// The `Idempotency-Key` of a new request: 16 random bytes in hexadecimal.
#[must_use]
pub fn idempotency_key() -> String {
    format!("{:032x}", fastrand::u128(..))
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    #[test]
    fn no_address_exceeds_its_connection_limit() {
        let mut count = HashMap::new();
        for index in 0..MOST {
            *count.entry(loopback(index)).or_insert(0) += 1;
        }
        assert!(count.values().all(|&count| count == PER_ADDRESS));
        assert!(!count.contains_key(&Ipv4Addr::LOCALHOST));
    }

    #[test]
    fn viewers_and_likes_have_different_addresses() {
        assert!(ClientAddresses::for_viewers().next_address().octets()[1] < 128);
        assert!(ClientAddresses::for_likes().next_address().octets()[1] >= 128);
    }
}
