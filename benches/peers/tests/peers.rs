//! Starts each peer, and checks that a viewer receives a published message.

use std::time::Duration;

use anyhow::{Context, ensure};
use horizon_bench_peers::{CpuPlacement, Peer, PeerProtocol};
use horizon_test_support::http::{self, Method};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// The longest wait for a message.
const DEADLINE: Duration = Duration::from_secs(30);

const TEXT: &str = "seventeen are reading now";

/// A minimal viewer that reads raw bytes.
struct RawViewer {
    connection: TcpStream,
    read: Vec<u8>,
}

impl RawViewer {
    async fn connect(peer: Peer, address: std::net::SocketAddr) -> anyhow::Result<Self> {
        let mut viewer = Self {
            connection: TcpStream::connect(address).await?,
            read: Vec::new(),
        };
        let more = match peer.protocol() {
            PeerProtocol::Sse => "accept: text/event-stream\r\n",
            PeerProtocol::WebSocket | PeerProtocol::SocketIo => {
                "upgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-version: 13\r\n\
                 sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            }
        };
        let request = format!("GET {} HTTP/1.1\r\nhost: {address}\r\n{more}\r\n", peer.path());
        viewer.connection.write_all(request.as_bytes()).await?;
        viewer.sees("\r\n\r\n").await?;
        if peer.protocol() == PeerProtocol::SocketIo {
            // A masked frame with the connect packet, and the reply of the server.
            viewer.connection.write_all(b"\x81\x82\x00\x00\x00\x0040").await?;
            viewer.sees("40{").await?;
        }
        Ok(viewer)
    }

    async fn sees(&mut self, text: &str) -> anyhow::Result<()> {
        let seen = timeout(DEADLINE, async {
            while !self.read.windows(text.len()).any(|part| part == text.as_bytes()) {
                ensure!(
                    self.connection.read_buf(&mut self.read).await? > 0,
                    "the server hung up"
                );
            }
            anyhow::Ok(())
        });
        let seen = seen.await.context("it did not come in time").flatten();
        seen.with_context(|| format!("{text:?} is not in {:?}", String::from_utf8_lossy(&self.read)))
    }
}

async fn sends_to_everybody(peer: Peer) -> anyhow::Result<()> {
    let running = peer.start(CpuPlacement::ANYWHERE).await?;
    let address = running.address();
    let mut viewers = [
        RawViewer::connect(peer, address).await?,
        RawViewer::connect(peer, address).await?,
    ];
    let answer = http::send(address, Method::POST, "/publish", &[], TEXT).await?;
    ensure!(answer.status.is_success(), "the status is {}", answer.status);
    for viewer in &mut viewers {
        viewer.sees(TEXT).await?;
    }
    Ok(())
}

#[tokio::test]
async fn the_floor_sends_to_everybody() -> anyhow::Result<()> {
    sends_to_everybody(Peer::Floor).await
}

#[tokio::test]
async fn plain_axum_sends_to_everybody() -> anyhow::Result<()> {
    sends_to_everybody(Peer::PlainAxum).await
}

#[tokio::test]
async fn ws_sends_to_everybody() -> anyhow::Result<()> {
    sends_to_everybody(Peer::Ws).await
}

#[tokio::test]
async fn socket_io_sends_to_everybody() -> anyhow::Result<()> {
    sends_to_everybody(Peer::SocketIo).await
}

#[tokio::test]
async fn nchan_sends_to_everybody() -> anyhow::Result<()> {
    sends_to_everybody(Peer::Nchan).await
}
