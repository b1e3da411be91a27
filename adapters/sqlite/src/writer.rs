mod group;
mod panic_reporter;

use std::sync::{Arc, mpsc as std_mpsc};
use std::time::Duration;

use horizon_core::{Error, Result};
use parking_lot::Mutex;
use rusqlite::Connection;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc::error::SendTimeoutError;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use crate::{
    error::{self, WorkError},
    health::StoreHealth,
    sql::Db,
};

pub(crate) use panic_reporter::PanicReporter;

/// The maximum number of writes that wait for the writer thread.
const QUEUE_WRITES: usize = 1_024;

/// How long a write waits for a slot in the queue: 5 seconds.
const QUEUE_TIMEOUT: Duration = Duration::from_secs(5);

/// The maximum number of writes that share one commit.
const GROUP_WRITES: usize = 256;

/// How often an idle writer checks the database's files: every second.
const FILE_CHECK_INTERVAL: Duration = Duration::from_secs(1);

/// How long closing waits for queued writes: 2 seconds.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

/// The name of the writer thread.
const THREAD: &str = "horizon-sqlite";

const WRITE_FAILED: &str = "the database cannot be written";

/// Sends writes to the one thread that writes.
pub(crate) struct WriterHandle {
    /// `None` once the writer is closed.
    queue: Mutex<Option<mpsc::Sender<Box<dyn WriteJob>>>>,
    /// Disconnected when the thread ends.
    ended: Arc<Mutex<std_mpsc::Receiver<()>>>,
    /// Why writes fail once the queue is `None`.
    closed: &'static str,
}

/// The write of one caller.
trait WriteJob: Send {
    /// Runs the write and stores its result. Returns whether it succeeded. Called again after a rollback.
    fn run(&mut self, db: Db<'_>) -> bool;

    /// Returns how the write ended, unless it did not run or is a probe. `Some(None)` is a success.
    fn outcome(&self) -> Option<Option<&rusqlite::Error>>;

    /// Sends the result to the caller after the commit, which may have failed.
    fn reply(self: Box<Self>, commit: Result<(), Arc<rusqlite::Error>>);

    /// Sends this error to the caller, even if the write ran.
    fn fail(self: Box<Self>, error: Error);
}

struct QueuedWrite<F, T> {
    work: F,
    result: Option<Result<T, WorkError>>,
    is_probe: bool,
    caller: oneshot::Sender<Result<T>>,
}

impl WriterHandle {
    /// Starts the writer thread.
    pub(crate) fn start(db: Connection, health: Arc<StoreHealth>, panics: Arc<PanicReporter>) -> Result<Self> {
        let failed = "cannot start the thread that writes";
        let (queue, receiver) = mpsc::channel(QUEUE_WRITES);
        let (alive, ended) = std_mpsc::channel();
        let runtime = Builder::new_current_thread()
            .enable_time()
            .build()
            .map_err(|e| Error::permanent(failed).with_source(e))?;
        let queued = WriteQueue { receiver, runtime };
        std::thread::Builder::new()
            .name(THREAD.into())
            .spawn(move || {
                panics.run(THREAD, || write_groups(&db, queued, &health));
                drop(db);
                drop(alive);
            })
            .map_err(|e| Error::permanent(failed).with_source(e))?;
        Ok(Self {
            queue: Mutex::new(Some(queue)),
            ended: Arc::new(Mutex::new(ended)),
            closed: "the store is closed",
        })
    }

    /// Returns a handle that refuses all writes.
    pub(crate) fn read_only() -> Self {
        let (_, ended) = std_mpsc::channel();
        Self {
            queue: Mutex::new(None),
            ended: Arc::new(Mutex::new(ended)),
            closed: "the store was opened for reading only",
        }
    }

    /// Runs `work` in a transaction, and returns after the commit. Writes of other callers may share the transaction.
    /// An error rolls back this write only. If another caller's error rolls back the transaction, `work` runs again.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        work: impl FnMut(Db<'_>) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T> {
        self.enqueue(work, false).await
    }

    /// Like [`write`](Self::write), for a readiness check. Its success does not end the effect of a failed write.
    pub(crate) async fn probe(&self, work: impl FnMut(Db<'_>) -> rusqlite::Result<()> + Send + 'static) -> Result<()> {
        self.enqueue(work, true).await
    }

    async fn enqueue<T: Send + 'static>(
        &self,
        work: impl FnMut(Db<'_>) -> rusqlite::Result<T> + Send + 'static,
        is_probe: bool,
    ) -> Result<T> {
        let queue = self.queue.lock().clone();
        let queue = queue.ok_or_else(|| Error::permanent(self.closed))?;
        let (caller, reply) = oneshot::channel();
        let job = QueuedWrite {
            work,
            result: None,
            is_probe,
            caller,
        };
        queue
            .send_timeout(Box::new(job), QUEUE_TIMEOUT)
            .await
            .map_err(|e| match e {
                SendTimeoutError::Timeout(_) => Error::unavailable("too many writes wait for the database"),
                SendTimeoutError::Closed(_) => thread_ended(),
            })?;
        reply.await.map_err(|e| thread_ended().with_source(e))?
    }

    /// Accepts no more writes. The thread ends after the queued writes. The returned function blocks until then, or for
    /// [`CLOSE_TIMEOUT`], and returns whether the thread has ended.
    pub(crate) fn close(&self) -> impl FnOnce() -> bool + Send + 'static {
        let queue = self.queue.lock().take();
        let ended = Arc::clone(&self.ended);
        move || {
            drop(queue);
            let result = ended.lock().recv_timeout(CLOSE_TIMEOUT);
            result == Err(std_mpsc::RecvTimeoutError::Disconnected)
        }
    }
}

impl<F, T> WriteJob for QueuedWrite<F, T>
where
    F: FnMut(Db<'_>) -> rusqlite::Result<T> + Send,
    T: Send,
{
    fn run(&mut self, db: Db<'_>) -> bool {
        let result = error::catch_panic(|| (self.work)(db));
        self.result.insert(result).is_ok()
    }

    fn outcome(&self) -> Option<Option<&rusqlite::Error>> {
        match self.result.as_ref().filter(|_| !self.is_probe)? {
            Ok(_) => Some(None),
            // A panic says nothing about the database.
            Err(error) => error.driver().map(Some),
        }
    }

    fn reply(self: Box<Self>, commit: Result<(), Arc<rusqlite::Error>>) {
        let reply = match (self.result, commit) {
            (Some(Err(error)), _) => Err(error.into_error(WRITE_FAILED)),
            (_, Err(shared)) => Err(error::map(WRITE_FAILED, shared)),
            (Some(Ok(value)), Ok(())) => Ok(value),
            (None, Ok(())) => Err(Error::unavailable("the write did not start")),
        };
        // The caller may have stopped waiting.
        let _ = self.caller.send(reply);
    }

    fn fail(self: Box<Self>, error: Error) {
        // The caller may have stopped waiting.
        let _ = self.caller.send(Err(error));
    }
}

fn thread_ended() -> Error {
    Error::permanent("the thread that writes to the database has ended; restart the process")
}

/// The receiving end of the queue.
struct WriteQueue {
    receiver: mpsc::Receiver<Box<dyn WriteJob>>,
    /// Lets the thread wait for the queue with a timeout.
    runtime: Runtime,
}

impl WriteQueue {
    /// Returns the queued writes, an empty list after [`FILE_CHECK_INTERVAL`], and `None` once the queue is closed.
    fn next_group(&mut self) -> Option<Vec<Box<dyn WriteJob>>> {
        let (receiver, runtime) = (&mut self.receiver, &self.runtime);
        let first = match receiver.try_recv() {
            Ok(job) => job,
            Err(_) => match runtime.block_on(async { timeout(FILE_CHECK_INTERVAL, receiver.recv()).await }) {
                Ok(job) => job?,
                Err(_) => return Some(Vec::new()),
            },
        };
        let mut group = vec![first];
        while group.len() < GROUP_WRITES
            && let Ok(next) = receiver.try_recv()
        {
            group.push(next);
        }
        Some(group)
    }
}

/// Commits the queued writes group by group until the queue is closed.
fn write_groups(db: &Connection, mut queue: WriteQueue, health: &StoreHealth) {
    let mut is_log_saved = false;
    while let Some(mut group) = queue.next_group() {
        let committed = health.check_before_write().and_then(|()| {
            let commit = group::commit(Db::new(db), &mut group).map_err(Arc::new);
            // Check again before the reply: a commit into a deleted file must not be acknowledged.
            health.check_files().map(|()| commit)
        });
        if !is_log_saved && health.is_lost() {
            health.save_log(db);
            is_log_saved = true;
        }
        match committed {
            Ok(commit) => reply(group, &commit, health),
            Err(error) => {
                for job in group {
                    job.fail(Error::unavailable(error.to_string()));
                }
            }
        }
    }
}

fn reply(group: Vec<Box<dyn WriteJob>>, commit: &Result<(), Arc<rusqlite::Error>>, health: &StoreHealth) {
    record_outcomes(health, &group, commit.as_ref().err());
    if let Err(error) = commit {
        tracing::warn!(writes = group.len(), %error, "a commit failed; all of its writes are rolled back");
    }
    for job in group {
        job.reply(commit.clone());
    }
}

/// Records how the writes of a group ended, for the readiness check.
fn record_outcomes(health: &StoreHealth, group: &[Box<dyn WriteJob>], commit: Option<&Arc<rusqlite::Error>>) {
    let outcomes: Vec<_> = group.iter().filter_map(|job| job.outcome()).collect();
    if outcomes.is_empty() {
        return;
    }
    let mut failures = outcomes.iter().copied().flatten().chain(commit.map(|error| &**error));
    match failures.find(|error| error::concerns_other_writes(error)) {
        Some(failure) => health.record_write(Some(failure)),
        None if commit.is_none() && outcomes.iter().any(Option::is_none) => health.record_write(None),
        None => {}
    }
}

#[cfg(test)]
mod tests;
