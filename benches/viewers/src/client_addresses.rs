//! Who the viewers are: an address for each, as a proxy would tell the server, and a browser's name.

use std::net::Ipv4Addr;

/// What every request says it is. No server takes it for a crawler.
pub const USER_AGENT: &str = "Mozilla/5.0 (X11; Linux x86_64) viewers/1";

/// Half of 10.0.0.0/8: viewers have the lower one, those who like the upper.
const HALF: u32 = 1 << 23;

/// Connections from one loopback address, at most. EventHorizon's limit for one network is 512.
pub const PER_ADDRESS: usize = 500;

/// The last number in 127.0.0.x that viewers come from; the first is 2, for 127.0.0.1 is everyone else's.
const LAST_ADDRESS: usize = 254;

/// Viewers that loopback addresses suffice for.
pub const MOST: usize = PER_ADDRESS * (LAST_ADDRESS - 1);

/// Gives out people, each once. Where it starts is drawn, so that two runs are different people.
#[derive(Debug)]
pub struct ClientAddresses {
    next: u32,
    from: u32,
}

impl ClientAddresses {
    /// Those who view.
    #[must_use]
    pub fn for_viewers() -> Self {
        Self::of(0)
    }

    /// Those who like.
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

    /// Somebody new, as `X-Forwarded-For` says it.
    pub fn next_address(&mut self) -> Ipv4Addr {
        self.next = (self.next + 1) % HALF;
        Ipv4Addr::from_bits(Ipv4Addr::new(10, 0, 0, 0).to_bits() + self.from + self.next)
    }
}

/// The loopback address that the viewer with this number connects from.
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
    fn no_address_has_more_connections_than_it_may() {
        let mut count = HashMap::new();
        for index in 0..MOST {
            *count.entry(loopback(index)).or_insert(0) += 1;
        }
        assert!(count.values().all(|&count| count == PER_ADDRESS));
        assert!(!count.contains_key(&Ipv4Addr::LOCALHOST));
    }

    #[test]
    fn nobody_who_views_is_somebody_who_likes() {
        assert!(ClientAddresses::for_viewers().next_address().octets()[1] < 128);
        assert!(ClientAddresses::for_likes().next_address().octets()[1] >= 128);
    }
}
