//! The connection of a viewer.

mod http2;
mod socketio;
mod sse;
mod ws;

use std::{
    net::{IpAddr, SocketAddr},
    pin::pin,
    sync::Arc,
    time::Duration,
};

use tokio::{
    net::{TcpSocket, TcpStream},
    sync::OwnedSemaphorePermit,
};

use crate::{
    client_addresses,
    publish::PublishKind,
    scan::Scanner,
    server::{Protocol, TargetServer},
    viewer::{Failure, Viewer},
};

/// The longest time for a connection to open.
const CONNECT_WAIT: Duration = Duration::from_secs(30);

/// The receive buffer, in bytes, of a viewer that will stop reading. The kernel doubles it.
const SMALL_BUFFER: u32 = 4 * 1024;

/// Runs the connection of a viewer until it ends. The permit is released once the connection is open or has failed.
pub(crate) async fn view(server: Arc<TargetServer>, viewer: Arc<Viewer>, permit: OwnedSemaphorePermit) {
    let subscriber = Subscriber {
        scanner: Scanner::new(server.pattern()),
        viewer: Arc::clone(&viewer),
        permit: Some(permit),
        is_open: false,
        server: Arc::clone(&server),
    };
    let mut listening = pin!(connect_and_listen(&server, &viewer, subscriber));
    let failure = match tokio::time::timeout(CONNECT_WAIT, &mut listening).await {
        Ok(failure) => failure,
        Err(_time) if viewer.log().connected.is_some() => listening.await,
        Err(_late) => Failure::Timeout,
    };
    viewer.log().failed = Some((server.clock.now(), failure));
}

async fn connect_and_listen(server: &TargetServer, viewer: &Viewer, subscriber: Subscriber) -> Failure {
    let Ok(stream) = connect(server, viewer).await else {
        return Failure::Connect;
    };
    match server.protocol {
        Protocol::Sse => sse::listen(stream, subscriber).await,
        Protocol::Http2 => Box::pin(http2::listen(stream, subscriber)).await,
        Protocol::Ws => Box::pin(ws::listen(stream, subscriber)).await,
        Protocol::Socketio => Box::pin(socketio::listen(stream, subscriber)).await,
    }
}

/// Connects from one of several loopback addresses, because one address has ports for less than 30,000 connections.
async fn connect(server: &TargetServer, viewer: &Viewer) -> std::io::Result<TcpStream> {
    let socket = if server.address.is_ipv4() {
        TcpSocket::new_v4()?
    } else {
        TcpSocket::new_v6()?
    };
    if viewer.is_small {
        socket.set_recv_buffer_size(SMALL_BUFFER)?;
    }
    if server.address.is_ipv4() && server.address.ip().is_loopback() {
        socket.bind(SocketAddr::new(IpAddr::V4(client_addresses::loopback(viewer.seat)), 0))?;
    }
    let stream = socket.connect(server.address).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Reads the messages of a connection and records them for its viewer.
struct Subscriber {
    scanner: Scanner,
    viewer: Arc<Viewer>,
    /// Limits the connections that open at the same time. Released when this one is open.
    permit: Option<OwnedSemaphorePermit>,
    /// Whether the server has accepted the connection.
    is_open: bool,
    server: Arc<TargetServer>,
}

impl Subscriber {
    /// Records that the server accepted the connection. With likes, it counts as open only with the first numbers.
    fn open(&mut self) {
        self.is_open = true;
        if self.server.kind == PublishKind::Post {
            self.mark_connected();
        }
    }

    /// Records that the connection is open.
    fn mark_connected(&mut self) {
        if self.permit.take().is_some() {
            self.viewer.log().connected = Some(self.server.clock.now());
        }
    }

    /// Records bytes that were read.
    fn count(&self, bytes: usize) {
        self.viewer.log().bytes += u64::try_from(bytes).unwrap_or_default();
    }

    /// Records the messages in the content.
    fn read_content(&mut self, content: &[u8]) {
        let mut log = self.viewer.log();
        let before = log.frames;
        self.scanner
            .feed(content, |reading| log.see(self.server.clock.now(), reading));
        let has_message = log.frames > before;
        drop(log);
        if has_message {
            self.mark_connected();
        }
    }

    /// Never returns if the viewer is stalled.
    async fn stall(&self) {
        if self.viewer.is_stalled() {
            std::future::pending::<()>().await;
        }
    }
}
