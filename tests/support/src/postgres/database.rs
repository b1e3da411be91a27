use anyhow::Context;
use tokio::sync::OnceCell;
use tokio_postgres::{Client, NoTls, SimpleQueryMessage};

use super::PostgresServer;

/// The server of [`TestDatabase::create`]. It ends with this process.
static SERVER: OnceCell<PostgresServer> = OnceCell::const_new();

/// A database of a [`PostgresServer`].
#[derive(Clone, Debug)]
pub struct TestDatabase {
    url: String,
}

impl TestDatabase {
    pub(super) fn new(port: u16, name: &str) -> Self {
        Self {
            url: format!("postgres://postgres@127.0.0.1:{port}/{name}"),
        }
    }

    /// Creates an empty database on a server that all tests of this process share.
    ///
    /// # Errors
    /// PostgreSQL is not installed, or does not start in time.
    pub async fn create() -> anyhow::Result<Self> {
        let server = SERVER.get_or_try_init(|| PostgresServer::start(&[])).await?;
        server.create_database().await
    }

    /// Returns its URL, which has no options.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Opens a connection.
    ///
    /// # Errors
    /// The server does not accept it.
    pub async fn connect(&self) -> anyhow::Result<Client> {
        let connected = tokio_postgres::connect(&self.url, NoTls).await;
        let (client, connection) = connected.with_context(|| format!("no connection to {}", self.url))?;
        // The task ends when the client is dropped.
        tokio::spawn(connection);
        Ok(client)
    }

    /// Runs statements on a connection of their own, and returns their rows as text: the columns with `|` between them,
    /// NULL as an empty text.
    ///
    /// # Errors
    /// A statement fails.
    pub async fn execute(&self, sql: &str) -> anyhow::Result<Vec<String>> {
        let messages = self.connect().await?.simple_query(sql).await;
        let messages = messages.with_context(|| format!("`{sql}` failed"))?;
        Ok(messages.iter().filter_map(row_text).collect())
    }
}

fn row_text(message: &SimpleQueryMessage) -> Option<String> {
    let SimpleQueryMessage::Row(row) = message else {
        return None;
    };
    let columns = (0..row.len()).map(|index| row.get(index).unwrap_or_default());
    Some(columns.collect::<Vec<_>>().join("|"))
}
