use std::error::Error;

use horizon_core::error_chain;
use parking_lot::Mutex;

use super::PoolKind;
use crate::error::DatabaseError;

/// Logs when the server becomes unavailable and available, once for all connections.
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
    /// The pools whose connections the server refuses although it answers, as a standby refuses writes.
    refused: Vec<PoolKind>,
    /// Whether a connection was opened since the start.
    was_connected: bool,
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

    /// Converts an error of a new connection. Before the first connection was opened, a rejected password is permanent:
    /// the URL is wrong. Later it is an outage, because an operator is changing the password or the server.
    pub(super) fn classify(&self, error: DatabaseError) -> DatabaseError {
        if self.state.lock().was_connected {
            error.into_locked_out()
        } else {
            error
        }
    }

    /// Notes that a connection of a pool was opened.
    pub(super) fn connected(&self, kind: PoolKind) {
        let mut state = self.state.lock();
        state.was_connected = true;
        let was_refused = state.refused.contains(&kind);
        state.refused.retain(|refused| *refused != kind);
        if std::mem::take(&mut state.is_lost) || was_refused {
            tracing::info!(server = self.server, "connected to PostgreSQL again");
        }
    }

    /// Notes that a connection was lost. `outages` is the number of outages when it was opened.
    pub(super) fn lost(&self, outages: u64, error: &dyn Error) {
        let mut state = self.state.lock();
        // Only the first of the connections from before this outage is logged.
        if state.outages == outages {
            state.outages += 1;
            state.is_lost = true;
            tracing::warn!(
                server = self.server,
                cause = error_chain(error),
                "the connection to PostgreSQL was lost: {error}. The next call opens another one; until it succeeds, \
                 nothing is counted. Check that the server runs, and read its log"
            );
        }
    }

    /// Notes that no connection of a pool could be opened.
    pub(super) fn failed(&self, kind: PoolKind, error: &DatabaseError) {
        let mut state = self.state.lock();
        if state.refused.contains(&kind) {
            return;
        }
        if error.is_outage() {
            if std::mem::replace(&mut state.is_lost, true) {
                return;
            }
            state.outages += 1;
        } else {
            // The server answers, and other pools may work.
            state.is_lost = false;
            state.refused.push(kind);
        }
        tracing::warn!(
            server = self.server,
            cause = error_chain(error),
            "no connection to PostgreSQL: {error}. Calls try again; until one succeeds, nothing is counted"
        );
    }
}
