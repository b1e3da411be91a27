use std::error::Error;

use horizon_core::error_chain;
use parking_lot::Mutex;

/// Logs that the server is lost and found, once for all connections.
#[derive(Debug)]
pub(super) struct ServerStatus {
    /// The hosts, their ports and the database.
    server: String,
    state: Mutex<OutageState>,
}

#[derive(Debug, Default)]
struct OutageState {
    /// How often the server was lost.
    outages: u64,
    is_lost: bool,
}

impl ServerStatus {
    pub(super) fn new(server: String) -> Self {
        Self {
            server,
            state: Mutex::default(),
        }
    }

    /// Returns how often the server was lost.
    pub(super) fn outages(&self) -> u64 {
        self.state.lock().outages
    }

    /// A connection was opened.
    pub(super) fn connected(&self) {
        if std::mem::take(&mut self.state.lock().is_lost) {
            tracing::info!(server = self.server, "connected to PostgreSQL again");
        }
    }

    /// A connection that was opened after so many outages was lost.
    pub(super) fn lost(&self, outages: u64, error: &dyn Error) {
        let mut state = self.state.lock();
        // Other connections from before this outage are lost together with the first.
        if state.outages == outages {
            state.outages += 1;
            state.is_lost = true;
            tracing::warn!(
                server = self.server,
                cause = error_chain(error),
                "the connection to PostgreSQL was lost: {error}. The next call opens another one; until it succeeds, \
                 nothing is counted. Check whether the server runs and what its log says"
            );
        }
    }

    /// No connection could be opened.
    pub(super) fn failed(&self, error: &dyn Error) {
        let mut state = self.state.lock();
        if !state.is_lost {
            state.outages += 1;
            state.is_lost = true;
            tracing::warn!(
                server = self.server,
                cause = error_chain(error),
                "no connection to PostgreSQL: {error}. Calls try again; until one succeeds, nothing is counted"
            );
        }
    }
}
