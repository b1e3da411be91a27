//! A server that viewers are sent to, whichever it is.

use horizon_bench_peers::{CpuPlacement, Peer, PeerProtocol, Running};

use crate::blog::{Blog, SLUG};

/// What there is to measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SubjectKind {
    /// The blog of this repository.
    EventHorizon,
    /// Something else.
    Peer(Peer),
}

impl SubjectKind {
    /// What it is called.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::EventHorizon => "EventHorizon",
            Self::Peer(peer) => peer.name(),
        }
    }
}

/// A running server. It is killed when this is dropped.
#[derive(Debug)]
pub(crate) struct Subject {
    server: RunningServer,
    /// Where viewers come.
    pub(crate) url: String,
    /// Where something new is said, as the generator wants it.
    pub(crate) publish: String,
    /// What it speaks, as the generator calls it.
    pub(crate) protocol: &'static str,
}

#[derive(Debug)]
enum RunningServer {
    Blog(Blog),
    Peer(Running),
}

impl Subject {
    /// Starts it.
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

    /// A blog that was just started.
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

    /// Its process.
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
