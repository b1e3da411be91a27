use std::net::{Ipv4Addr, SocketAddr};

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
};

/// A port that leads to one server at a time, as the address of a group of servers would. Connections that are open
/// when it is turned to another server are cut. It ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Link {
    address: SocketAddr,
    leads_to: watch::Sender<u16>,
    _forwarding: JoinSet<()>,
}

impl Link {
    /// Opens a port that leads to this one.
    pub(crate) async fn to(port: u16) -> anyhow::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let (leads_to, told) = watch::channel(port);
        let mut forwarding = JoinSet::new();
        forwarding.spawn(forward(listener, told));
        Ok(Self {
            address,
            leads_to,
            _forwarding: forwarding,
        })
    }

    /// The address for clients of Redis.
    pub(crate) fn url(&self) -> String {
        format!("redis://{}", self.address)
    }

    /// Turns to another port.
    pub(crate) fn turn_to(&self, port: u16) {
        self.leads_to.send_replace(port);
    }
}

async fn forward(listener: TcpListener, mut told: watch::Receiver<u16>) {
    let mut open = JoinSet::new();
    loop {
        tokio::select! {
            biased;
            turned = told.changed() => {
                if turned.is_err() {
                    return;
                }
                open.shutdown().await;
            }
            Some(_) = open.join_next() => {}
            accepted = listener.accept() => {
                if let Ok((client, _)) = accepted {
                    let port = *told.borrow();
                    open.spawn(connect(client, port));
                }
            }
        }
    }
}

async fn connect(mut client: TcpStream, port: u16) {
    if let Ok(mut server) = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await {
        // However it ends, both sides are closed.
        let _ = copy_bidirectional(&mut client, &mut server).await;
    }
}
