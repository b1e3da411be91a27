//! The tables, and their migration.
//!
//! No statement here is prepared, because the connection may belong to PgBouncer in transaction mode.

mod migrations;

use std::cmp::Ordering;

use tokio_postgres::{Client, Row, types::Type};

use crate::{
    connection::{PoolKind, SITE_LOCK, begin},
    error::DatabaseError,
};
use migrations::STEPS;

/// Returns whether the schema exists, whether it has our tables, and whether it has any. A table `schema_version` alone
/// is no proof, because other programs also have one.
const STATE: &str = "SELECT
    EXISTS (SELECT FROM pg_namespace WHERE nspname = $1),
    count(*) FILTER (WHERE c.relname IN ('schema_version', 'event_ids')) = 2,
    count(*) > 0
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = $1 AND c.relkind IN ('r', 'p', 'v', 'm', 'f')";

/// Takes the lock of the migration until the end of the transaction. Waits while another process migrates the schema.
const LOCK: &str = "SELECT pg_advisory_xact_lock(hashtextextended('eventhorizon schema ' || $1, 0))";

/// Returns the statements that grant the user of this connection the rights that it lacks.
const MISSING_GRANT: &str = "SELECT CASE
    WHEN n.oid IS NULL THEN
        format('GRANT CREATE ON DATABASE %I TO %I', current_database(), current_user)
    WHEN c.oid IS NULL THEN
        format('GRANT USAGE, CREATE ON SCHEMA %I TO %I', $1, current_user)
    ELSE
        format('GRANT USAGE ON SCHEMA %1$I TO %2$I; \
                GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA %1$I TO %2$I', $1, current_user)
    END
    FROM (SELECT 1) AS one
    LEFT JOIN pg_namespace n ON n.nspname = $1
    LEFT JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = 'schema_version'";

/// Returns the encoding of the database, and the settings that decide whether a crash of the machine can lose or damage
/// committed data.
const SETTINGS: &str = "SELECT current_setting('server_encoding'), current_setting('fsync') = 'on',
    current_setting('full_page_writes') = 'on'";

/// Settings of the server and the database.
pub(crate) struct ServerSettings {
    encoding: String,
    has_fsync: bool,
    writes_full_pages: bool,
}

/// Brings the schema to the version of this program. A second process waits for the first.
///
/// A user who may not create tables can use a schema that has this version.
pub(crate) async fn migrate(client: &Client, schema: &str) -> Result<(), DatabaseError> {
    let error = match try_migrate(client, schema).await {
        Ok(()) => return Ok(()),
        Err(error) => error.into_missing_right()?,
    };
    let row = query_one(client, MISSING_GRANT, schema).await?;
    Err(DatabaseError::MissingRight {
        grant: row.try_get(0)?,
        source: error,
    })
}

/// Checks that the schema has the version of this program.
pub(crate) async fn check_version(client: &Client, schema: &str) -> Result<(), DatabaseError> {
    match SchemaState::read(client, schema).await?.version {
        None => Err(DatabaseError::NoSchema(schema.into())),
        Some(version) => check_number(version),
    }
}

/// Checks that the schema still has the version of this program.
pub(crate) async fn recheck_version(client: &Client, schema: &str) -> Result<(), DatabaseError> {
    check_number(read_version(client, schema).await?)
}

/// Checks that the number of the version is that of this program.
pub(crate) fn check_number(version: i32) -> Result<(), DatabaseError> {
    let known = i32::try_from(STEPS.len()).unwrap_or(i32::MAX);
    match version.cmp(&known) {
        Ordering::Less => Err(DatabaseError::OlderVersion { found: version, known }),
        Ordering::Equal => Ok(()),
        Ordering::Greater => Err(DatabaseError::NewerVersion { found: version, known }),
    }
}

impl ServerSettings {
    pub(crate) async fn read(client: &Client) -> Result<Self, DatabaseError> {
        let rows = client.query_typed(SETTINGS, &[]).await?;
        let row = rows.first().ok_or(DatabaseError::Closed)?;
        Ok(Self {
            encoding: row.try_get(0)?,
            has_fsync: row.try_get(1)?,
            writes_full_pages: row.try_get(2)?,
        })
    }

    /// Checks that the database can store all texts.
    pub(crate) fn check_encoding(&self) -> Result<(), DatabaseError> {
        if self.encoding == "UTF8" {
            return Ok(());
        }
        Err(DatabaseError::Encoding(self.encoding.clone()))
    }

    /// Logs a warning if an event can be lost although it was acknowledged.
    pub(crate) fn warn_if_not_durable(&self) {
        if !self.has_fsync {
            tracing::warn!(
                "PostgreSQL has `fsync=off`: if its machine crashes, events that were acknowledged can be lost, and \
                 the database can be damaged; set `fsync=on`"
            );
        }
        if !self.writes_full_pages {
            tracing::warn!(
                "PostgreSQL has `full_page_writes=off`: if its machine crashes, the database can be damaged, unless \
                 its file system writes whole pages (ZFS); set `full_page_writes=on`"
            );
        }
    }
}

async fn try_migrate(client: &Client, schema: &str) -> Result<(), DatabaseError> {
    if SchemaState::read(client, schema).await?.done()? == STEPS.len() {
        return Ok(());
    }
    let begun = client.batch_execute(&begin(schema, PoolKind::Write)).await;
    begun.map_err(DatabaseError::of_begin)?;
    let migrated = run_steps(client, schema).await;
    let end = if migrated.is_ok() { "COMMIT" } else { "ROLLBACK" };
    client.batch_execute(end).await?;
    migrated
}

async fn run_steps(client: &Client, schema: &str) -> Result<(), DatabaseError> {
    query_one(client, LOCK, schema).await?;
    let state = SchemaState::read(client, schema).await?;
    if state.version.is_none() && state.has_tables {
        return Err(DatabaseError::OtherTables(schema.into()));
    }
    let done = state.done()?;
    let Some(steps) = STEPS.get(done..).filter(|steps| !steps.is_empty()) else {
        return Ok(());
    };
    // PostgreSQL demands the right to create schemas even if the schema exists.
    if !state.has_schema {
        client
            .batch_execute(&format!("CREATE SCHEMA {}", quoted(schema)))
            .await?;
    }
    // Waits for the batch of an older program. Its next batch sees the new version.
    client.batch_execute(SITE_LOCK).await?;
    // Names the schema: without the right to use it, it is not in the search path, and the tables would be temporary.
    let create = format!(
        "CREATE TABLE IF NOT EXISTS {}.schema_version (version integer NOT NULL)",
        quoted(schema)
    );
    client.batch_execute(&create).await?;
    for step in steps {
        client.batch_execute(step).await?;
    }
    let version = format!(
        "DELETE FROM schema_version; INSERT INTO schema_version VALUES ({})",
        STEPS.len()
    );
    client.batch_execute(&version).await?;
    tracing::info!(
        schema,
        from = done,
        to = STEPS.len(),
        "the schema in PostgreSQL has a new version"
    );
    Ok(())
}

struct SchemaState {
    has_schema: bool,
    has_tables: bool,
    /// The version of our tables, if they exist: the number of completed steps.
    version: Option<i32>,
}

impl SchemaState {
    async fn read(client: &Client, schema: &str) -> Result<Self, DatabaseError> {
        let row = query_one(client, STATE, schema).await?;
        let version = if row.try_get(1)? {
            Some(read_version(client, schema).await?)
        } else {
            None
        };
        Ok(Self {
            has_schema: row.try_get(0)?,
            has_tables: row.try_get(2)?,
            version,
        })
    }

    /// Returns the number of completed steps.
    fn done(&self) -> Result<usize, DatabaseError> {
        let version = self.version.unwrap_or(0);
        usize::try_from(version)
            .ok()
            .filter(|done| *done <= STEPS.len())
            .ok_or_else(|| DatabaseError::NewerVersion {
                found: version,
                known: i32::try_from(STEPS.len()).unwrap_or(i32::MAX),
            })
    }
}

async fn read_version(client: &Client, schema: &str) -> Result<i32, DatabaseError> {
    let select = format!("SELECT version FROM {}.schema_version", quoted(schema));
    let rows = client.query_typed(&select, &[]).await?;
    Ok(rows.first().map(|row| row.try_get(0)).transpose()?.unwrap_or(0))
}

/// Returns the row of a statement whose parameter is the name of the schema.
async fn query_one(client: &Client, statement: &str, schema: &str) -> Result<Row, DatabaseError> {
    let rows = client.query_typed(statement, &[(&schema, Type::TEXT)]).await?;
    rows.into_iter().next().ok_or(DatabaseError::Closed)
}

/// Returns a name as an identifier of SQL.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

#[cfg(test)]
mod tests;
