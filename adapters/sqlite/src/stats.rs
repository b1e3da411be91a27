use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use horizon_core::{
    DEDUPE_WINDOW, Day, Error, Event, ReaderId, Result, SaltStore, StatsStore, Timestamp, Topic, Update,
    VISITOR_MEMORY, apply_events,
};
use rusqlite::{OptionalExtension, params};
use tokio::task::spawn_blocking;

use crate::{
    comments,
    condition::Condition,
    connection,
    ledger::{self, SqlLedger},
    panics::Panics,
    readers::Readers,
    sql::{self, Db, Sql},
    writer::Writer,
};

/// The most rows that one transaction of [`StatsStore::expire`] erases, so that others get their turn.
const FORGET_ROWS: usize = 10_000;

/// The facts and the totals in one SQLite file.
///
/// What was answered with Ok is on disk (WAL, `synchronous=FULL`). Several processes may share the
/// file on one machine; a network file system will not do.
///
/// Before a write is answered, and once a second, the store makes sure that the database, its `-wal` and its `-shm` are
/// still the files that it opened. When one of them was deleted, renamed or replaced, the store logs an error and
/// refuses all writes until it is opened again. Nothing is acknowledged after that moment. What was acknowledged before
/// is in the files that were taken away; if only `-wal` or `-shm` was deleted, it is moved into the database. A file
/// that is overwritten in place is not noticed.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use horizon_core::{Event, EventKind, Stamp, StatsStore, StatsStoreExt, Timestamp, Topic};
/// use horizon_sqlite::SqliteStats;
///
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("numbers.db");
/// let store = SqliteStats::open(&path)?;
/// let stamp = Stamp::new(Timestamp::from_millis(1_800_000_000_000), [7; 10]);
/// store.apply(&[Event::new(stamp, Topic::Site, EventKind::Visit { visitor: None })]).await?;
/// drop(store);
/// assert_eq!(SqliteStats::open(&path)?.total(&Topic::Site).await?.stats.visits, 1);
/// # Ok(())
/// # }
/// ```
pub struct SqliteStats {
    writer: Writer,
    readers: Readers,
    condition: Arc<Condition>,
    panics: Arc<Panics>,
    path: PathBuf,
}

impl SqliteStats {
    /// Opens the file, creates it if it is not there, and brings its schema up to date.
    ///
    /// This blocks for as long as the file system takes. It waits for another process for at most 15 seconds, and for
    /// about 5 minutes while that one brings the file up to date. Bringing it up to date takes as long as it takes: the
    /// log has a line before and one after it.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use horizon_sqlite::SqliteStats;
    ///
    /// # let folder = tempfile::tempdir()?;
    /// assert!(SqliteStats::open(folder.path().join("numbers.db")).is_ok());
    /// let notes = folder.path().join("notes.txt");
    /// std::fs::write(&notes, "no database")?;
    /// assert!(!SqliteStats::open(&notes).unwrap_err().is_retryable());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Permanent when the path cannot be opened, is no database or another program's, has several names (hard links),
    /// has a log without its index and no mark of ours, was written by a newer version, or lacks a table, column, index
    /// or trigger; a file that is refused is not changed. Retryable when another process holds it or the disk is full.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let (db, files) = connection::writer(path)?;
        let condition = Arc::new(Condition::new(files));
        let panics = Arc::new(Panics::default());
        Ok(Self {
            writer: Writer::start(db, Arc::clone(&condition), Arc::clone(&panics))?,
            readers: Readers::new(path.into(), Arc::clone(&condition)),
            condition,
            panics,
            path: path.into(),
        })
    }

    /// Sets who is told, in place of any before, when the thread that writes panics: the name of the thread and the
    /// panic's message. A panic before this call is reported at once.
    ///
    /// All writes and [`check_writable`](Self::check_writable) fail for good after it, so a program should end.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let store = horizon_sqlite::SqliteStats::open(folder.path().join("numbers.db"))?;
    /// store.on_task_panic(|task, message| eprintln!("the task `{task}` panicked: {message}"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn on_task_panic(&self, report: impl Fn(&str, &str) + Send + Sync + 'static) {
        self.panics.report_to(Box::new(report));
    }

    /// Whether writes are taken now: writes a number that is there already, after all writes that are queued.
    ///
    /// It also fails
    /// - after a file of the database was deleted, renamed or replaced, until the store is opened again;
    /// - after the thread that writes panicked, for good: restart the process;
    /// - after a damaged part of the file was met, until the store is opened again;
    /// - after a write failed because of the disk, the file or its schema, until a write succeeds, for 30 seconds at
    ///   most: on a full disk a small write may still find room where others do not.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let store = horizon_sqlite::SqliteStats::open(folder.path().join("numbers.db"))?;
    /// let is_ready = store.check_writable().await.is_ok(); // for a `/readyz`
    /// assert!(is_ready);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of a write, and what is said above.
    pub async fn check_writable(&self) -> Result<()> {
        self.condition.check()?;
        self.writer.probe(connection::mark).await
    }

    /// Writes what is queued and closes the file. Later calls fail for good.
    ///
    /// Dropping the store does the same, but blocks its thread meanwhile, for at most 2 seconds.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use horizon_core::{StatsStoreExt, Topic};
    /// # let folder = tempfile::tempdir()?;
    /// # let store = horizon_sqlite::SqliteStats::open(folder.path().join("numbers.db"))?;
    /// store.close().await?;
    /// assert!(store.total(&Topic::Site).await.is_err());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Retryable if the writes did not end within 2 seconds; they go on.
    pub async fn close(&self) -> Result<()> {
        match spawn_blocking(self.begin_close()).await {
            Ok(true) => Ok(()),
            Ok(false) | Err(_) => Err(Error::unavailable("the database is still being written")),
        }
    }

    /// Takes no more reads and writes. Returns the rest of closing, which blocks and returns whether all has ended.
    fn begin_close(&self) -> impl FnOnce() -> bool + Send + 'static {
        let (idle, wait) = (self.readers.close(), self.writer.close());
        move || {
            // Before the writer's: only a connection that writes can delete the log when it is the last.
            drop(idle);
            wait()
        }
    }

    /// Runs `query` on a connection that only reads.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        query: impl FnOnce(Db<'_>) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T> {
        self.readers.read(query).await
    }

    /// Empties the write-ahead log, where what was erased could be read until it is written over.
    ///
    /// It does what it can: a long read may keep it from emptying the log this time.
    async fn empty_log(&self) -> Result<()> {
        let (path, condition) = (self.path.clone(), Arc::clone(&self.condition));
        let emptied = spawn_blocking(move || {
            condition.check_files()?;
            connection::empty_log(&path)
        })
        .await;
        emptied.map_err(|e| Error::unavailable("the log was not emptied").with_source(e))?
    }

    async fn erase(&self, sql: Sql, before: Timestamp) -> Result<()> {
        loop {
            let erased = self
                .writer
                .write(move |db| {
                    db.prepare(sql)?
                        .execute(params![before.as_millis(), comments::rows(FORGET_ROWS)])
                })
                .await?;
            if erased < FORGET_ROWS {
                return Ok(());
            }
        }
    }
}

impl Drop for SqliteStats {
    fn drop(&mut self) {
        if !self.begin_close()() {
            tracing::warn!("the database is still being written while its store is dropped");
        }
    }
}

impl fmt::Debug for SqliteStats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStats").finish_non_exhaustive()
    }
}

#[async_trait]
impl StatsStore for SqliteStats {
    async fn apply(&self, events: &[Event]) -> Result<Vec<Update>> {
        let events: Arc<[Event]> = events.into();
        self.writer
            .write(move |db| apply_events(&mut SqlLedger::new(db)?, &events))
            .await
    }

    async fn get(&self, topics: &[Topic]) -> Result<Vec<Update>> {
        let topics = topics.to_vec();
        self.read(move |db| topics.iter().map(|topic| ledger::total(db, topic)).collect())
            .await
    }

    async fn is_liked_by(&self, topic: &Topic, reader: ReaderId) -> Result<bool> {
        let topic = topic.to_string();
        self.read(move |db| {
            db.prepare(sql::LIKES)?
                .exists(params![topic, reader.as_u128().to_be_bytes()])
        })
        .await
    }

    async fn expire(&self, now: Timestamp) -> Result<()> {
        self.erase(sql::FORGET_COUNTED, now.minus(DEDUPE_WINDOW)).await?;
        self.erase(sql::FORGET_VISITORS, now.minus(VISITOR_MEMORY)).await?;
        self.erase(sql::FORGET_UNLIKES, now.minus(DEDUPE_WINDOW)).await?;
        self.writer.write(move |db| erase_salts(db, now.day())).await?;
        if let Err(error) = self.writer.write(|db| db.run(sql::OPTIMIZE)).await {
            tracing::warn!(%error, path = %self.path.display(), "{}", connection::NO_STATISTICS);
        }
        self.empty_log().await
    }
}

#[async_trait]
impl SaltStore for SqliteStats {
    async fn salt(&self, day: Day, fresh: [u8; 32]) -> Result<[u8; 32]> {
        if let Some(known) = self.read(move |db| find_salt(db, day)).await? {
            return Ok(known);
        }
        self.writer
            .write(move |db| {
                erase_salts(db, day)?;
                db.prepare(sql::ADD_SALT)?.execute(params![day.number(), fresh])?;
                Ok(find_salt(db, day)?.unwrap_or(fresh))
            })
            .await
    }
}

fn find_salt(db: Db<'_>, day: Day) -> rusqlite::Result<Option<[u8; 32]>> {
    db.prepare(sql::SALT)?
        .query_row([day.number()], |row| row.get(0))
        .optional()
}

/// Erases the salts of the days before the one before `day`.
fn erase_salts(db: Db<'_>, day: Day) -> rusqlite::Result<()> {
    db.prepare(sql::FORGET_SALTS)?
        .execute([day.previous().number()])
        .map(drop)
}
