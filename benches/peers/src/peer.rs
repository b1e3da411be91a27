use std::{env, net::SocketAddr};

use anyhow::{Context, bail};
use horizon_test_support::process::{Process, sibling_program};
use tempfile::TempDir;
use tokio::process::Command;

use crate::{cpu_placement::CpuPlacement, nginx, node};

/// A server that EventHorizon is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
    /// Keeps sockets and writes to each: the least possible work.
    Floor,
    /// Server-sent events of axum over a broadcast channel.
    PlainAxum,
    /// The package `ws` in Node.js.
    Ws,
    /// The package `socket.io` in Node.js.
    SocketIo,
    /// The module nchan in nginx.
    Nchan,
}

/// The protocol between a server and its viewers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PeerProtocol {
    /// Server-sent events.
    Sse,
    /// Text messages over a WebSocket.
    WebSocket,
    /// The Socket.IO event `m` over a WebSocket.
    SocketIo,
}

impl Peer {
    /// All peers, the floor first.
    pub const ALL: [Self; 5] = [Self::Floor, Self::Ws, Self::Nchan, Self::PlainAxum, Self::SocketIo];

    /// Returns its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Floor => "floor",
            Self::PlainAxum => "plain-axum",
            Self::Ws => "ws",
            Self::SocketIo => "socket.io",
            Self::Nchan => "nchan",
        }
    }

    /// Returns its protocol.
    #[must_use]
    pub fn protocol(self) -> PeerProtocol {
        match self {
            Self::Floor | Self::PlainAxum | Self::Nchan => PeerProtocol::Sse,
            Self::Ws => PeerProtocol::WebSocket,
            Self::SocketIo => PeerProtocol::SocketIo,
        }
    }

    /// Returns the path for viewers.
    #[must_use]
    pub fn path(self) -> &'static str {
        match self {
            Self::SocketIo => "/socket.io/?EIO=4&transport=websocket",
            _ => "/sub",
        }
    }

    /// Starts it on a free port and waits until it listens.
    ///
    /// # Errors
    /// The server is not installed, or does not start. The error explains how to install it, or contains its log.
    pub async fn start(self, place: CpuPlacement) -> anyhow::Result<Running> {
        let folder = TempDir::new().context("no temporary folder for a peer")?;
        let log = folder.path().join("log");
        let process = match self {
            Self::Floor | Self::PlainAxum => {
                let command = Command::new(sibling_program(self.name())?);
                Process::start(place.apply(&command), &log).await?
            }
            Self::Ws | Self::SocketIo => {
                let script = if self == Self::Ws { "ws.js" } else { "socket-io.js" };
                let mut command = Command::new("node");
                command.arg(node::folder().await?.join(script));
                Process::start(place.apply(&command), &log).await?
            }
            Self::Nchan => {
                let (command, address) = nginx::command(folder.path())?;
                Process::start_at(place.apply(&command), address, &log).await?
            }
        };
        Ok(Running {
            process,
            _folder: folder,
        })
    }
}

/// A running peer. Dropping it kills the process.
#[derive(Debug)]
pub struct Running {
    process: Process,
    _folder: TempDir,
}

impl Running {
    /// Returns the address it listens on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.process.address()
    }

    /// Returns the process id.
    ///
    /// # Errors
    /// The process has ended.
    pub fn id(&self) -> anyhow::Result<u32> {
        self.process.id()
    }
}

/// Checks that a program is in the `PATH`; the error explains how to install it.
pub(crate) fn ensure_installed(program: &str, package: &str, elsewhere: &str) -> anyhow::Result<()> {
    let path = env::var_os("PATH").unwrap_or_default();
    if env::split_paths(&path).any(|folder| folder.join(program).is_file()) {
        return Ok(());
    }
    bail!("{program} is missing: `apt-get install {package}` brings it on Debian, {elsewhere} elsewhere")
}
