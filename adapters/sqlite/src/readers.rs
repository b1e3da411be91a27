use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use horizon_core::{Error, Result};
use rusqlite::Connection;
use tokio::{sync::Semaphore, task::spawn_blocking, time::timeout};

use crate::{connection, error};

/// The most reads at the same time, each with a connection of its own.
const READERS: usize = 4;

/// How long a read waits for a connection.
const READ_WAIT: Duration = Duration::from_secs(5);

/// The connections that only read. They are opened when they are first needed.
pub(crate) struct Readers {
    path: PathBuf,
    places: Arc<Semaphore>,
    idle: Arc<Mutex<Vec<Connection>>>,
}

impl Readers {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self {
            path,
            places: Arc::new(Semaphore::new(READERS)),
            idle: Arc::default(),
        }
    }

    /// Runs `query` where it may block, on one state of the database.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        query: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T> {
        let place = timeout(READ_WAIT, Arc::clone(&self.places).acquire_owned())
            .await
            .map_err(|e| Error::unavailable("no connection was free to read the database").with_source(e))?
            .map_err(|e| Error::permanent("the store is closed").with_source(e))?;
        let (path, idle) = (self.path.clone(), Arc::clone(&self.idle));
        let work = move || {
            let known = lock(&idle).pop();
            let db = known.map_or_else(|| connection::reader(&path), Ok)?;
            let answer = db.unchecked_transaction().and_then(|transaction| query(&transaction));
            lock(&idle).push(db);
            // The place lives as long as the work, which goes on when its caller goes away.
            drop(place);
            answer.map_err(|e| error::map("the database cannot be read", e))
        };
        spawn_blocking(work)
            .await
            .map_err(|e| Error::unavailable("a read of the database was cut off").with_source(e))?
    }

    /// Closes the connections and takes no more reads.
    pub(crate) fn close(&self) {
        self.places.close();
        lock(&self.idle).clear();
    }
}

fn lock(idle: &Mutex<Vec<Connection>>) -> MutexGuard<'_, Vec<Connection>> {
    idle.lock().unwrap_or_else(PoisonError::into_inner)
}
