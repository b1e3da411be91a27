//! A measured server: EventHorizon or a peer.

use horizon_bench_peers::{CpuPlacement, Peer, PeerProtocol, Running};

use crate::blog::{Blog, SLUG};

/// The kind of a measured server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SubjectKind {
    /// The blog of this repository.
    EventHorizon,
    /// Another server.
    Peer(Peer),
}

impl SubjectKind {
    /// Returns its name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::EventHorizon => "EventHorizon",
            Self::Peer(peer) => peer.name(),
        }
    }
}

/// A running server. Dropping it kills the process.
#[derive(Debug)]
pub(crate) struct BenchedServer {
    server: RunningServer,
    /// The URL of the live stream.
    pub(crate) url: String,
    /// The value of `--publish`.
    pub(crate) publish: String,
    /// The value of `--protocol`.
    pub(crate) protocol: &'static str,
}

#[derive(Debug)]
enum RunningServer {
    Blog(Blog),
    Peer(Running),
}

impl BenchedServer {
    /// Starts the server.
    pub(crate) async fn start(kind: SubjectKind, place: CpuPlacement) -> anyhow::Result<Self> {
        match kind {
            SubjectKind::EventHorizon => Self::blog(Blog::start(place, None).await?).await,
            SubjectKind::Peer(peer) => {
                let running = peer.start(place).await?;
                let address = running.address();
                Ok(Self {
                    url: format!("http://{address}{}", peer.path()),
                    publish: format!("post:http://{address}/publish"),
                    protocol: protocol(peer.protocol()),
                    server: RunningServer::Peer(running),
                })
            }
        }
    }

    /// Wraps a new blog.
    pub(crate) async fn blog(blog: Blog) -> anyhow::Result<Self> {
        blog.settle().await?;
        let address = blog.address();
        Ok(Self {
            url: format!("http://{address}/horizon/live/{SLUG}"),
            publish: format!("like:http://{address}/horizon/likes/{SLUG}"),
            protocol: "sse",
            server: RunningServer::Blog(blog),
        })
    }

    /// Returns the process id.
    pub(crate) fn id(&self) -> anyhow::Result<u32> {
        match &self.server {
            RunningServer::Blog(blog) => blog.id(),
            RunningServer::Peer(running) => running.id(),
        }
    }
}

fn protocol(protocol: PeerProtocol) -> &'static str {
    match protocol {
        PeerProtocol::Sse => "sse",
        PeerProtocol::WebSocket => "ws",
        PeerProtocol::SocketIo => "socketio",
    }
}
