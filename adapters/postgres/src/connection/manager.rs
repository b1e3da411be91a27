use std::{collections::HashMap, panic::resume_unwind, sync::Arc, time::Duration};

use deadpool::managed::{Manager, Metrics, RecycleError, RecycleResult};
use futures::future::try_join_all;
use parking_lot::Mutex;
use tokio::{
    sync::{OnceCell, oneshot},
    task::{JoinHandle, spawn_blocking},
    time::{sleep, timeout},
};
use tokio_postgres::{Client, Statement};

use super::{
    CONNECT, PoolKind,
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

/// How long connecting and logging in may take, with all attempts at all hosts.
const LET_IN: Duration = Duration::from_secs(15);

/// How long a closed connection may wait for the replies to what was sent before.
const LINGER: Duration = Duration::from_secs(5);

/// What all pools share.
pub(super) struct SharedState {
    config: PostgresConfig,
    status: ServerStatus,
    /// Whether the schema has the version of this program: set by the first connection.
    is_checked: OnceCell<()>,
}

/// Opens the connections of a pool.
///
/// Opens each connection in a task of its own, because the callers of a web node wait for less time than a distant
/// server needs. If a caller gives up, the next one gets the connection.
pub(crate) struct ConnectionManager {
    shared: Arc<SharedState>,
    kind: PoolKind,
    /// Tasks whose callers gave up. A call takes one before it starts another, so there are at most as many tasks as
    /// the pool has connections.
    abandoned: Mutex<Vec<OpeningTask>>,
}

type OpeningTask = JoinHandle<Result<Connection, DatabaseError>>;

/// A task that a caller waits for. If it is dropped before the task ends, the next caller gets the task.
struct AwaitedOpening<'a> {
    manager: &'a ConnectionManager,
    task: Option<OpeningTask>,
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
        let opened = timeout(LET_IN, opening::open(&self.config, &connector)).await;
        Ok(opened.map_err(|_| DatabaseError::Timeout(LET_IN))??)
    }

    /// Checks the server and migrates the schema, or checks its version. Only the first connection does so.
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

    /// Opens a connection and logs the outcome.
    async fn open(self: Arc<Self>, kind: PoolKind) -> Result<Connection, DatabaseError> {
        let opened = timeout(CONNECT, self.try_open(kind)).await;
        let opened = opened.unwrap_or(Err(DatabaseError::Timeout(CONNECT)));
        let opened = opened.map_err(|error| self.status.classify(error));
        match &opened {
            Ok(_) => self.status.connected(kind),
            Err(error) => self.status.failed(kind, error),
        }
        opened
    }

    async fn try_open(self: &Arc<Self>, kind: PoolKind) -> Result<Connection, DatabaseError> {
        let (client, driver) = self.connect().await?;
        let (open, closed) = oneshot::channel();
        tokio::spawn(run(driver, closed, Arc::clone(self)));
        self.is_checked.get_or_try_init(|| self.check(&client)).await?;
        Ok(Connection {
            prepared: self.prepare(&client, kind).await?,
            client,
            _open: open,
        })
    }

    /// Prepares the statements of a pool and checks the version of the schema, in one round trip.
    async fn prepare(
        &self,
        client: &Client,
        kind: PoolKind,
    ) -> Result<HashMap<&'static str, Statement>, DatabaseError> {
        // Another process may have migrated the schema since the first connection.
        let check = schema::recheck_version(client, &self.config.schema);
        if !self.config.prepares_statements {
            check.await?;
            return Ok(HashMap::new());
        }
        let statements: Vec<SqlStatement> = sql::of_pool(kind).iter().copied().flatten().copied().collect();
        // PostgreSQL resolves the names of tables when it prepares a statement, so the search path must be set.
        let begin = transaction::begin(&self.config.schema, kind);
        let begin = async { client.batch_execute(&begin).await.map_err(DatabaseError::of_begin) };
        let prepare = statements
            .iter()
            .map(async |sql| Ok(client.prepare_typed(sql.text, sql.types).await?));
        let (_, _, prepared) = tokio::try_join!(biased; begin, check, try_join_all(prepare))?;
        client.batch_execute("COMMIT").await?;
        Ok(statements.iter().map(|sql| sql.text).zip(prepared).collect())
    }
}

impl ConnectionManager {
    pub(super) fn new(shared: Arc<SharedState>, kind: PoolKind) -> Self {
        Self {
            shared,
            kind,
            abandoned: Mutex::default(),
        }
    }

    /// Closes the connections that wait for a caller.
    pub(super) fn close(&self) {
        self.abandoned.lock().clear();
    }

    /// Returns a task that opens a connection, or has opened one.
    fn opening(&self) -> AwaitedOpening<'_> {
        let abandoned = self.abandoned.lock().pop();
        let open = || tokio::spawn(Arc::clone(&self.shared).open(self.kind));
        AwaitedOpening {
            manager: self,
            task: Some(abandoned.unwrap_or_else(open)),
        }
    }
}

impl AwaitedOpening<'_> {
    async fn wait(&mut self) -> Result<Connection, DatabaseError> {
        let task = self.task.as_mut().ok_or(DatabaseError::Closed)?;
        let done = task.await;
        self.task = None;
        done.unwrap_or_else(|error| match error.try_into_panic() {
            Ok(panic) => resume_unwind(panic),
            // The runtime ends.
            Err(_) => Err(DatabaseError::Closed),
        })
    }
}

impl Drop for AwaitedOpening<'_> {
    fn drop(&mut self) {
        self.manager.abandoned.lock().extend(self.task.take());
    }
}

/// Moves the bytes of a connection until it ends. After the client is dropped, it waits up to [`LINGER`] for
/// the pending replies.
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
        loop {
            let mut opening = self.opening();
            // The connection may have been opened long ago, and lost since.
            let is_old = opening.task.as_ref().is_some_and(JoinHandle::is_finished);
            let opened = opening.wait().await;
            let is_open = opened.as_ref().is_ok_and(|connection| !connection.client.is_closed());
            if is_open || !is_old {
                return opened;
            }
        }
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
