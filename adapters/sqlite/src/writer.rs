use std::sync::{Arc, Mutex, PoisonError, mpsc as std_mpsc};
use std::time::Duration;

use horizon_core::{Error, Result};
use rusqlite::Connection;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc::error::SendTimeoutError;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use crate::{
    condition::Condition,
    error::{self, Failure},
    panics::Panics,
    sql::{self, Db},
};

/// The most jobs that wait for the writer.
const QUEUE_JOBS: usize = 1_024;

/// How long a job waits for a place in the queue.
const QUEUE_WAIT: Duration = Duration::from_secs(5);

/// The most jobs that share one commit.
const GROUP_JOBS: usize = 256;

/// How often a writer without work makes sure that its files are still there.
const CHECK_EVERY: Duration = Duration::from_secs(1);

/// How long closing waits for the jobs that are queued.
const CLOSE_WAIT: Duration = Duration::from_secs(2);

/// The name of the thread.
const THREAD: &str = "horizon-sqlite";

const FAILED: &str = "the database cannot be written";

/// Hands jobs to the one thread that writes.
pub(crate) struct Writer {
    /// Gone once the writer is closed.
    jobs: Mutex<Option<mpsc::Sender<Box<dyn Job>>>>,
    /// Says nothing; its other end goes when the thread ends.
    ended: Arc<Mutex<std_mpsc::Receiver<()>>>,
}

/// A caller's part of a transaction.
trait Job: Send {
    /// Does the work and keeps what it answers. Says whether it succeeded. It may be asked again, after a rollback.
    fn run(&mut self, db: Db<'_>) -> bool;

    /// Returns how the work ended, if it was done and is no probe: `Some(None)` is a success.
    fn outcome(&self) -> Option<Option<&rusqlite::Error>>;

    /// Answers the caller after the commit, which may have failed.
    fn answer(self: Box<Self>, commit: Result<(), Arc<rusqlite::Error>>);

    /// Returns this error to the caller, even if the work was done.
    fn refuse(self: Box<Self>, error: Error);
}

struct Work<F, T> {
    work: F,
    done: Option<Result<T, Failure>>,
    is_probe: bool,
    caller: oneshot::Sender<Result<T>>,
}

impl Writer {
    /// Starts the thread.
    pub(crate) fn start(db: Connection, condition: Arc<Condition>, panics: Arc<Panics>) -> Result<Self> {
        let (jobs, queue) = mpsc::channel(QUEUE_JOBS);
        let (alive, ended) = std_mpsc::channel();
        let failed = "cannot start the thread that writes";
        let runtime = Builder::new_current_thread()
            .enable_time()
            .build()
            .map_err(|e| Error::permanent(failed).with_source(e))?;
        std::thread::Builder::new()
            .name(THREAD.into())
            .spawn(move || {
                panics.watch(THREAD, || write(&db, Jobs { queue, runtime }, &condition));
                drop(db);
                drop(alive);
            })
            .map_err(|e| Error::permanent(failed).with_source(e))?;
        Ok(Self {
            jobs: Mutex::new(Some(jobs)),
            ended: Arc::new(Mutex::new(ended)),
        })
    }

    /// Runs `work` in a transaction and answers once it is on disk. Other callers' work may share
    /// the transaction, but not the fate: an error here takes back this work alone. It runs again
    /// where another's error took back all of it.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        work: impl FnMut(Db<'_>) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T> {
        self.queue(work, false).await
    }

    /// The same for a write that only finds out whether writing works: it says nothing about those that do more.
    pub(crate) async fn probe(&self, work: impl FnMut(Db<'_>) -> rusqlite::Result<()> + Send + 'static) -> Result<()> {
        self.queue(work, true).await
    }

    async fn queue<T: Send + 'static>(
        &self,
        work: impl FnMut(Db<'_>) -> rusqlite::Result<T> + Send + 'static,
        is_probe: bool,
    ) -> Result<T> {
        let jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let jobs = jobs.ok_or_else(|| Error::permanent("the store is closed"))?;
        let (caller, answer) = oneshot::channel();
        let job = Work {
            work,
            done: None,
            is_probe,
            caller,
        };
        jobs.send_timeout(Box::new(job), QUEUE_WAIT)
            .await
            .map_err(|e| match e {
                SendTimeoutError::Timeout(_) => Error::unavailable("the database takes no more writes"),
                SendTimeoutError::Closed(_) => gone(),
            })?;
        answer.await.map_err(|e| gone().with_source(e))?
    }

    /// Takes no more work. The thread does what is queued and ends, once what is returned is called or dropped: the
    /// call blocks until the thread has ended, but not for ever, and returns whether it has.
    pub(crate) fn close(&self) -> impl FnOnce() -> bool + Send + 'static {
        let jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner).take();
        let ended = Arc::clone(&self.ended);
        move || {
            drop(jobs);
            let ended = ended.lock().unwrap_or_else(PoisonError::into_inner);
            matches!(
                ended.recv_timeout(CLOSE_WAIT),
                Err(std_mpsc::RecvTimeoutError::Disconnected)
            )
        }
    }
}

impl<F, T> Job for Work<F, T>
where
    F: FnMut(Db<'_>) -> rusqlite::Result<T> + Send,
    T: Send,
{
    fn run(&mut self, db: Db<'_>) -> bool {
        let done = error::part(|| (self.work)(db));
        let succeeded = done.is_ok();
        self.done = Some(done);
        succeeded
    }

    fn outcome(&self) -> Option<Option<&rusqlite::Error>> {
        match self.done.as_ref().filter(|_| !self.is_probe)? {
            Ok(_) => Some(None),
            // A panic says nothing about the database.
            Err(failure) => failure.driver().map(Some),
        }
    }

    fn refuse(self: Box<Self>, error: Error) {
        // The caller may have gone.
        let _ = self.caller.send(Err(error));
    }

    fn answer(self: Box<Self>, commit: Result<(), Arc<rusqlite::Error>>) {
        let answer = match (self.done, commit) {
            (Some(Err(own)), _) => Err(own.into_error(FAILED)),
            (_, Err(shared)) => Err(error::map(FAILED, shared)),
            (Some(Ok(value)), Ok(())) => Ok(value),
            (None, Ok(())) => Err(Error::unavailable("the work was not begun")),
        };
        // The caller may have gone; the work is done all the same.
        let _ = self.caller.send(answer);
    }
}

fn gone() -> Error {
    Error::permanent("the thread that writes to the database is gone; restart the process")
}

/// What the thread takes its work from.
struct Jobs {
    queue: mpsc::Receiver<Box<dyn Job>>,
    /// For the clock alone: a thread has no other way to wait for the queue and for a time.
    runtime: Runtime,
}

impl Jobs {
    /// Returns the jobs that are queued, an empty list after [`CHECK_EVERY`] without one, and `None` once the queue is
    /// closed.
    fn next(&mut self) -> Option<Vec<Box<dyn Job>>> {
        let (queue, runtime) = (&mut self.queue, &self.runtime);
        let first = match queue.try_recv() {
            Ok(job) => job,
            Err(_) => match runtime.block_on(async { timeout(CHECK_EVERY, queue.recv()).await }) {
                Ok(job) => job?,
                Err(_) => return Some(Vec::new()),
            },
        };
        let mut group = vec![first];
        while group.len() < GROUP_JOBS
            && let Ok(next) = queue.try_recv()
        {
            group.push(next);
        }
        Some(group)
    }
}

/// The thread: commits what is queued, group by group, until nobody can queue any more.
fn write(db: &Connection, mut jobs: Jobs, condition: &Condition) {
    let mut has_saved = false;
    while let Some(mut group) = jobs.next() {
        let written = condition.check_before_write().and_then(|()| {
            let commit = commit(Db::new(db), &mut group).map_err(Arc::new);
            // Check again before answering: a commit into a deleted file must not be acknowledged.
            condition.check_files().map(|()| commit)
        });
        if !has_saved && condition.is_moved() {
            condition.save(db);
            has_saved = true;
        }
        match written {
            Ok(commit) => answer(group, &commit, condition),
            Err(error) => refuse(group, &error),
        }
    }
}

fn answer(group: Vec<Box<dyn Job>>, commit: &Result<(), Arc<rusqlite::Error>>, condition: &Condition) {
    record(condition, &group, commit.as_ref().err());
    if let Err(error) = commit {
        tracing::warn!(jobs = group.len(), %error, "a commit failed, nothing of it was kept");
    }
    for job in group {
        job.answer(commit.clone());
    }
}

fn refuse(group: Vec<Box<dyn Job>>, error: &Error) {
    for job in group {
        job.refuse(Error::unavailable(error.to_string()));
    }
}

/// Tells the readiness check how real writes fare.
fn record(condition: &Condition, group: &[Box<dyn Job>], commit: Option<&Arc<rusqlite::Error>>) {
    let outcomes: Vec<_> = group.iter().filter_map(|job| job.outcome()).collect();
    if outcomes.is_empty() {
        return;
    }
    let mut failures = outcomes.iter().copied().flatten().chain(commit.map(|error| &**error));
    match failures.find(|error| error::concerns_other_writes(error)) {
        Some(failure) => condition.record(Some(failure)),
        None if commit.is_none() && outcomes.iter().any(Option::is_none) => condition.record(None),
        None => {}
    }
}

fn commit(db: Db<'_>, group: &mut [Box<dyn Job>]) -> rusqlite::Result<()> {
    if group.is_empty() {
        return Ok(());
    }
    let committed = run(db, group).and_then(|()| db.run(sql::COMMIT));
    if committed.is_err() && !db.is_autocommit() {
        db.run(sql::ROLLBACK)?;
    }
    committed
}

/// Runs the jobs in a transaction that it leaves open.
///
/// For a savepoint SQLite copies every page before its first change, a fifth of all it does for a batch of events. So
/// there is none until a job has failed, and all begin anew.
fn run(db: Db<'_>, group: &mut [Box<dyn Job>]) -> rusqlite::Result<()> {
    db.run(sql::BEGIN)?;
    if group.iter_mut().all(|job| job.run(db)) {
        return Ok(());
    }
    if !db.is_autocommit() {
        db.run(sql::ROLLBACK)?;
    }
    db.run(sql::BEGIN)?;
    group.iter_mut().try_for_each(|job| part(db, job.as_mut()))
}

/// Runs one job so that its failure takes back its own work only.
fn part(db: Db<'_>, job: &mut dyn Job) -> rusqlite::Result<()> {
    db.run(sql::SAVE)?;
    if !job.run(db) {
        // A full disk, for one, ends the whole transaction; what others did in it is gone too.
        if db.is_autocommit() {
            return Err(error::aborted());
        }
        db.run(sql::ROLLBACK_TO)?;
    }
    db.run(sql::RELEASE)
}

#[cfg(test)]
mod tests;
