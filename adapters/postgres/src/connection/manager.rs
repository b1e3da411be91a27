use std::{collections::HashMap, sync::Arc};

use deadpool::managed::{Manager, Metrics, RecycleError, RecycleResult};
use tokio::sync::OnceCell;
use tokio_postgres::{Client, NoTls, Statement};

use super::PoolKind;
use crate::{PostgresConfig, error::DatabaseError, schema, sql::Sql};

/// Whether the schema has the version of this program: set by the first connection.
pub(crate) type SharedSchema = Arc<OnceCell<()>>;

/// Opens the connections of a pool.
pub(crate) struct ConnectionManager {
    config: PostgresConfig,
    schema: SharedSchema,
    kind: PoolKind,
}

/// An open connection with the statements that it has prepared.
pub(crate) struct Connection {
    pub(super) client: Client,
    pub(super) prepared: HashMap<&'static str, Statement>,
}

impl ConnectionManager {
    pub(super) fn new(config: &PostgresConfig, schema: SharedSchema, kind: PoolKind) -> Self {
        Self {
            config: config.clone(),
            schema,
            kind,
        }
    }

    async fn prepare(&self, client: &Client) -> Result<HashMap<&'static str, Statement>, DatabaseError> {
        let _ = (client, self.kind);
        Ok(HashMap::new())
    }
}

impl Manager for ConnectionManager {
    type Type = Connection;
    type Error = DatabaseError;

    async fn create(&self) -> Result<Connection, DatabaseError> {
        let (client, connection) = self.config.driver.connect(NoTls).await?;
        // The task ends when the client is dropped.
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::warn!(%error, "a connection to PostgreSQL was lost; the next call opens another one");
            }
        });
        let migrate = || schema::migrate(&client, &self.config.schema);
        self.schema.get_or_try_init(migrate).await?;
        Ok(Connection {
            prepared: self.prepare(&client).await?,
            client,
        })
    }

    async fn recycle(&self, connection: &mut Connection, _: &Metrics) -> RecycleResult<DatabaseError> {
        if connection.client.is_closed() {
            return Err(RecycleError::message("the connection is closed"));
        }
        Ok(())
    }
}

impl Connection {
    /// Returns the prepared statement, if this connection has it.
    pub(super) fn prepared(&self, sql: Sql) -> Option<&Statement> {
        self.prepared.get(sql.text)
    }
}
