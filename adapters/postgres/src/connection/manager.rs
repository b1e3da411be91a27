use std::{collections::HashMap, sync::Arc, time::Duration};

use deadpool::managed::{Manager, Metrics, RecycleError, RecycleResult};
use futures::future::try_join_all;
use tokio::{
    sync::{OnceCell, oneshot},
    task::spawn_blocking,
    time::{sleep, timeout},
};
use tokio_postgres::{Client, Statement};

use super::{
    PoolKind,
    opening::{self, SocketDriver},
    status::ServerStatus,
    tls, transaction,
};
use crate::{
    PostgresConfig,
    error::DatabaseError,
    schema::{self, ServerSettings},
    sql::{self, SqlStatement},
};

/// How long the server may take to let a client in, with all attempts at all hosts.
const CONNECT: Duration = Duration::from_secs(15);

/// How long a connection may wait for the replies to what was sent before it was closed.
const LINGER: Duration = Duration::from_secs(5);

/// What all pools share.
pub(super) struct SharedState {
    config: PostgresConfig,
    status: ServerStatus,
    /// Whether the schema has the version of this program: set by the first connection.
    is_checked: OnceCell<()>,
}

/// Opens the connections of a pool.
pub(crate) struct ConnectionManager {
    shared: Arc<SharedState>,
    kind: PoolKind,
}

/// An open connection with the statements that it has prepared.
pub(crate) struct Connection {
    pub(super) client: Client,
    prepared: HashMap<&'static str, Statement>,
    /// Dropped with the connection, which ends its task.
    _open: oneshot::Sender<()>,
}

impl SharedState {
    /// # Errors
    /// A certificate of the options cannot be read.
    pub(super) fn new(config: &PostgresConfig) -> Result<Arc<Self>, DatabaseError> {
        // Each connection reads the files again, because certificates are renewed.
        tls::connector(&config.tls)?;
        Ok(Arc::new(Self {
            config: config.clone(),
            status: ServerStatus::new(config.server()),
            is_checked: OnceCell::new(),
        }))
    }

    async fn connect(&self) -> Result<(Client, SocketDriver), DatabaseError> {
        let options = self.config.tls.clone();
        let connector = spawn_blocking(move || tls::connector(&options)).await;
        let connector = connector.map_err(|_| DatabaseError::Closed)??;
        let opened = timeout(CONNECT, opening::open(&self.config, &connector)).await;
        Ok(opened.map_err(|_| DatabaseError::Timeout(CONNECT))??)
    }

    /// What the first connection does.
    async fn check(&self, client: &Client) -> Result<(), DatabaseError> {
        let (settings, schema) = (ServerSettings::read(client).await?, &self.config.schema);
        settings.check_encoding()?;
        if self.config.migrates {
            schema::migrate(client, schema).await?;
        } else {
            schema::check_version(client, schema).await?;
        }
        settings.warn_if_not_durable();
        Ok(())
    }
}

impl ConnectionManager {
    pub(super) fn new(shared: Arc<SharedState>, kind: PoolKind) -> Self {
        Self { shared, kind }
    }

    async fn open(&self) -> Result<Connection, DatabaseError> {
        let shared = &self.shared;
        let (client, driver) = shared.connect().await?;
        let (open, closed) = oneshot::channel();
        tokio::spawn(run(driver, closed, Arc::clone(shared)));
        shared.is_checked.get_or_try_init(|| shared.check(&client)).await?;
        Ok(Connection {
            prepared: self.prepare(&client).await?,
            client,
            _open: open,
        })
    }

    /// Prepares the statements of the pool in one round trip.
    async fn prepare(&self, client: &Client) -> Result<HashMap<&'static str, Statement>, DatabaseError> {
        let config = &self.shared.config;
        if !config.prepares_statements {
            return Ok(HashMap::new());
        }
        let statements: Vec<SqlStatement> = sql::of_pool(self.kind).iter().copied().flatten().copied().collect();
        // The names of tables are resolved now.
        let begin = transaction::begin(&config.schema, self.kind);
        let begin = async { client.batch_execute(&begin).await.map_err(DatabaseError::of_begin) };
        let prepare = statements
            .iter()
            .map(async |sql| Ok(client.prepare_typed(sql.text, sql.types).await?));
        let (_, prepared) = tokio::try_join!(biased; begin, try_join_all(prepare))?;
        client.batch_execute("COMMIT").await?;
        Ok(statements.iter().map(|sql| sql.text).zip(prepared).collect())
    }
}

/// Moves the bytes of a connection until it ends. When the client is dropped, it waits for what is under way, but not
/// for ever: the server may never answer.
async fn run(driver: SocketDriver, closed: oneshot::Receiver<()>, shared: Arc<SharedState>) {
    let outages = shared.status.outages();
    let linger = async {
        let _ = closed.await;
        sleep(LINGER).await;
    };
    tokio::select! {
        ended = driver => if let Err(error) = ended {
            shared.status.lost(outages, &error);
        },
        () = linger => {}
    }
}

impl Manager for ConnectionManager {
    type Type = Connection;
    type Error = DatabaseError;

    async fn create(&self) -> Result<Connection, DatabaseError> {
        // It is large, and each call would contain it.
        let opened = Box::pin(self.open()).await;
        match &opened {
            Ok(_) => self.shared.status.connected(),
            Err(error) => self.shared.status.failed(error),
        }
        opened
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
    pub(super) fn prepared(&self, sql: SqlStatement) -> Option<&Statement> {
        self.prepared.get(sql.text)
    }
}
