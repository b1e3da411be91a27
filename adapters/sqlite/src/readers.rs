use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use horizon_core::{Error, Result};
use rusqlite::Connection;
use tokio::{sync::oneshot, task::spawn_blocking, time::timeout};

use crate::{condition::Condition, connection, error, sql::Db};

/// The most threads that read at the same time, each with a connection of its own.
const READERS: usize = 4;

/// The most reads that wait for a thread.
const QUEUE_JOBS: usize = 16_384;

/// The most reads that one thread answers from one state of the database.
const GROUP_JOBS: usize = 64;

/// How long a read may take, its wait for a thread included.
const READ_WAIT: Duration = Duration::from_secs(10);

/// The connections that only read. They are opened when they are first needed.
///
/// A thousand readers who like a page at once ask for its number at once: what has come meanwhile shares a thread's turn
/// and a transaction, which cost more than the queries do.
pub(crate) struct Readers {
    path: Arc<Path>,
    condition: Arc<Condition>,
    queue: Arc<Mutex<Queue>>,
}

#[derive(Default)]
struct Queue {
    jobs: VecDeque<Box<dyn Job>>,
    idle: Vec<Connection>,
    /// How many threads take from the queue.
    threads: usize,
    /// How many connections were opened.
    opened: usize,
    closed: bool,
}

/// The queries that share a turn.
type Group = Vec<Box<dyn Job>>;

/// A caller's query.
trait Job: Send {
    /// Asks, and keeps what it answers.
    fn run(&mut self, db: Db<'_>, condition: &Condition);

    /// Answers the caller; with `error`, if the database could not be asked.
    fn answer(self: Box<Self>, error: Option<Error>);
}

struct Query<F, T> {
    query: Option<F>,
    done: Option<Result<T>>,
    caller: oneshot::Sender<Result<T>>,
}

impl<F, T> Job for Query<F, T>
where
    F: FnOnce(Db<'_>) -> rusqlite::Result<T> + Send,
    T: Send,
{
    fn run(&mut self, db: Db<'_>, condition: &Condition) {
        let query = self.query.take().filter(|_| !self.caller.is_closed());
        self.done = query.map(|query| {
            error::part(|| query(db)).map_err(|failure| {
                failure
                    .driver()
                    .into_iter()
                    .for_each(|driver| condition.record_damage(driver));
                failure.into_error(FAILED)
            })
        });
    }

    fn answer(self: Box<Self>, error: Option<Error>) {
        if let Some(answer) = error.map(Err).or(self.done) {
            // The caller may have gone meanwhile.
            let _ = self.caller.send(answer);
        }
    }
}

const FAILED: &str = "the database cannot be read";

impl Readers {
    pub(crate) fn new(path: PathBuf, condition: Arc<Condition>) -> Self {
        Self {
            path: path.into(),
            condition,
            queue: Arc::default(),
        }
    }

    /// Runs `query` where it may block, on one state of the database.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        query: impl FnOnce(Db<'_>) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T> {
        let (caller, answer) = oneshot::channel();
        self.push(Box::new(Query {
            query: Some(query),
            done: None,
            caller,
        }))?;
        timeout(READ_WAIT, answer)
            .await
            .map_err(|e| Error::unavailable("the database was not read in time").with_source(e))?
            .map_err(|e| Error::unavailable("a read of the database was cut off").with_source(e))?
    }

    fn push(&self, job: Box<dyn Job>) -> Result<()> {
        let mut queue = lock(&self.queue);
        if queue.closed {
            return Err(Error::permanent("the store is closed"));
        }
        if queue.jobs.len() >= QUEUE_JOBS {
            return Err(Error::unavailable("too many reads wait for the database"));
        }
        queue.jobs.push_back(job);
        // Once a file is gone no connection can be opened, and those that are open go on in the old file.
        let most = if self.condition.is_moved() {
            queue.opened.max(1)
        } else {
            READERS
        };
        if queue.threads >= most {
            return Ok(());
        }
        queue.threads += 1;
        // A runtime that ends drops the turn at once, and that takes the lock.
        drop(queue);
        let turn = Turn {
            queue: Arc::clone(&self.queue),
            is_over: false,
        };
        let (path, condition) = (Arc::clone(&self.path), Arc::clone(&self.condition));
        spawn_blocking(move || turn.work(&path, &condition));
        Ok(())
    }

    /// Takes no more reads. Returns the idle connections: dropping them closes them, which may block.
    pub(crate) fn close(&self) -> Vec<Connection> {
        let mut queue = lock(&self.queue);
        queue.closed = true;
        for job in std::mem::take(&mut queue.jobs) {
            job.answer(Some(Error::permanent("the store is closed")));
        }
        std::mem::take(&mut queue.idle)
    }
}

/// A thread's right to read. It is given back also when a query panics, or when the runtime ends before it began.
struct Turn {
    queue: Arc<Mutex<Queue>>,
    is_over: bool,
}

impl Turn {
    /// Answers what waits until nothing does.
    fn work(mut self, path: &Path, condition: &Condition) {
        while let Some((mut group, db)) = self.next() {
            let asked = db.map_or_else(|| self.open(path, condition), Ok).and_then(|db| {
                let asked = ask(&mut group, &db, condition);
                // Before the answers: whoever closes the store after theirs has closed all of it.
                let left = lock(&self.queue).keep(db);
                // Closing a connection asks the file system, so it waits for the lock to be free.
                drop(left);
                asked
            });
            answer(group, asked.err());
        }
    }

    /// Opens a connection to the files that the writer has open, and to no others that took their place.
    fn open(&self, path: &Path, condition: &Condition) -> Result<Connection> {
        condition.check_files()?;
        let db = connection::reader(path)?;
        condition.check_files()?;
        lock(&self.queue).opened += 1;
        Ok(db)
    }

    /// What is to do next. The turn ends in the moment in which there is nothing, so that whoever comes then begins one.
    fn next(&mut self) -> Option<(Group, Option<Connection>)> {
        let mut queue = lock(&self.queue);
        let group = queue.take();
        if group.is_none() {
            queue.threads -= 1;
            self.is_over = true;
        }
        group
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if !self.is_over {
            lock(&self.queue).threads -= 1;
        }
    }
}

impl Queue {
    /// A thread's share of what waits.
    fn take(&mut self) -> Option<(Group, Option<Connection>)> {
        let share = self.jobs.len().div_ceil(self.threads.max(1)).min(GROUP_JOBS);
        let group: Group = self.jobs.drain(..share).collect();
        (!group.is_empty()).then(|| (group, self.idle.pop()))
    }

    /// Keeps the connection, or returns it to be closed.
    fn keep(&mut self, db: Connection) -> Option<Connection> {
        if self.closed {
            return Some(db);
        }
        self.idle.push(db);
        None
    }
}

fn ask(group: &mut Group, db: &Connection, condition: &Condition) -> Result<()> {
    let transaction = db
        .unchecked_transaction()
        .map_err(|driver| error::map(FAILED, driver))?;
    for job in group {
        job.run(Db::new(&transaction), condition);
    }
    Ok(())
}

/// Answers each with what it asked for, or all with the one error.
fn answer(group: Group, error: Option<Error>) {
    let error = error.map(Arc::new);
    for job in group {
        job.answer(error.as_ref().map(|error| {
            let own = if error.is_retryable() {
                Error::unavailable(error.to_string())
            } else {
                Error::permanent(error.to_string())
            };
            own.with_source(Arc::clone(error))
        }));
    }
}

fn lock(queue: &Mutex<Queue>) -> MutexGuard<'_, Queue> {
    queue.lock().unwrap_or_else(PoisonError::into_inner)
}
