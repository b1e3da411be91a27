use futures::future::join_all;
use horizon_test_support::{TestDatabase, wait_until};

use super::*;
use crate::{PostgresConfig, connection::Database, sql::SqlStatement};

/// Reads the row of the site. The user needs a right on the tables.
const SITE: SqlStatement = SqlStatement {
    text: "SELECT id FROM site",
    types: &[],
};

fn open(url: &str) -> Database {
    Database::new(&PostgresConfig::new(url).unwrap()).unwrap()
}

async fn read_site(database: &Database) -> Result<usize, DatabaseError> {
    let rows = database.read(async |tx| tx.query(SITE, &[]).await).await?;
    Ok(rows.len())
}

/// Creates a user, and returns the URL of the database for this user.
async fn create_user(database: &TestDatabase, name: &str) -> String {
    // Roles belong to all databases of the server.
    let create = format!("DROP ROLE IF EXISTS {name}; CREATE ROLE {name} LOGIN");
    database.execute(&create).await.unwrap();
    database
        .url()
        .replace("postgres://postgres@", &format!("postgres://{name}@"))
}

#[tokio::test]
async fn processes_that_start_together_migrate_once() {
    let server = TestDatabase::create().await.unwrap();
    let processes: Vec<_> = (0..8).map(|_| open(server.url())).collect();
    for read in join_all(processes.iter().map(read_site)).await {
        assert_eq!(read.unwrap(), 1);
    }
    let versions = server.execute("SELECT version FROM eventhorizon.schema_version").await;
    assert_eq!(versions.unwrap(), [STEPS.len().to_string()]);
}

#[tokio::test]
async fn two_sites_have_a_schema_each() {
    let server = TestDatabase::create().await.unwrap();
    for schema in ["one", "Two%20%22%27"] {
        let database = open(&format!("{}?schema={schema}", server.url()));
        assert_eq!(read_site(&database).await.unwrap(), 1);
    }
    let schemas = "SELECT nspname FROM pg_namespace WHERE nspname !~ '^(pg_|public|information)' ORDER BY 1";
    assert_eq!(server.execute(schemas).await.unwrap(), [r#"Two "'"#, "one"]);
}

#[tokio::test]
async fn a_newer_schema_is_refused() {
    let server = TestDatabase::create().await.unwrap();
    read_site(&open(server.url())).await.unwrap();
    let raise = "UPDATE eventhorizon.schema_version SET version = version + 1";
    server.execute(raise).await.unwrap();
    let error = read_site(&open(server.url())).await.unwrap_err();
    assert!(!error.is_retryable());
    let (found, known) = (STEPS.len() + 1, STEPS.len());
    let sentence = format!("the schema has version {found}, and this program knows {known}: start a newer program");
    assert_eq!(error.to_string(), sentence);
}

#[tokio::test]
async fn a_migration_waits_for_a_batch() {
    let server = TestDatabase::create().await.unwrap();
    server.execute("CREATE SCHEMA eventhorizon").await.unwrap();
    let batch = server.connect().await.unwrap();
    let begin = begin("eventhorizon", PoolKind::Write);
    batch.batch_execute(&format!("{begin}{SITE_LOCK}")).await.unwrap();
    let database = open(server.url());
    tokio::select! {
        read = read_site(&database) => panic!("it was migrated: {read:?}"),
        waiting = wait_until("the migration waits for the lock", async || {
            let waits = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
                AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
            anyhow::ensure!(server.execute(waits).await? == ["1"]);
            Ok(())
        }) => waiting.unwrap(),
    }
    batch.batch_execute("COMMIT").await.unwrap();
    assert_eq!(read_site(&database).await.unwrap(), 1);
}

#[tokio::test]
async fn tables_of_another_program_are_refused() {
    for tables in [
        "CREATE TABLE comments (a integer)",
        "CREATE TABLE schema_version (version text)",
        "CREATE TABLE schema_version (version integer); INSERT INTO schema_version VALUES (0)",
        "CREATE VIEW posts AS SELECT 1 AS a",
    ] {
        let server = TestDatabase::create().await.unwrap();
        let url = format!("{}?schema=public", server.url());
        server.execute(tables).await.unwrap();
        let error = read_site(&open(&url)).await.unwrap_err();
        assert!(!error.is_retryable(), "{tables}: {error:?}");
        assert!(error.to_string().contains("`?schema=`"), "{tables}: {error:?}");
        let relations = "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace";
        assert_eq!(server.execute(relations).await.unwrap(), ["1"], "{tables}");
    }
}

#[tokio::test]
async fn a_database_that_cannot_store_all_texts_is_refused() {
    let server = TestDatabase::create().await.unwrap();
    for encoding in ["LATIN1", "SQL_ASCII"] {
        let (address, name) = server.url().rsplit_once('/').unwrap();
        let name = format!("{name}_{}", encoding.to_lowercase());
        let create = format!("CREATE DATABASE {name} ENCODING '{encoding}' LOCALE 'C' TEMPLATE template0");
        server.execute(&create).await.unwrap();
        let error = read_site(&open(&format!("{address}/{name}"))).await.unwrap_err();
        assert!(!error.is_retryable(), "{error:?}");
        let sentence = error.to_string();
        assert!(
            sentence.contains(encoding) && sentence.contains("ENCODING 'UTF8'"),
            "{sentence}"
        );
    }
}

/// Connects as a user who lacks a right, runs the statements that the error names, and connects again.
async fn grant_what_the_error_names(server: &TestDatabase, url: &str, expected: &str) {
    let error = read_site(&open(url)).await.unwrap_err();
    assert!(!error.is_retryable(), "{error:?}");
    let DatabaseError::MissingRight { grant, .. } = error else {
        panic!("{error:?}")
    };
    assert!(grant.contains(expected), "{grant}");
    server.execute(&grant).await.unwrap();
    assert_eq!(read_site(&open(url)).await.unwrap(), 1);
}

#[tokio::test]
async fn a_missing_right_to_create_the_schema_is_named() {
    let server = TestDatabase::create().await.unwrap();
    let url = create_user(&server, "creator").await;
    grant_what_the_error_names(&server, &url, "GRANT CREATE ON DATABASE test_").await;
}

#[tokio::test]
async fn a_missing_right_in_the_schema_of_an_administrator_is_named() {
    let server = TestDatabase::create().await.unwrap();
    let url = create_user(&server, "guest").await;
    server.execute("CREATE SCHEMA eventhorizon").await.unwrap();
    grant_what_the_error_names(&server, &url, "GRANT USAGE, CREATE ON SCHEMA eventhorizon TO guest").await;
}

#[tokio::test]
async fn a_schema_of_an_owner_works_without_the_right_to_create_schemas() {
    let server = TestDatabase::create().await.unwrap();
    let url = create_user(&server, "owner").await;
    server
        .execute("CREATE SCHEMA eventhorizon AUTHORIZATION owner")
        .await
        .unwrap();
    assert_eq!(read_site(&open(&url)).await.unwrap(), 1);
}

#[tokio::test]
async fn a_user_who_may_not_create_uses_the_tables_of_another() {
    let server = TestDatabase::create().await.unwrap();
    read_site(&open(server.url())).await.unwrap();
    let url = create_user(&server, "application").await;
    grant_what_the_error_names(&server, &url, "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES").await;
}
