use std::{collections::HashMap, fmt, hash::Hash, net::IpAddr, sync::Arc};

use horizon_core::{PREFIX_FACTOR, network_of, network_prefix_of};
use parking_lot::Mutex;

use crate::{Horizon, horizon::ConnectionGuard};

/// The limits of a [`ConnectionLimiter`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectionLimits {
    /// Open connections in total: 20,000 by default. Each needs a file descriptor (`ulimit -n`).
    pub total: usize,
    /// Open connections of one network (an IPv4 address or an IPv6 /64): 512 by default. All networks of an IPv6 /48
    /// together have four times this limit. It does not apply to trusted proxies.
    pub per_network: usize,
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        Self {
            total: 20_000,
            per_network: 512,
        }
    }
}

/// Limits the open connections of a server with its own accept loop, in total and for each network. Clones share their
/// counts.
///
/// The metrics `horizon_connections` and `horizon_connections_refused` count what it admits and refuses.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # use eventhorizon::{Horizon, Slug};
/// use eventhorizon::{ConnectionLimiter, ConnectionLimits};
///
/// let horizon = Horizon::in_memory().start(|_: &Slug| true).await?;
/// let limiter = ConnectionLimiter::new(&horizon, ConnectionLimits { per_network: 1, ..Default::default() });
/// let permit = limiter.admit([192, 0, 2, 1].into()).unwrap(); // the task of the connection owns it
/// assert!(limiter.admit([192, 0, 2, 1].into()).is_none());
/// drop(permit);
/// assert!(limiter.admit([192, 0, 2, 1].into()).is_some());
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct ConnectionLimiter(Arc<LimiterState>);

struct LimiterState {
    limits: ConnectionLimits,
    horizon: Horizon,
    /// [`ConnectionLimits::total`] bounds the maps.
    open: Mutex<ConnectionCounts>,
}

/// The network of a peer: the whole IPv4 address, or the /64 of an IPv6 address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct PeerNetwork(IpAddr);

#[derive(Default)]
struct ConnectionCounts {
    total: usize,
    networks: HashMap<PeerNetwork, usize>,
    /// By [`network_prefix_of`].
    prefixes: HashMap<IpAddr, usize>,
}

/// Counts an open connection or request in the limits until it is dropped.
#[must_use = "the connection is counted until the permit is dropped"]
pub struct ConnectionPermit {
    limiter: ConnectionLimiter,
    /// `None` for a trusted proxy.
    network: Option<PeerNetwork>,
    /// `None` for a request.
    _connection: Option<ConnectionGuard>,
}

impl ConnectionLimiter {
    /// Creates a limiter without open connections.
    #[must_use]
    pub fn new(horizon: &Horizon, limits: ConnectionLimits) -> Self {
        Self(Arc::new(LimiterState {
            limits,
            horizon: horizon.clone(),
            open: Mutex::default(),
        }))
    }

    /// Returns `None` if a connection of this peer exceeds a limit. Then close it at once.
    pub fn admit(&self, peer: IpAddr) -> Option<ConnectionPermit> {
        let mut permit = self.admit_request(peer)?;
        permit._connection = Some(self.0.horizon.track_connection());
        Some(permit)
    }

    /// Returns `None` if a further request on a connection of HTTP/2 exceeds a limit. It counts like a connection,
    /// because each may open a live stream. The first one of a connection needs no permit.
    pub fn admit_request(&self, peer: IpAddr) -> Option<ConnectionPermit> {
        let proxies = &self.0.horizon.config().trusted_proxies;
        let peer = peer.to_canonical();
        let network = (!proxies.iter().any(|proxy| proxy.contains(&peer))).then(|| PeerNetwork::new(peer));
        if let Err(reason) = self.0.count(network) {
            self.0.horizon.count_refused_connection(reason);
            return None;
        }
        Some(ConnectionPermit {
            limiter: self.clone(),
            network,
            _connection: None,
        })
    }
}

impl fmt::Debug for ConnectionLimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ConnectionLimiter").field(&self.0.limits).finish()
    }
}

impl fmt::Debug for ConnectionPermit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ConnectionPermit")
    }
}

impl LimiterState {
    fn count(&self, network: Option<PeerNetwork>) -> Result<(), &'static str> {
        let mut open = self.open.lock();
        if open.total >= self.limits.total {
            return Err("total");
        }
        if let Some(network) = network {
            let limit = self.limits.per_network;
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

impl Drop for ConnectionPermit {
    fn drop(&mut self) {
        let mut open = self.limiter.0.open.lock();
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
        let limits = ConnectionLimits {
            per_network: 2,
            ..ConnectionLimits::default()
        };
        let limiter = ConnectionLimiter::new(&horizon, limits);
        let mut open = Vec::new();
        for number in 0..10 {
            let peer = format!("2001:db8:0:{number}::1").parse().unwrap();
            open.extend(limiter.admit(peer));
        }
        assert_eq!(open.len(), 8);
        let admit = |peer: &str| limiter.admit(peer.parse().unwrap());
        let (other, second, third) = (admit("2001:db8:1::1"), admit("2001:db8:1::2"), admit("2001:db8:1::3"));
        assert!(other.is_some() && second.is_some() && third.is_none());
        open.pop();
        assert!(admit("2001:db8:0:ff::1").is_some());
        drop((open, other, second));
        let counts = limiter.0.open.lock();
        assert!(counts.total == 0 && counts.networks.is_empty() && counts.prefixes.is_empty());
    }
}
