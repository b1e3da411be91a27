use std::net::{Ipv4Addr, SocketAddr};

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
};

/// A TCP proxy for one server at a time, like the address of a replicated group. Switching closes all connections.
/// Dropping it stops the proxy.
#[derive(Debug)]
pub(crate) struct SwitchableLink {
    address: SocketAddr,
    port: watch::Sender<u16>,
    _forwarding: JoinSet<()>,
}

impl SwitchableLink {
    /// Starts a proxy for this port.
    pub(crate) async fn start(port: u16) -> anyhow::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let (port, port_changes) = watch::channel(port);
        let mut forwarding = JoinSet::new();
        forwarding.spawn(forward(listener, port_changes));
        Ok(Self {
            address,
            port,
            _forwarding: forwarding,
        })
    }

    /// Returns the URL for clients of Redis.
    pub(crate) fn url(&self) -> String {
        format!("redis://{}", self.address)
    }

    /// Switches to another port.
    pub(crate) fn switch_to(&self, port: u16) {
        self.port.send_replace(port);
    }
}

async fn forward(listener: TcpListener, mut port_changes: watch::Receiver<u16>) {
    let mut open = JoinSet::new();
    loop {
        tokio::select! {
            biased;
            changed = port_changes.changed() => {
                if changed.is_err() {
                    return;
                }
                open.shutdown().await;
            }
            Some(_) = open.join_next() => {}
            accepted = listener.accept() => {
                if let Ok((client, _)) = accepted {
                    let port = *port_changes.borrow();
                    open.spawn(connect(client, port));
                }
            }
        }
    }
}

async fn connect(mut client: TcpStream, port: u16) {
    if let Ok(mut server) = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await {
        // Both sides are closed at the end.
        let _ = copy_bidirectional(&mut client, &mut server).await;
    }
}
