mod comments;
mod ledger;
mod read_only;
mod reports;
mod salts;
mod stats;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use horizon_core::{Error, Result};
use tokio::task::spawn_blocking;

use crate::{
    connection::{self, READS, REPORTS, ReadPool},
    health::StoreHealth,
    writer::{PanicReporter, WriterHandle},
};
use reports::SqlSiteZone;

/// A store of totals, comments and salts in one SQLite file.
///
/// What a call confirmed is on disk (WAL, `synchronous=FULL`). Several processes of one machine may share the file; a
/// network file system does not work.
///
/// Before each reply to a write, and once a second, the store checks that the database, its `-wal` and its `-shm` are
/// still the files that it opened. If one was deleted, renamed or replaced, it logs an error and refuses all writes
/// until it is opened again. What was confirmed before is in the old files; if only `-wal` or `-shm` was deleted, the
/// store moves the log into the database. A file that is overwritten in place is not noticed.
///
/// On Unix only the owner of the files can access them. If others can access an existing file, the store removes that
/// access; see [`restrict_access`](crate::restrict_access).
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use horizon_core::{Event, EventKind, Stamp, StatsStore, StatsStoreExt, Timestamp, Topic};
/// use horizon_sqlite::SqliteStore;
///
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("horizon.db");
/// let store = SqliteStore::open(&path)?;
/// let stamp = Stamp::new(Timestamp::from_millis(1_800_000_000_000), [7; 10]);
/// store.apply(&[Event::new(stamp, Topic::Site, EventKind::visit(None))]).await?;
/// drop(store);
/// assert_eq!(SqliteStore::open(&path)?.total(&Topic::Site).await?.stats.visits, 1);
/// # Ok(())
/// # }
/// ```
pub struct SqliteStore {
    writer: WriterHandle,
    read_pool: ReadPool,
    /// The queries of reports have threads of their own, so that readers of the site do not wait for them.
    report_pool: ReadPool,
    health: Arc<StoreHealth>,
    panics: Arc<PanicReporter>,
    zone: Arc<SqlSiteZone>,
    path: PathBuf,
}

impl SqliteStore {
    /// Opens the file, creates it if it is missing, and migrates its schema.
    ///
    /// Blocks on the file system. It waits up to 15 seconds for other processes, and about 5 minutes for one that
    /// migrates the file. The log has a line before and after a migration.
    ///
    /// # Errors
    /// Permanent if the path cannot be opened; if the file is not a database, belongs to another program, has several
    /// names (hard links), is a mount point, or has a log that is not marked as ours and no index; if a newer version
    /// wrote it; or if it lacks a table, column, index or trigger. A refused file is not changed. Retryable if another
    /// process locks it or the disk is full.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let (db, files) = connection::open_writer(path)?;
        let health = Arc::new(StoreHealth::new(files));
        let panics = Arc::new(PanicReporter::default());
        Ok(Self {
            writer: WriterHandle::start(db, Arc::clone(&health), Arc::clone(&panics))?,
            read_pool: ReadPool::new(path.into(), Arc::clone(&health), READS),
            report_pool: ReadPool::new(path.into(), Arc::clone(&health), REPORTS),
            health,
            panics,
            zone: Arc::default(),
            path: path.into(),
        })
    }

    /// Sets the callback for a panic of the thread that writes. It gets the name of the thread and the panic's message,
    /// and replaces an earlier callback. After a panic before this call it is called at once.
    ///
    /// After the panic all writes and [`check_writable`](Self::check_writable) fail, so the program should end.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let store = horizon_sqlite::SqliteStore::open(folder.path().join("horizon.db"))?;
    /// store.on_task_panic(|task, message| eprintln!("the task `{task}` panicked: {message}"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn on_task_panic(&self, report: impl Fn(&str, &str) + Send + Sync + 'static) {
        self.panics.set_callback(Box::new(report));
    }

    /// Checks for a readiness endpoint that the store accepts writes. Makes a small write after the queued ones.
    ///
    /// # Errors
    /// Those of a write. It also fails
    /// - after a file of the database was deleted, renamed or replaced, until the store is opened again;
    /// - after the thread that writes panicked, until the process restarts;
    /// - after a damaged part of the file was read, until the store is opened again;
    /// - after a write failed because of the disk, the file or its schema, until a write succeeds, for up to 30
    ///   seconds: on a full disk a small write may succeed where others fail.
    pub async fn check_writable(&self) -> Result<()> {
        self.health.check()?;
        self.writer.probe(connection::write_application_id).await
    }

    /// Writes what is queued and closes the file. Later calls fail permanently.
    ///
    /// Dropping the store does the same, but blocks its thread for up to 2 seconds.
    ///
    /// # Errors
    /// Retryable if the writes do not end within 2 seconds. They continue.
    pub async fn close(&self) -> Result<()> {
        match spawn_blocking(self.start_close()).await {
            Ok(true) => Ok(()),
            Ok(false) | Err(_) => Err(Error::unavailable("the database is still being written")),
        }
    }

    /// Accepts no more calls. The returned function blocks while the store closes, and returns whether it has closed.
    fn start_close(&self) -> impl FnOnce() -> bool + Send + 'static {
        let idle = (self.read_pool.close(), self.report_pool.close());
        let wait_for_writer = self.writer.close();
        move || {
            // Close the readers first: only the last connection deletes the log, and only one that writes can.
            drop(idle);
            wait_for_writer()
        }
    }
}

impl Drop for SqliteStore {
    fn drop(&mut self) {
        if !self.start_close()() {
            tracing::warn!(database = %self.path.display(), "the store was dropped before all writes ended");
        }
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore").finish_non_exhaustive()
    }
}
