//! The parts of the benchmark.

use clap::ValueEnum;
use horizon_bench_peers::Peer;

use crate::subject::SubjectKind;

/// A row of the first table, or rows of the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum BenchPart {
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

impl BenchPart {
    /// Returns its name on the command line.
    pub(crate) fn name(self) -> String {
        let value = self.to_possible_value();
        value.map(|value| value.get_name().to_owned()).unwrap_or_default()
    }

    /// Returns the server of its row in the first table.
    pub(crate) fn server(self) -> Option<SubjectKind> {
        match self {
            Self::Floor => Some(SubjectKind::Peer(Peer::Floor)),
            Self::Eventhorizon => Some(SubjectKind::EventHorizon),
            Self::Ws => Some(SubjectKind::Peer(Peer::Ws)),
            Self::Nchan => Some(SubjectKind::Peer(Peer::Nchan)),
            Self::PlainAxum => Some(SubjectKind::Peer(Peer::PlainAxum)),
            Self::SocketIo => Some(SubjectKind::Peer(Peer::SocketIo)),
            _ => None,
        }
    }
}
