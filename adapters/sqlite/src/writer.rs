use std::sync::{Arc, Mutex, PoisonError, mpsc as std_mpsc};
use std::time::Duration;

use horizon_core::{Error, Result};
use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use crate::error;

/// The most jobs that wait for the writer.
const QUEUE_JOBS: usize = 1_024;

/// How long a job waits for a place in the queue.
const QUEUE_WAIT: Duration = Duration::from_secs(5);

/// The most jobs that share one commit.
const GROUP_JOBS: usize = 256;

/// How long closing waits for the jobs that are queued.
const CLOSE_WAIT: Duration = Duration::from_secs(2);

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
    fn run(&mut self, db: &Connection) -> bool;

    /// Answers the caller after the commit, which may have failed.
    fn answer(self: Box<Self>, commit: Result<(), Arc<rusqlite::Error>>);
}

struct Work<F, T> {
    work: F,
    done: Option<rusqlite::Result<T>>,
    caller: oneshot::Sender<Result<T>>,
}

impl Writer {
    /// Starts the thread.
    pub(crate) fn start(db: Connection) -> Result<Self> {
        let (jobs, queue) = mpsc::channel(QUEUE_JOBS);
        let (alive, ended) = std_mpsc::channel();
        std::thread::Builder::new()
            .name("horizon-sqlite".into())
            .spawn(move || {
                write(&db, queue);
                drop(db);
                drop(alive);
            })
            .map_err(|e| Error::permanent("cannot start the thread that writes").with_source(e))?;
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
        work: impl FnMut(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T> {
        let jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let jobs = jobs.ok_or_else(|| Error::permanent("the store is closed"))?;
        let (caller, answer) = oneshot::channel();
        let job = Work {
            work,
            done: None,
            caller,
        };
        jobs.send_timeout(Box::new(job), QUEUE_WAIT)
            .await
            .map_err(|e| Error::unavailable("the database takes no more writes").with_source(e.to_string()))?;
        answer
            .await
            .map_err(|e| Error::unavailable("the thread that writes is gone").with_source(e))?
    }

    /// Takes no more work. The thread ends when it has done what is queued.
    pub(crate) fn close(&self) {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    /// Blocks until the thread has ended, but not for ever. Answers whether it has.
    pub(crate) fn wait(&self) -> impl FnOnce() -> bool + Send + 'static {
        let ended = Arc::clone(&self.ended);
        move || {
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
    F: FnMut(&Connection) -> rusqlite::Result<T> + Send,
    T: Send,
{
    fn run(&mut self, db: &Connection) -> bool {
        let done = (self.work)(db);
        let succeeded = done.is_ok();
        self.done = Some(done);
        succeeded
    }

    fn answer(self: Box<Self>, commit: Result<(), Arc<rusqlite::Error>>) {
        let failed = "the database cannot be written";
        let answer = match (self.done, commit) {
            (Some(Err(own)), _) => Err(error::map(failed, own)),
            (_, Err(shared)) => Err(error::map(failed, shared)),
            (Some(Ok(value)), Ok(())) => Ok(value),
            (None, Ok(())) => Err(Error::unavailable("the work was not begun")),
        };
        // The caller may have gone; the work is done all the same.
        let _ = self.caller.send(answer);
    }
}

/// The thread: commits what is queued, group by group, until nobody can queue any more.
fn write(db: &Connection, mut queue: mpsc::Receiver<Box<dyn Job>>) {
    while let Some(first) = queue.blocking_recv() {
        let mut group = vec![first];
        while group.len() < GROUP_JOBS
            && let Ok(next) = queue.try_recv()
        {
            group.push(next);
        }
        let commit = commit(db, &mut group).map_err(Arc::new);
        if let Err(error) = &commit {
            tracing::warn!(jobs = group.len(), %error, "a commit failed, nothing of it was kept");
        }
        for job in group {
            job.answer(commit.clone());
        }
    }
}

fn commit(db: &Connection, group: &mut [Box<dyn Job>]) -> rusqlite::Result<()> {
    let committed = run(db, group).and_then(|()| statement(db, "COMMIT"));
    if committed.is_err() && !db.is_autocommit() {
        statement(db, "ROLLBACK")?;
    }
    committed
}

/// Runs the jobs in a transaction that it leaves open.
///
/// For a savepoint SQLite copies every page before its first change, a fifth of all it does for a batch of events. So
/// there is none until a job has failed, and all begin anew.
fn run(db: &Connection, group: &mut [Box<dyn Job>]) -> rusqlite::Result<()> {
    statement(db, "BEGIN IMMEDIATE")?;
    if group.iter_mut().all(|job| job.run(db)) {
        return Ok(());
    }
    if !db.is_autocommit() {
        statement(db, "ROLLBACK")?;
    }
    statement(db, "BEGIN IMMEDIATE")?;
    group.iter_mut().try_for_each(|job| part(db, job.as_mut()))
}

/// Runs one job so that its failure takes back its own work only.
fn part(db: &Connection, job: &mut dyn Job) -> rusqlite::Result<()> {
    statement(db, "SAVEPOINT part")?;
    if !job.run(db) {
        // A full disk, for one, ends the whole transaction; what others did in it is gone too.
        if db.is_autocommit() {
            return Err(error::aborted());
        }
        statement(db, "ROLLBACK TO part")?;
    }
    statement(db, "RELEASE part")
}

fn statement(db: &Connection, sql: &str) -> rusqlite::Result<()> {
    db.prepare_cached(sql)?.execute([]).map(drop)
}
