//! What can be measured by itself.

use clap::ValueEnum;
use horizon_peers::Peer;

use crate::subject::Kind;

/// A row of the first table, or some of the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Part {
    Floor,
    Eventhorizon,
    Ws,
    Nchan,
    PlainAxum,
    #[value(name = "socket.io")]
    SocketIo,
    Joins,
    Idle,
    Burst,
    Stalled,
    Storm,
    Pages,
    Outage,
    Start,
    Weight,
    Ingestion,
}

impl Part {
    /// What it is called on the command line.
    pub(crate) fn name(self) -> String {
        let value = self.to_possible_value();
        value.map(|value| value.get_name().to_owned()).unwrap_or_default()
    }

    /// The server that the row of the first table is about.
    pub(crate) fn server(self) -> Option<Kind> {
        match self {
            Self::Floor => Some(Kind::Peer(Peer::Floor)),
            Self::Eventhorizon => Some(Kind::EventHorizon),
            Self::Ws => Some(Kind::Peer(Peer::Ws)),
            Self::Nchan => Some(Kind::Peer(Peer::Nchan)),
            Self::PlainAxum => Some(Kind::Peer(Peer::PlainAxum)),
            Self::SocketIo => Some(Kind::Peer(Peer::SocketIo)),
            _ => None,
        }
    }
}
