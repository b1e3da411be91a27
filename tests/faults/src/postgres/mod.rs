//! A PostgreSQL server with faults, and the proxy between it and the processes.

mod message;
mod proxy;

use std::time::Duration;

use anyhow::ensure;
use horizon_test_support::{PostgresOptions, PostgresServer, wait_until};

use self::proxy::PostgresProxy;
use crate::mutant::FaultMutant;

/// The settings of the server. The adapter has to override the first. Otherwise a killed server loses the commits of
/// the last seconds: with the other settings, up to ten.
const SETTINGS: &[&str] = &[
    "-c",
    "synchronous_commit=off",
    "-c",
    "wal_writer_delay=10s",
    "-c",
    "wal_writer_flush_after=1GB",
];

/// Terminates all connections except that of the statement. Returns a row for each.
const TERMINATE: &str = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                         WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()";

/// Selects the names of the connections that have the lock of the site, and wait for the next message.
const LOCK_HOLDERS: &str = "SELECT application_name FROM pg_locks JOIN pg_stat_activity USING (pid) \
                            WHERE locktype = 'advisory' AND granted AND state = 'idle in transaction'";

/// The PostgreSQL server of a class. The processes reach it through a proxy, whose address stays the same.
pub(crate) struct FaultPostgres {
    pub(crate) server: PostgresServer,
    proxy: PostgresProxy,
}

impl FaultPostgres {
    /// Starts a server that flushes its files.
    pub(crate) async fn start(mutant: Option<FaultMutant>) -> anyhow::Result<Self> {
        let options = PostgresOptions {
            arguments: SETTINGS,
            is_durable: true,
            ..PostgresOptions::default()
        };
        let server = PostgresServer::start_with(&options).await?;
        Ok(Self {
            proxy: PostgresProxy::start(server.port(), mutant).await?,
            server,
        })
    }

    /// Returns the URL for a process, whose connections have this name.
    pub(crate) fn url(&self, name: &str) -> String {
        let address = self.proxy.address();
        format!("postgres://postgres@{address}/postgres?sslmode=disable&application_name={name}")
    }

    /// Kills the server, and starts it again after this time.
    pub(crate) async fn kill(&self, away: Duration) -> anyhow::Result<()> {
        self.server.kill().await?;
        tokio::time::sleep(away).await;
        self.server.restart().await
    }

    /// Pauses the server for this time.
    pub(crate) async fn pause(&self, time: Duration) -> anyhow::Result<()> {
        self.server.pause().await?;
        tokio::time::sleep(time).await;
        self.server.resume().await
    }

    /// Ends all connections. Returns how many there were.
    pub(crate) async fn terminate(&self) -> anyhow::Result<usize> {
        Ok(self.server.database().execute(TERMINATE).await?.len())
    }

    /// Returns the names of the processes that have the lock of the site and send nothing.
    pub(crate) async fn lock_holders(&self) -> anyhow::Result<Vec<String>> {
        self.server.database().execute(LOCK_HOLDERS).await
    }

    /// Waits until the server has committed a batch whose reply no process gets.
    pub(crate) async fn lose_a_commit_reply(&self) -> anyhow::Result<()> {
        let before = self.proxy.lost_replies();
        self.proxy.lose_next_reply();
        wait_until("a batch is committed", async || {
            ensure!(self.proxy.lost_replies() > before, "no batch was committed");
            Ok(())
        })
        .await
    }
}
