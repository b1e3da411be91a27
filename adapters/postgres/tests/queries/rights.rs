//! Readers have the rights in the documentation, and no others.

use horizon_core::{Day, SaltStore as _};
use horizon_postgres::{PostgresConfig, PostgresStore};
use horizon_test_support::{PostgresServer, TestDatabase};

use crate::catalog::names;
use crate::document::statements;
use crate::rows;

const RELATIONS: &str = "SELECT relkind::text || ' ' || relname FROM pg_class
    WHERE relnamespace = 'eventhorizon'::regnamespace AND relkind IN ('r', 'v')";

/// Relations that the current user can select from.
const SELECTABLE: &str = "SELECT relkind::text || ' ' || relname FROM pg_class
    WHERE relnamespace = 'eventhorizon'::regnamespace AND relkind IN ('r', 'v')
        AND has_table_privilege('horizon_reader', oid, 'SELECT, INSERT, UPDATE, DELETE')";

/// The day of the last events, 2026-11-29.
pub(crate) const TODAY: Day = Day::from_number(20_786);

pub(crate) fn store_of(database: &TestDatabase, role: &str) -> anyhow::Result<PostgresStore> {
    let url = database.url().replace("//postgres@", &format!("//{role}:secret@"));
    Ok(PostgresStore::new(&PostgresConfig::new(&url)?)?)
}

/// Creates the roles of the documentation, and the tables with the role that owns them.
pub(crate) async fn database_with_roles(server: &PostgresServer) -> anyhow::Result<TestDatabase> {
    let database = server.create_database().await?;
    for statement in statements("Set up") {
        database.execute(&statement).await?;
    }
    let owner = store_of(&database, "horizon")?;
    owner.salt(TODAY, [1; 32]).await?;
    for statement in statements("Rights") {
        database.execute(&statement).await?;
    }
    Ok(database)
}

#[tokio::test]
async fn readers_can_select_from_all_views_and_from_no_table() -> anyhow::Result<()> {
    let server = PostgresServer::start(&[]).await?;
    let database = database_with_roles(&server).await?;
    let client = database.connect().await?;
    let mut views = names(&client, RELATIONS).await?;
    assert!(views.contains("v daily") && views.contains("r salts"), "{views:?}");
    views.retain(|name| name.starts_with("v "));
    assert_eq!(names(&client, SELECTABLE).await?, views);

    client.batch_execute("SET ROLE horizon_reader").await?;
    for view in &views {
        let view = &view[2..];
        rows(&client, &format!("SELECT * FROM eventhorizon.{view}")).await?;
    }
    let refused = client
        .batch_execute("SELECT * FROM eventhorizon.salts")
        .await
        .unwrap_err();
    assert_eq!(
        refused.code(),
        Some(&tokio_postgres::error::SqlState::INSUFFICIENT_PRIVILEGE)
    );
    Ok(())
}
