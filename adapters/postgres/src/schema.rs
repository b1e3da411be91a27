//! The tables, and their migration.

mod migrations;

use tokio_postgres::Client;

use crate::error::DatabaseError;
use migrations::STEPS;

/// Returns whether the table with the version exists, without an error if the schema is missing.
const HAS_VERSION: &str = "SELECT to_regclass(format('%I.schema_version', $1::text)) IS NOT NULL";

/// Waits until no other process migrates this schema, until the end of the transaction.
const LOCK: &str = "SELECT pg_advisory_xact_lock(hashtextextended('eventhorizon schema ' || $1, 0))";

/// Brings the schema to the version of this program. A second process waits for the first.
///
/// A user who may not create tables can use a schema that has this version.
pub(crate) async fn migrate(client: &Client, schema: &str) -> Result<(), DatabaseError> {
    if done_steps(client, schema).await? == STEPS.len() {
        return Ok(());
    }
    client.batch_execute("BEGIN").await?;
    let migrated = run_steps(client, schema).await;
    let end = if migrated.is_ok() { "COMMIT" } else { "ROLLBACK" };
    client.batch_execute(end).await?;
    migrated
}

async fn run_steps(client: &Client, schema: &str) -> Result<(), DatabaseError> {
    client.query_one(LOCK, &[&schema]).await?;
    let done = done_steps(client, schema).await?;
    let Some(steps) = STEPS.get(done..).filter(|steps| !steps.is_empty()) else {
        return Ok(());
    };
    let quoted = quoted(schema);
    let create = format!(
        "CREATE SCHEMA IF NOT EXISTS {quoted};
         SET LOCAL search_path = {quoted}, pg_temp;
         CREATE TABLE IF NOT EXISTS schema_version (version integer NOT NULL);"
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

/// Returns the version of the schema: the number of steps that were done.
async fn done_steps(client: &Client, schema: &str) -> Result<usize, DatabaseError> {
    let row = client.query_one(HAS_VERSION, &[&schema]).await?;
    if !row.try_get::<_, bool>(0)? {
        return Ok(0);
    }
    let select = format!("SELECT version FROM {}.schema_version", quoted(schema));
    let row = client.query_opt(&select, &[]).await?;
    let version: i32 = row.map(|row| row.try_get(0)).transpose()?.unwrap_or(0);
    let known = i32::try_from(STEPS.len()).unwrap_or(i32::MAX);
    let newer = DatabaseError::NewerVersion { found: version, known };
    usize::try_from(version)
        .ok()
        .filter(|done| *done <= STEPS.len())
        .ok_or(newer)
}

/// Returns a name as an identifier of SQL.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
