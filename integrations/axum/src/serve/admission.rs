use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use eventhorizon::{ConnectionGuard, Horizon};

use super::Limits;

/// Who may connect: counts open connections, in all and for each network.
///
/// The map holds networks with an open connection alone, so it is bounded by [`Limits::connections`].
pub(super) struct Admission {
    limits: Limits,
    horizon: Horizon,
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    total: usize,
    networks: HashMap<IpAddr, usize>,
}

/// Counts one connection until it is dropped.
pub(super) struct Admitted {
    admission: Arc<Admission>,
    network: Option<IpAddr>,
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

    /// Lets a connection in, unless it is one too many.
    pub(super) fn admit(this: &Arc<Self>, peer: IpAddr) -> Option<Admitted> {
        let proxies = &this.horizon.config().trusted_proxies;
        let peer = peer.to_canonical();
        let network = (!proxies.iter().any(|proxy| proxy.contains(&peer))).then(|| network(peer));
        if let Err(reason) = this.count(network) {
            this.horizon.count_refused_connection(reason);
            return None;
        }
        Some(Admitted {
            admission: Arc::clone(this),
            network,
            _connection: this.horizon.track_connection(),
        })
    }

    fn count(&self, network: Option<IpAddr>) -> Result<(), &'static str> {
        let mut open = self.open();
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

    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Admitted {
    fn drop(&mut self) {
        let mut open = self.admission.open();
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

/// The network that an address belongs to: an IPv4 address itself, an IPv6 /64.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64)),
        v4 => v4,
    }
}
