use std::{collections::HashMap, hash::Hash, net::IpAddr, sync::Arc};

use eventhorizon::{ConnectionGuard, Horizon};
use horizon_core::{PREFIX_FACTOR, network_of, network_prefix_of};
use parking_lot::Mutex;

use super::Limits;

/// The network of a peer: the whole IPv4 address, or the /64 of an IPv6 address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct PeerNetwork(IpAddr);

/// Limits open connections, in total and for each network. Each request on a connection of HTTP/2 counts like a
/// connection while others are open there. [`Limits::connections`] bounds the map.
pub(super) struct Admission {
    limits: Limits,
    horizon: Horizon,
    open: Mutex<ConnectionCounts>,
}

#[derive(Default)]
struct ConnectionCounts {
    total: usize,
    networks: HashMap<PeerNetwork, usize>,
    /// By [`network_prefix_of`].
    prefixes: HashMap<IpAddr, usize>,
}

/// Counts an admitted connection until it is dropped.
pub(super) struct AdmissionPermit {
    slot: ConnectionSlot,
    _connection: ConnectionGuard,
}

/// Counts in the limits until it is dropped.
pub(super) struct ConnectionSlot {
    admission: Arc<Admission>,
    network: Option<PeerNetwork>,
}

impl AdmissionPermit {
    /// Returns the network, or `None` for a trusted proxy.
    pub(super) fn network(&self) -> Option<PeerNetwork> {
        self.slot.network
    }
}

impl Admission {
    pub(super) fn new(limits: Limits, horizon: Horizon) -> Arc<Self> {
        Arc::new(Self {
            limits,
            horizon,
            open: Mutex::default(),
        })
    }

    /// Returns `None` if the connection exceeds a limit.
    pub(super) fn admit(this: &Arc<Self>, peer: IpAddr) -> Option<AdmissionPermit> {
        let proxies = &this.horizon.config().trusted_proxies;
        let peer = peer.to_canonical();
        let network = (!proxies.iter().any(|proxy| proxy.contains(&peer))).then(|| PeerNetwork::new(peer));
        Some(AdmissionPermit {
            slot: Self::reserve(this, network)?,
            _connection: this.horizon.track_connection(),
        })
    }

    /// Returns `None` if another request or connection exceeds a limit.
    pub(super) fn reserve(this: &Arc<Self>, network: Option<PeerNetwork>) -> Option<ConnectionSlot> {
        if let Err(reason) = this.count(network) {
            this.horizon.count_refused_connection(reason);
            return None;
        }
        Some(ConnectionSlot {
            admission: Arc::clone(this),
            network,
        })
    }

    fn count(&self, network: Option<PeerNetwork>) -> Result<(), &'static str> {
        let mut open = self.open.lock();
        if open.total >= self.limits.connections {
            return Err("total");
        }
        if let Some(network) = network {
            let limit = self.limits.connections_per_network;
            let factor = usize::try_from(PREFIX_FACTOR.get()).unwrap_or(usize::MAX);
            let prefix_limit = limit.saturating_mul(factor);
            let is_below = |count: Option<&usize>, limit| count.is_none_or(|count| *count < limit);
            let prefix = network.prefix();
            let is_prefix_below = prefix.is_none_or(|prefix| is_below(open.prefixes.get(&prefix), prefix_limit));
            if !is_prefix_below || !is_below(open.networks.get(&network), limit) {
                return Err("network");
            }
            *open.networks.entry(network).or_default() += 1;
            if let Some(prefix) = prefix {
                *open.prefixes.entry(prefix).or_default() += 1;
            }
        }
        open.total += 1;
        Ok(())
    }
}

impl PeerNetwork {
    fn new(peer: IpAddr) -> Self {
        Self(network_of(peer))
    }

    /// Returns the IPv6 /48 around the network.
    fn prefix(self) -> Option<IpAddr> {
        network_prefix_of(self.0)
    }
}

/// Subtracts one, and removes a count of zero.
fn release<K: Eq + Hash>(counts: &mut HashMap<K, usize>, key: &K) {
    if let Some(count) = counts.get_mut(key) {
        *count -= 1;
        if *count == 0 {
            counts.remove(key);
        }
    }
}

impl Drop for ConnectionSlot {
    fn drop(&mut self) {
        let mut open = self.admission.open.lock();
        open.total -= 1;
        if let Some(network) = self.network {
            release(&mut open.networks, &network);
            if let Some(prefix) = network.prefix() {
                release(&mut open.prefixes, &prefix);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use horizon_core::Slug;

    use super::*;

    #[tokio::test]
    async fn an_ipv6_prefix_has_four_times_the_connections_of_a_network() {
        let horizon = Horizon::in_memory().start(|_: &Slug| true).await.unwrap();
        let limits = Limits {
            connections_per_network: 2,
            ..Limits::default()
        };
        let admission = Admission::new(limits, horizon);
        let mut open = Vec::new();
        for number in 0..10 {
            let peer = format!("2001:db8:0:{number}::1").parse().unwrap();
            open.extend(Admission::admit(&admission, peer));
        }
        assert_eq!(open.len(), 8);
        let admit = |peer: &str| Admission::admit(&admission, peer.parse().unwrap());
        let (other, second, third) = (admit("2001:db8:1::1"), admit("2001:db8:1::2"), admit("2001:db8:1::3"));
        assert!(other.is_some() && second.is_some() && third.is_none());
        open.pop();
        assert!(admit("2001:db8:0:ff::1").is_some());
        drop((open, other, second));
        let counts = admission.open.lock();
        assert!(counts.total == 0 && counts.networks.is_empty() && counts.prefixes.is_empty());
    }
}
