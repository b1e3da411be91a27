use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use horizon_core::{Error, Result};
use parking_lot::Mutex;
use rusqlite::Connection;
use tokio::{sync::oneshot, task::spawn_blocking, time::timeout};

use super::read_state::{CancelOnDrop, ReadState};
use crate::{connection, error, health::StoreHealth, sql::Db};

/// The limits of the reads of single totals, comments and salts.
pub(crate) const READS: ReadLimits = ReadLimits {
    threads: 4,
    queued: 16_384,
    group: 64,
};

/// The limits of the queries of reports, which may take seconds. An overview of the dashboard has about fifteen.
pub(crate) const REPORTS: ReadLimits = ReadLimits {
    threads: 2,
    queued: 256,
    group: 8,
};

/// How long a read may take, including its wait for a thread: 10 seconds.
const READ_TIMEOUT: Duration = Duration::from_secs(10);

pub(crate) const READ_FAILED: &str = "the database cannot be read";

/// The limits of a [`ReadPool`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReadLimits {
    /// The maximum number of threads that read at the same time, each with its own connection.
    threads: usize,
    /// The maximum number of reads that wait for a thread.
    queued: usize,
    /// The maximum number of reads that share one transaction.
    group: usize,
}

/// The connections that only read. They are opened on demand.
///
/// Queued reads share a thread and a transaction, which cost more than their queries: a thousand readers who like a
/// page at once all read its totals.
pub(crate) struct ReadPool {
    path: Arc<Path>,
    health: Arc<StoreHealth>,
    limits: ReadLimits,
    queue: Arc<Mutex<ReadQueue>>,
}

#[derive(Default)]
struct ReadQueue {
    jobs: VecDeque<Box<dyn ReadJob>>,
    idle: Vec<Connection>,
    /// The number of running workers.
    workers: usize,
    /// The number of connections that were opened.
    opened: usize,
    is_closed: bool,
}

/// The reads that share a transaction.
type ReadGroup = Vec<Box<dyn ReadJob>>;

/// The read of one caller.
trait ReadJob: Send {
    /// Runs the query and stores its result, unless the caller has stopped waiting.
    fn run(&mut self, db: Db<'_>, health: &StoreHealth);

    fn is_cancelled(&self) -> bool;

    /// Sends the result to the caller, or `error` if there is no connection or transaction.
    fn reply(self: Box<Self>, error: Option<Error>);
}

struct QueuedRead<F, T> {
    query: Option<F>,
    result: Option<Result<T>>,
    caller: oneshot::Sender<Result<T>>,
    state: ReadState,
}

impl<F, T> ReadJob for QueuedRead<F, T>
where
    F: FnOnce(Db<'_>) -> rusqlite::Result<T> + Send,
    T: Send,
{
    fn run(&mut self, db: Db<'_>, health: &StoreHealth) {
        let query = self.query.take();
        self.result = query.and_then(|query| self.state.run(|| run(db, health, query)));
    }

    fn is_cancelled(&self) -> bool {
        self.state.is_cancelled()
    }

    fn reply(self: Box<Self>, error: Option<Error>) {
        if let Some(reply) = error.map(Err).or(self.result) {
            // The caller may have stopped waiting.
            let _ = self.caller.send(reply);
        }
    }
}

impl ReadPool {
    pub(crate) fn new(path: PathBuf, health: Arc<StoreHealth>, limits: ReadLimits) -> Self {
        Self {
            path: path.into(),
            health,
            limits,
            queue: Arc::default(),
        }
    }

    /// Runs `query` on a blocking thread, in a read transaction. It is cancelled after [`READ_TIMEOUT`], or if the
    /// future is dropped.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        query: impl FnOnce(Db<'_>) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T> {
        let (caller, reply) = oneshot::channel();
        let state = ReadState::default();
        let _cancel = CancelOnDrop(state.clone());
        self.enqueue(Box::new(QueuedRead {
            query: Some(query),
            result: None,
            caller,
            state,
        }))?;
        timeout(READ_TIMEOUT, reply)
            .await
            .map_err(|e| Error::unavailable("the database was not read in time").with_source(e))?
            .map_err(|e| Error::unavailable("a read of the database was cancelled").with_source(e))?
    }

    /// Runs a long `query` on a connection of its own, in a read transaction, so that other reads do not wait for it.
    /// It is cancelled if the future is dropped.
    pub(crate) async fn read_alone<T: Send + 'static>(
        &self,
        query: impl FnOnce(Db<'_>) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T> {
        if self.queue.lock().is_closed {
            return Err(closed());
        }
        let (path, health) = (Arc::clone(&self.path), Arc::clone(&self.health));
        let state = ReadState::default();
        let _cancel = CancelOnDrop(state.clone());
        let read = spawn_blocking(move || {
            let db = open_checked(&path, &health)?;
            let transaction = db.unchecked_transaction().map_err(|e| error::map(READ_FAILED, e))?;
            let db = Db::new(&transaction);
            let result = state.run(|| run(db, &health, query));
            result.unwrap_or_else(|| Err(Error::unavailable("a read of the database was cancelled")))
        });
        read.await
            .map_err(|e| Error::unavailable("a read of the database was cancelled").with_source(e))?
    }

    fn enqueue(&self, job: Box<dyn ReadJob>) -> Result<()> {
        let mut queue = self.queue.lock();
        if queue.is_closed {
            return Err(closed());
        }
        if queue.jobs.len() >= self.limits.queued {
            queue.jobs.retain(|job| !job.is_cancelled());
        }
        if queue.jobs.len() >= self.limits.queued {
            return Err(Error::unavailable("too many reads wait for the database"));
        }
        queue.jobs.push_back(job);
        // After a file is lost no connection can be opened. Open ones still read the old file.
        let limit = if self.health.is_lost() {
            queue.opened.max(1)
        } else {
            self.limits.threads
        };
        if queue.workers >= limit {
            return Ok(());
        }
        queue.workers += 1;
        // Unlock first: a runtime that shuts down drops the worker at once, and its drop locks the queue.
        drop(queue);
        let worker = ReadWorker {
            queue: Arc::clone(&self.queue),
            group: self.limits.group,
            is_done: false,
        };
        let (path, health) = (Arc::clone(&self.path), Arc::clone(&self.health));
        spawn_blocking(move || worker.run(&path, &health));
        Ok(())
    }

    /// Adds a connection to the idle ones.
    pub(crate) fn add(&self, db: Connection) {
        let mut queue = self.queue.lock();
        queue.opened += 1;
        queue.idle.push(db);
    }

    /// Accepts no more reads. Returns the idle connections, because dropping them may block.
    pub(crate) fn close(&self) -> Vec<Connection> {
        let mut queue = self.queue.lock();
        queue.is_closed = true;
        for job in std::mem::take(&mut queue.jobs) {
            job.reply(Some(closed()));
        }
        std::mem::take(&mut queue.idle)
    }
}

/// One of the running workers. Dropping it makes room for another one, even if it never ran because the runtime shut
/// down.
struct ReadWorker {
    queue: Arc<Mutex<ReadQueue>>,
    /// The maximum number of reads that share one transaction.
    group: usize,
    is_done: bool,
}

impl ReadWorker {
    /// Runs queued reads until the queue is empty.
    fn run(mut self, path: &Path, health: &StoreHealth) {
        while let Some((mut group, db)) = self.next_group() {
            let result = db.map_or_else(|| self.open(path, health), Ok).and_then(|db| {
                let result = run_group(&mut group, &db, health);
                // Return the connection before the replies, so that a caller who then closes the store closes it too.
                let unused = self.queue.lock().put_back(db);
                // Unlocked, because closing a connection blocks on the file system.
                drop(unused);
                result
            });
            reply(group, result.err());
        }
    }

    fn open(&self, path: &Path, health: &StoreHealth) -> Result<Connection> {
        let db = open_checked(path, health)?;
        self.queue.lock().opened += 1;
        Ok(db)
    }

    /// Returns the next reads, with an idle connection if there is one. On an empty queue the worker ends under the
    /// same lock, so that the next read starts a new one.
    fn next_group(&mut self) -> Option<(ReadGroup, Option<Connection>)> {
        let mut queue = self.queue.lock();
        let group = queue.take_share(self.group);
        if group.is_none() {
            queue.workers -= 1;
            self.is_done = true;
        }
        group
    }
}

impl Drop for ReadWorker {
    fn drop(&mut self) {
        if !self.is_done {
            self.queue.lock().workers -= 1;
        }
    }
}

impl ReadQueue {
    /// Removes one worker's share of the queued reads.
    fn take_share(&mut self, limit: usize) -> Option<(ReadGroup, Option<Connection>)> {
        let share = self.jobs.len().div_ceil(self.workers.max(1)).min(limit);
        let group: ReadGroup = self.jobs.drain(..share).collect();
        (!group.is_empty()).then(|| (group, self.idle.pop()))
    }

    /// Adds the connection to the idle ones, or returns it if the pool is closed.
    fn put_back(&mut self, db: Connection) -> Option<Connection> {
        if self.is_closed {
            return Some(db);
        }
        self.idle.push(db);
        None
    }
}

/// Opens a connection to the files that the writer has open, never to files that replaced them.
fn open_checked(path: &Path, health: &StoreHealth) -> Result<Connection> {
    health.check_files()?;
    let db = connection::open_reader(path)?;
    health.check_files()?;
    Ok(db)
}

/// Runs the query of one caller.
fn run<T>(db: Db<'_>, health: &StoreHealth, query: impl FnOnce(Db<'_>) -> rusqlite::Result<T>) -> Result<T> {
    error::catch_panic(|| query(db)).map_err(|error| {
        error
            .driver()
            .into_iter()
            .for_each(|driver| health.record_damage(driver));
        error.into_error(READ_FAILED)
    })
}

fn closed() -> Error {
    Error::permanent("the store is closed")
}

fn run_group(group: &mut ReadGroup, db: &Connection, health: &StoreHealth) -> Result<()> {
    let transaction = db
        .unchecked_transaction()
        .map_err(|driver| error::map(READ_FAILED, driver))?;
    for job in group {
        job.run(Db::new(&transaction), health);
    }
    Ok(())
}

/// Sends each caller its own result, or the same error to all.
fn reply(group: ReadGroup, error: Option<Error>) {
    let error = error.map(Arc::new);
    for job in group {
        job.reply(error.as_ref().map(|error| {
            let copy = if error.is_retryable() {
                Error::unavailable(error.to_string())
            } else {
                Error::permanent(error.to_string())
            };
            copy.with_source(Arc::clone(error))
        }));
    }
}
