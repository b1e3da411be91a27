//! The views have the numbers of the reports, and the rights and examples of `docs/postgres.md` work.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test that cannot be set up fails"
)]

mod answers;
mod blog;
mod catalog;
mod document;
mod examples;
mod expected;
mod programs;
mod rights;
mod views;

use anyhow::Context as _;
use horizon_postgres::{PostgresConfig, PostgresStore};
use horizon_test_support::TestDatabase;
use tokio_postgres::{Client, SimpleQueryMessage};

/// Returns the store in a database.
pub(crate) fn store_in(database: &TestDatabase) -> anyhow::Result<PostgresStore> {
    Ok(PostgresStore::new(&PostgresConfig::new(database.url())?)?)
}

/// Returns the rows of a statement as text, NULL as an empty text.
pub(crate) async fn rows(client: &Client, sql: &str) -> anyhow::Result<Vec<Vec<String>>> {
    let messages = client.simple_query(sql).await;
    let messages = messages.with_context(|| format!("`{sql}` failed"))?;
    let row = |message: &SimpleQueryMessage| match message {
        SimpleQueryMessage::Row(row) => {
            let columns = (0..row.len()).map(|index| row.get(index).unwrap_or_default().to_owned());
            Some(columns.collect())
        }
        _ => None,
    };
    Ok(messages.iter().filter_map(row).collect())
}
