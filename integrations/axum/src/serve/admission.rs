use std::{collections::HashMap, net::IpAddr, sync::Arc};

use eventhorizon::{ConnectionGuard, Horizon};
use horizon_core::VisitorKey;
use parking_lot::Mutex;

use super::Limits;

/// Limits open connections, in total and for each network. [`Limits::connections`] bounds the map.
pub(super) struct Admission {
    limits: Limits,
    horizon: Horizon,
    open: Mutex<ConnectionCounts>,
}

#[derive(Default)]
struct ConnectionCounts {
    total: usize,
    networks: HashMap<VisitorKey, usize>,
}

/// Counts an admitted connection until it is dropped.
pub(super) struct AdmissionPermit {
    admission: Arc<Admission>,
    network: Option<VisitorKey>,
    _connection: ConnectionGuard,
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
        let network = (!proxies.iter().any(|proxy| proxy.contains(&peer))).then(|| network(peer));
        if let Err(reason) = this.count(network) {
            this.horizon.count_refused_connection(reason);
            return None;
        }
        Some(AdmissionPermit {
            admission: Arc::clone(this),
            network,
            _connection: this.horizon.track_connection(),
        })
    }

    fn count(&self, network: Option<VisitorKey>) -> Result<(), &'static str> {
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

impl Drop for AdmissionPermit {
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

/// Returns a hash of the network: of the whole IPv4 address, or of the /64 of an IPv6 address. It needs no secret key,
/// because it stays in memory.
fn network(peer: IpAddr) -> VisitorKey {
    VisitorKey::derive(&[0; 32], "connections", peer, "")
}
