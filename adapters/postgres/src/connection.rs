//! Connections, and transactions on them.
//!
//! Everything runs in a transaction, because PgBouncer in transaction mode keeps no setting of a session: the first
//! message of each sets the schema, the timeouts and the durability. Statements that read can be sent together with it.
//! Statements that write are sent after its reply: if a transaction cannot begin, PostgreSQL runs the next statements
//! outside of a transaction, and commits each of them.

mod manager;
mod opening;
mod status;
mod tls;
mod transaction;

use std::{sync::Arc, time::Duration};

use deadpool::{
    Runtime,
    managed::{Object, Pool, PoolConfig, QueueMode, Timeouts},
};
use horizon_core::{Error, Result};
use tokio::time::timeout;

use crate::{PostgresConfig, error::DatabaseError};
pub(crate) use manager::ConnectionManager;
use manager::SharedState;
pub(crate) use opening::is_handshake_failure;
pub(crate) use tls::TlsSetupError;
pub(crate) use transaction::{LOCK, Params, SITE_LOCK, TableWrite, Transaction, begin};

/// How long a call waits for a free connection.
const WAIT: Duration = Duration::from_secs(10);

/// How long a new connection may take, with the migration of the schema.
const CONNECT: Duration = Duration::from_secs(60);

/// How much longer than the statement timeout of the server this process waits for a reply.
const NETWORK_DELAY: Duration = Duration::from_secs(5);

/// What the transactions of a pool do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PoolKind {
    /// They write. A transaction that counts holds the lock of the site; the second connection is for other writes.
    Write,
    /// They read a few rows.
    Read,
    /// They answer reports, which take longer.
    Report,
}

impl PoolKind {
    /// Returns the maximum number of connections.
    const fn max_connections(self) -> usize {
        match self {
            Self::Write | Self::Report => 2,
            Self::Read => 4,
        }
    }

    /// Returns how long a transaction may wait for the next statement of its process. A stopped process must not
    /// hold locks for ever; a report may compute between two queries.
    const fn idle_timeout(self) -> Duration {
        match self {
            Self::Write | Self::Read => Duration::from_secs(10),
            Self::Report => Duration::from_secs(60),
        }
    }

    /// Returns how long a statement may run.
    pub(crate) const fn statement_timeout(self) -> Duration {
        match self {
            Self::Write => Duration::from_secs(30),
            Self::Read => Duration::from_secs(10),
            Self::Report => Duration::from_secs(60),
        }
    }
}

/// The pools of connections to a database.
pub(crate) struct Database {
    writes: ConnectionPool,
    reads: ConnectionPool,
    reports: ConnectionPool,
}

struct ConnectionPool {
    pool: Pool<ConnectionManager>,
    kind: PoolKind,
    /// The statements that begin a transaction.
    begin: String,
}

impl Database {
    /// Returns pools that connect when they are needed.
    pub(crate) fn new(config: &PostgresConfig) -> Result<Self> {
        let failed = |error: DatabaseError| error.into_port_error("the connections to PostgreSQL cannot be set up");
        let shared = SharedState::new(config).map_err(failed)?;
        let pool = |kind| ConnectionPool::new(config, &shared, kind);
        Ok(Self {
            writes: pool(PoolKind::Write)?,
            reads: pool(PoolKind::Read)?,
            reports: pool(PoolKind::Report)?,
        })
    }

    /// Runs `work` in a transaction that sees what is committed before each of its statements.
    pub(crate) async fn read<T>(
        &self,
        work: impl AsyncFnOnce(&Transaction) -> Result<T, DatabaseError>,
    ) -> Result<T, DatabaseError> {
        self.reads.run("", work, async |_, value| Ok(value)).await
    }

    /// Runs `work` in a transaction that writes.
    pub(crate) async fn write<T>(
        &self,
        work: impl AsyncFnOnce(&Transaction) -> Result<T, DatabaseError>,
    ) -> Result<T, DatabaseError> {
        self.writes
            .run("", async |_| Ok(()), async |tx, ()| work(tx).await)
            .await
    }

    /// Runs `work` in a transaction that holds the lock of the site, which excludes other counting transactions of all
    /// processes.
    ///
    /// The statements of `work` see what the previous holder of the lock has committed: at READ COMMITTED each
    /// statement sees the state at its own start, which is after the lock.
    pub(crate) async fn write_alone<T>(
        &self,
        work: impl AsyncFnOnce(&Transaction) -> Result<T, DatabaseError>,
    ) -> Result<T, DatabaseError> {
        self.write_alone_after(async |_| Ok(()), async |tx, ()| work(tx).await)
            .await
    }

    /// Runs `read` and then `write` in a transaction like that of [`write_alone`](Self::write_alone), with one round
    /// trip fewer: the statements of `read` are sent with those that begin the transaction. They must not write.
    pub(crate) async fn write_alone_after<S, T>(
        &self,
        read: impl AsyncFnOnce(&Transaction) -> Result<S, DatabaseError>,
        write: impl AsyncFnOnce(&Transaction, S) -> Result<T, DatabaseError>,
    ) -> Result<T, DatabaseError> {
        self.writes.run(LOCK, read, write).await
    }

    /// Begins a transaction that sees one state of the database.
    pub(crate) async fn report(&self) -> Result<Transaction, DatabaseError> {
        self.reports.begin().await
    }

    /// Closes the connections. Later calls fail.
    pub(crate) fn close(&self) {
        for pool in [&self.writes, &self.reads, &self.reports] {
            pool.pool.close();
            pool.pool.manager().close();
        }
    }
}

impl ConnectionPool {
    fn new(config: &PostgresConfig, shared: &Arc<SharedState>, kind: PoolKind) -> Result<Self> {
        let manager = ConnectionManager::new(Arc::clone(shared), kind);
        let builder = Pool::builder(manager).runtime(Runtime::Tokio1).config(PoolConfig {
            max_size: kind.max_connections(),
            timeouts: Timeouts {
                wait: Some(WAIT),
                create: Some(CONNECT),
                recycle: Some(WAIT),
            },
            queue_mode: QueueMode::Lifo,
        });
        let failed = |error| Error::permanent("the connections to PostgreSQL cannot be set up").with_source(error);
        Ok(Self {
            pool: builder.build().map_err(failed)?,
            kind,
            begin: begin(&config.schema, kind),
        })
    }

    async fn get(&self) -> Result<Object<ConnectionManager>, DatabaseError> {
        // Boxed, as below: the nested futures would exceed the recursion limit of applications that await a call.
        let connection = Box::pin(self.pool.get()).await;
        connection.map_err(|error| DatabaseError::of_pool(error, WAIT, CONNECT))
    }

    /// Returns a transaction that has begun.
    async fn begin(&self) -> Result<Transaction, DatabaseError> {
        let transaction = Transaction::new(self.get().await?);
        let limit = self.kind.statement_timeout() + NETWORK_DELAY;
        let begun = timeout(limit, transaction.begin(&self.begin)).await;
        begun.unwrap_or(Err(DatabaseError::Timeout(limit)))?;
        Ok(transaction)
    }

    /// Runs `read` and then `write` in a transaction and commits it, unless `write` has done so. The statements of
    /// `read` are sent without waiting for the beginning of the transaction.
    async fn run<S, T>(
        &self,
        lock: &str,
        read: impl AsyncFnOnce(&Transaction) -> Result<S, DatabaseError>,
        write: impl AsyncFnOnce(&Transaction, S) -> Result<T, DatabaseError>,
    ) -> Result<T, DatabaseError> {
        let transaction = Transaction::new(self.get().await?);
        let begin = format!("{}{lock}", self.begin);
        let all = async {
            // Both are sent before the first reply arrives.
            let (begun, found) = tokio::join!(biased; transaction.begin(&begin), read(&transaction));
            // If the transaction did not begin, the reads ran outside of it or failed because of that.
            begun?;
            let value = write(&transaction, found?).await?;
            if !transaction.is_committed() {
                transaction.commit().await?;
            }
            Ok(value)
        };
        let limit = self.kind.statement_timeout() + NETWORK_DELAY;
        let done = timeout(limit, Box::pin(all)).await;
        done.unwrap_or(Err(DatabaseError::Timeout(limit)))
    }
}

#[cfg(test)]
mod tests;
