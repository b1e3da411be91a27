use std::sync::atomic::{AtomicBool, Ordering};

use deadpool::managed::Object;
use futures::future::try_join_all;
use tokio_postgres::{Row, RowStream, types::ToSql};

use super::{ConnectionManager, PoolKind};
use crate::{error::DatabaseError, schema::quoted, sql::SqlStatement};

/// Waits until no other transaction holds this lock of the site. The end of the transaction releases it: a lock
/// of the session would stay with the connection, which PgBouncer gives to other clients.
macro_rules! site_lock {
    () => {
        "SELECT pg_advisory_xact_lock(hashtextextended('eventhorizon ' || current_schema(), 0));"
    };
}

/// Takes the lock of the site.
pub(crate) const SITE_LOCK: &str = site_lock!();

/// Takes the lock of the site, for a transaction that reads and writes rows by their keys. Makes the planner use
/// indexes, also for tables that are small or have no statistics yet: it keeps a plan while the table grows.
pub(crate) const LOCK: &str = concat!(
    "SET LOCAL plan_cache_mode = force_generic_plan; SET LOCAL enable_seqscan = off; \
     SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off; SET LOCAL jit = off; ",
    site_lock!()
);

/// Runs a report on one processor, so that it does not slow down counting, and ends it when its connection is closed.
/// PostgreSQL 14 and later can check the connection on Linux; elsewhere the setting exists, but some versions refuse
/// every value other than 0.
const REPORT: &str = "SET LOCAL max_parallel_workers_per_gather = 0; SET LOCAL jit = off; \
    SELECT set_config('client_connection_check_interval', '1s', true) \
    WHERE current_setting('client_connection_check_interval', true) IS NOT NULL AND version() LIKE '%linux%';";

/// Parameters of a statement.
pub(crate) type Params<'a> = &'a [&'a (dyn ToSql + Sync)];

/// A statement with its parameters.
pub(crate) struct TableWrite<'a> {
    sql: SqlStatement,
    rows: usize,
    params: Vec<Box<dyn ToSql + Sync + Send + 'a>>,
}

impl<'a> TableWrite<'a> {
    /// Returns a statement that writes this number of rows. Its parameters are added in their order.
    pub(crate) fn new(sql: SqlStatement, rows: usize) -> Self {
        let params = Vec::with_capacity(sql.types.len());
        Self { sql, rows, params }
    }

    /// Adds a parameter: an array with a value for each row.
    #[must_use]
    pub(crate) fn column<T: ToSql + Sync + Send + 'a>(self, values: impl IntoIterator<Item = T>) -> Self {
        let mut column = Vec::with_capacity(self.rows);
        column.extend(values);
        self.value(column)
    }

    /// Adds a parameter that is not an array.
    #[must_use]
    pub(crate) fn value(mut self, value: impl ToSql + Sync + Send + 'a) -> Self {
        self.params.push(Box::new(value));
        self
    }

    /// Returns whether there are no rows to write.
    const fn is_empty(&self) -> bool {
        self.rows == 0
    }
}

/// A transaction. Dropping it before the commit closes the connection, which rolls back.
pub(crate) struct Transaction {
    /// `None` only while it is dropped.
    connection: Option<Object<ConnectionManager>>,
    is_committed: AtomicBool,
}

/// Returns the statements that begin a transaction.
pub(crate) fn begin(schema: &str, kind: PoolKind) -> String {
    let mode = match kind {
        PoolKind::Write => "READ COMMITTED READ WRITE",
        PoolKind::Read => "READ COMMITTED READ ONLY",
        PoolKind::Report => "REPEATABLE READ READ ONLY",
    };
    let (limit, idle) = (kind.statement_timeout().as_millis(), kind.idle_timeout().as_millis());
    let schema = quoted(schema);
    let mut text = format!(
        "BEGIN ISOLATION LEVEL {mode}; SET LOCAL search_path = {schema}, pg_temp; \
         SET LOCAL statement_timeout = {limit}; SET LOCAL lock_timeout = {limit}; \
         SET LOCAL idle_in_transaction_session_timeout = {idle};"
    );
    if kind == PoolKind::Report {
        text.push_str(REPORT);
    }
    if kind == PoolKind::Write {
        text.push_str(
            "SELECT set_config('synchronous_commit', 'on', true) \
             WHERE current_setting('synchronous_commit') IN ('off', 'local', 'remote_write');",
        );
    }
    text
}

impl Transaction {
    pub(super) const fn new(connection: Object<ConnectionManager>) -> Self {
        Self {
            connection: Some(connection),
            is_committed: AtomicBool::new(false),
        }
    }

    fn connection(&self) -> Result<&Object<ConnectionManager>, DatabaseError> {
        self.connection.as_ref().ok_or(DatabaseError::Closed)
    }

    /// Runs the statements that begin it.
    pub(super) async fn begin(&self, statements: &str) -> Result<(), DatabaseError> {
        let begun = self.connection()?.client.batch_execute(statements).await;
        begun.map_err(DatabaseError::of_begin)
    }

    /// Returns the rows of a statement.
    ///
    /// Statements that are polled together, as with `try_join!`, are sent in the order of their first poll, without
    /// waiting for replies: one round trip.
    pub(crate) async fn query(&self, sql: SqlStatement, params: Params<'_>) -> Result<Vec<Row>, DatabaseError> {
        let connection = self.connection()?;
        if let Some(statement) = connection.prepared(sql) {
            return Ok(connection.client.query(statement, params).await?);
        }
        let typed: Vec<_> = params.iter().copied().zip(sql.types.iter().cloned()).collect();
        Ok(connection.client.query_typed(sql.text, &typed).await?)
    }

    /// Returns the rows of a statement as they arrive. The statement is always planned for these parameters.
    pub(crate) async fn stream(&self, sql: SqlStatement, params: Params<'_>) -> Result<RowStream, DatabaseError> {
        let typed = params.iter().copied().zip(sql.types.iter().cloned());
        Ok(self.connection()?.client.query_typed_raw(sql.text, typed).await?)
    }

    /// Returns the only row of a statement, if it has one.
    pub(crate) async fn query_opt(&self, sql: SqlStatement, params: Params<'_>) -> Result<Option<Row>, DatabaseError> {
        Ok(self.query(sql, params).await?.into_iter().next())
    }

    /// Runs a statement and returns the number of rows that it changed.
    pub(crate) async fn execute(&self, sql: SqlStatement, params: Params<'_>) -> Result<u64, DatabaseError> {
        let connection = self.connection()?;
        if let Some(statement) = connection.prepared(sql) {
            return Ok(connection.client.execute(statement, params).await?);
        }
        let typed: Vec<_> = params.iter().copied().zip(sql.types.iter().cloned()).collect();
        Ok(connection.client.execute_typed(sql.text, &typed).await?)
    }

    /// Runs the statements that have rows to write. All are sent when the future is first polled.
    pub(crate) async fn execute_all(&self, writes: &[TableWrite<'_>]) -> Result<(), DatabaseError> {
        let execute = async |write: &TableWrite<'_>| {
            let params: Vec<&(dyn ToSql + Sync)> = write.params.iter().map(|param| &**param as _).collect();
            self.execute(write.sql, &params).await
        };
        let writes = writes.iter().filter(|write| !write.is_empty());
        // The statements after the first error fail because of it.
        try_join_all(writes.map(execute)).await.map(drop)
    }

    /// Commits. Poll it together with the last statements to save a round trip: if one of them fails, PostgreSQL rolls
    /// back, and that statement returns the error.
    pub(crate) async fn commit(&self) -> Result<(), DatabaseError> {
        self.connection()?.client.batch_execute("COMMIT").await?;
        self.is_committed.store(true, Ordering::Release);
        Ok(())
    }

    pub(super) fn is_committed(&self) -> bool {
        self.is_committed.load(Ordering::Acquire)
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        if !self.is_committed()
            && let Some(connection) = self.connection.take()
        {
            drop(Object::take(connection));
        }
    }
}
