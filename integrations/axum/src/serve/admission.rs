use std::{collections::HashMap, net::IpAddr, sync::Arc};

use eventhorizon::{ConnectionGuard, Horizon};
use horizon_core::VisitorKey;
use parking_lot::Mutex;

use super::Limits;

/// A hash of a network: of the whole IPv4 address, or of the /64 of an IPv6 address. It needs no secret key, because it
/// stays in memory.
pub(super) type NetworkHash = VisitorKey;

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
    networks: HashMap<NetworkHash, usize>,
}

/// Counts an admitted connection until it is dropped.
pub(super) struct AdmissionPermit {
    slot: ConnectionSlot,
    _connection: ConnectionGuard,
}

/// Counts in the limits until it is dropped.
pub(super) struct ConnectionSlot {
    admission: Arc<Admission>,
    network: Option<NetworkHash>,
}

impl AdmissionPermit {
    /// Returns the network, or `None` for a trusted proxy.
    pub(super) fn network(&self) -> Option<NetworkHash> {
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
        let network = (!proxies.iter().any(|proxy| proxy.contains(&peer))).then(|| hash_network(peer));
        Some(AdmissionPermit {
            slot: Self::reserve(this, network)?,
            _connection: this.horizon.track_connection(),
        })
    }

    /// Returns `None` if another request or connection exceeds a limit.
    pub(super) fn reserve(this: &Arc<Self>, network: Option<NetworkHash>) -> Option<ConnectionSlot> {
        if let Err(reason) = this.count(network) {
            this.horizon.count_refused_connection(reason);
            return None;
        }
        Some(ConnectionSlot {
            admission: Arc::clone(this),
            network,
        })
    }

    fn count(&self, network: Option<NetworkHash>) -> Result<(), &'static str> {
        let mut open = self.open.lock();
        if open.total >= self.limits.connections {
            return Err("total");
        }
        if let Some(network) = network {
            let own = open.networks.entry(network).or_default();
            if *own >= self.limits.connections_per_network {
                return Err("network");
            }
            *own += 1;
        }
        open.total += 1;
        Ok(())
    }
}

impl Drop for ConnectionSlot {
    fn drop(&mut self) {
        let mut open = self.admission.open.lock();
        open.total -= 1;
        if let Some(network) = self.network
            && let Some(own) = open.networks.get_mut(&network)
        {
            *own -= 1;
            if *own == 0 {
                open.networks.remove(&network);
            }
        }
    }
}

fn hash_network(peer: IpAddr) -> NetworkHash {
    VisitorKey::derive(&[0; 32], "connections", peer, "")
}
