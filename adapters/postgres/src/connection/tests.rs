//! Transactions on real servers.

mod log;
mod opening;
mod outages;
mod pgbouncer;
mod pools;
mod tls;

use std::error::Error as _;

use super::*;
use crate::sql::SqlStatement;

const fn sql(text: &'static str) -> SqlStatement {
    SqlStatement { text, types: &[] }
}

fn database(url: &str) -> Database {
    Database::new(&PostgresConfig::new(url).unwrap()).unwrap()
}

impl Database {
    /// Returns the text in the only column and row of a statement that reads.
    async fn read_text(&self, statement: SqlStatement) -> Result<String, DatabaseError> {
        self.read(async |tx| text(tx, statement).await).await
    }

    /// Returns the text in the only column and row of a statement that may write.
    async fn write_text(&self, statement: SqlStatement) -> Result<String, DatabaseError> {
        self.write(async |tx| text(tx, statement).await).await
    }

    /// Runs a statement that writes.
    async fn change(&self, statement: SqlStatement) -> Result<u64, DatabaseError> {
        self.write(async |tx| tx.execute(statement, &[]).await).await
    }
}

async fn text(transaction: &Transaction, statement: SqlStatement) -> Result<String, DatabaseError> {
    let row = transaction.query_opt(statement, &[]).await?.unwrap();
    Ok(row.try_get(0)?)
}

/// Returns the error and its causes as one text.
fn chain(error: &DatabaseError) -> String {
    let mut all = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        all = format!("{all}: {cause}");
        source = cause.source();
    }
    all
}
