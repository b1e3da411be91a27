mod read_pool;
mod read_state;

use std::path::Path;
use std::time::{Duration, Instant};

use horizon_core::{Error, Result};
use rusqlite::{Connection, OpenFlags, config::DbConfig};

use crate::{
    error,
    files::{DatabaseFiles, FileId, access, ownership},
    schema,
    sql::Db,
};

pub(crate) use read_pool::{READ_FAILED, READS, REPORTS, ReadPool};

/// How long a statement waits for another process's lock: 5 seconds.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// How long opening waits for another process that opens the same new file: 10 seconds.
const OPEN_TIMEOUT: Duration = Duration::from_secs(10);

/// How long opening waits for another process that migrates the database: 5 minutes.
const MIGRATION_TIMEOUT: Duration = Duration::from_secs(5 * 60);

/// The pause between two attempts to open: 20 milliseconds.
const OPEN_PAUSE: Duration = Duration::from_millis(20);

/// The capacity of a connection's cache of compiled statements, in statements.
const STATEMENT_CACHE: usize = 128;

/// The `application_id` of our databases, as shown by `file`: "EvHz".
pub(crate) const APPLICATION_ID: i32 = 0x4576_487a;

/// The page cache of the writing connection, in KiB: 32 MiB. The pages that a batch changes must fit, or they are
/// written to the log twice.
const CACHE_KIB: i64 = 32 * 1024;

/// The size at which the write-ahead log is moved into the database, in pages of 4 KiB: 8 MiB. A larger log moves pages
/// that several batches change less often. A smaller one leaves less to move when the store closes.
const CHECKPOINT_PAGES: i64 = 2_048;

/// The size of the write-ahead log that stays on disk after a checkpoint, in bytes: 64 MiB.
const LOG_SIZE_LIMIT: i64 = 64 * 1024 * 1024;

/// The log message when statistics cannot be gathered.
pub(crate) const NO_STATISTICS: &str =
    "no statistics of the database were gathered; reads and writes work without them";

/// The maximum number of index rows that are read for the statistics of an index.
const ANALYSIS_ROWS: i64 = 400;

/// Opens the connection that writes. Creates the file if it is missing, and migrates its schema. Refuses the file of
/// another program without changing it. Waits for other processes that open or migrate the file.
pub(crate) fn open_writer(path: &Path) -> Result<(Connection, DatabaseFiles)> {
    let mut deadline = OpenDeadline::new(Instant::now());
    loop {
        match try_open_writer(path) {
            // Changing to WAL does not wait for a lock, so it fails when two processes start at once.
            Err(error) if error.is_retryable() => {
                let is_migrating = error::is_lock(&error) && is_outdated(path);
                if !deadline.allows_retry(is_migrating, Instant::now()) {
                    return Err(error);
                }
                if is_migrating && !std::mem::replace(&mut deadline.is_logged, true) {
                    tracing::warn!(
                        database = %path.display(),
                        "the database has an old version and is locked by another process, which may be migrating it: \
                         waiting up to {} s",
                        MIGRATION_TIMEOUT.as_secs()
                    );
                }
                std::thread::sleep(OPEN_PAUSE);
            }
            result => return result,
        }
    }
}

/// How much longer opening waits for other processes.
struct OpenDeadline {
    retry_until: Instant,
    /// The latest value of `retry_until`.
    latest: Instant,
    /// Whether the wait for a migration was logged.
    is_logged: bool,
}

impl OpenDeadline {
    fn new(now: Instant) -> Self {
        Self {
            retry_until: now + OPEN_TIMEOUT,
            latest: now + MIGRATION_TIMEOUT,
            is_logged: false,
        }
    }

    /// Returns whether to retry after a failed attempt. While another process migrates, [`OPEN_TIMEOUT`] restarts.
    fn allows_retry(&mut self, is_migrating: bool, now: Instant) -> bool {
        if is_migrating {
            self.retry_until = (now + OPEN_TIMEOUT).min(self.latest);
        }
        now < self.retry_until
    }
}

/// Returns whether the database needs a migration. A migration does not block this read.
fn is_outdated(path: &Path) -> bool {
    open_reader(path)
        .and_then(|db| version(&db).map_err(|e| failed("read", path, e)))
        .is_ok_and(schema::is_outdated)
}

/// Returns the schema version of the database.
pub(crate) fn version(db: &Connection) -> rusqlite::Result<i64> {
    db.pragma_query_value(None, "user_version", |row| row.get(0))
}

fn try_open_writer(path: &Path) -> Result<(Connection, DatabaseFiles)> {
    ownership::check(path)?;
    access::create_private(path);
    access::restrict_all(path);
    let before = FileId::find(path);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut db = open(path, flags)?;
    configure(&db).map_err(|e| failed("set up", path, e))?;
    schema::migrate(&mut db)
        .map_err(|e| failed("migrate", path, e))?
        .map_err(|version| unknown_version(path, version))?;
    if let Err(error) = gather_statistics(&db) {
        tracing::warn!(%error, path = %path.display(), "{NO_STATISTICS}");
    }
    let files = DatabaseFiles::new(path)?;
    if before.is_some_and(|before| !files.is_database(before)) {
        let text = format!("the database {} was replaced while it was opened", path.display());
        return Err(Error::unavailable(text));
    }
    Ok((db, files))
}

/// Opens a connection that only reads a file that a writer has open.
pub(crate) fn open_reader(path: &Path) -> Result<Connection> {
    let mut db = open(path, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    // The first read opens the log.
    db.pragma_query_value(None, "schema_version", |_| Ok(()))
        .and_then(|()| read_state::check_cancelled(&mut db))
        .map_err(|e| failed("read", path, e))?;
    Ok(db)
}

/// Opens a path, or a URI if the flags say so.
pub(crate) fn open(path: &Path, flags: OpenFlags) -> Result<Connection> {
    let opened = Connection::open_with_flags(path, flags).and_then(|db| {
        db.busy_timeout(BUSY_TIMEOUT)?;
        db.set_prepared_statement_cache_capacity(STATEMENT_CACHE);
        Ok(db)
    });
    // Permanent: waiting does not create a missing folder.
    opened.map_err(|e| Error::permanent(format!("cannot open the database {}", path.display())).with_source(e))
}

fn configure(db: &Connection) -> rusqlite::Result<()> {
    db.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
    db.pragma_update(None, "synchronous", "FULL")?;
    db.pragma_update(None, "foreign_keys", true)?;
    // Negative values are in KiB.
    db.pragma_update(None, "cache_size", -CACHE_KIB)?;
    db.pragma_update_and_check(None, "wal_autocheckpoint", CHECKPOINT_PAGES, |_| Ok(()))?;
    db.pragma_update_and_check(None, "journal_size_limit", LOG_SIZE_LIMIT, |_| Ok(()))?;
    write_application_id(Db::new(db))?;
    // Overwrite what is erased: an old salt in a free page would undo the hashing of its day.
    db.pragma_update_and_check(None, "secure_delete", true, |_| Ok(()))
}

/// Gathers statistics of tables without any, or that changed much. SQLite recommends it for long-lived connections.
/// [`sql::OPTIMIZE`](crate::sql::OPTIMIZE) repeats it later.
fn gather_statistics(db: &Connection) -> rusqlite::Result<()> {
    db.pragma_update_and_check(None, "analysis_limit", ANALYSIS_ROWS, |_| Ok(()))?;
    // All tables, including those that this connection has not used.
    db.execute_batch("PRAGMA optimize = 0x10002")
}

/// Writes the application id into the header of the file, even if it does not change.
pub(crate) fn write_application_id(db: Db<'_>) -> rusqlite::Result<()> {
    db.set_pragma("application_id", APPLICATION_ID)
}

/// Moves the write-ahead log into the database, as far as other connections allow.
pub(crate) fn checkpoint(db: &Connection) -> rusqlite::Result<()> {
    db.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))
}

/// Prevents that closing the connection writes to the database or deletes the log, because another file may be at the
/// path of the log.
pub(crate) fn disable_checkpoint_on_close(db: &Connection) -> rusqlite::Result<()> {
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)
        .map(drop)
}

/// Moves the write-ahead log into the database and empties it, as far as other connections allow.
pub(crate) fn truncate_log(path: &Path) -> Result<()> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    open(path, flags)?
        .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
        .map_err(|e| failed("empty the log of", path, e))
}

pub(crate) fn failed(what: &str, path: &Path, driver: rusqlite::Error) -> Error {
    error::map(&format!("cannot {what} the database {}", path.display()), driver)
}

pub(crate) fn unknown_version(path: &Path, version: i64) -> Error {
    Error::permanent(format!(
        "the database {} has version {version}, and this program supports versions up to {}: start a newer program",
        path.display(),
        schema::VERSION
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opening_waits_longer_while_another_process_migrates_but_not_forever() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut deadline = OpenDeadline::new(start);
        assert!(deadline.allows_retry(false, at(9)) && !deadline.allows_retry(false, at(10)));
        for second in 10..300 {
            assert!(deadline.allows_retry(true, at(second)), "{second}");
        }
        assert!(!deadline.allows_retry(true, at(300)));
    }

    #[test]
    fn the_open_timeout_restarts_after_a_migration() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut deadline = OpenDeadline::new(start);
        assert!(deadline.allows_retry(true, at(100)));
        assert!(deadline.allows_retry(false, at(109)) && !deadline.allows_retry(false, at(110)));
    }

    #[test]
    fn a_database_that_another_process_migrates_is_outdated_and_locked() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("horizon.db");
        let other = Connection::open(&path).unwrap();
        schema::create(&other, 2).unwrap();
        other
            .execute_batch("PRAGMA journal_mode = WAL; BEGIN IMMEDIATE; PRAGMA user_version = 3")
            .unwrap();
        assert!(is_outdated(&path));
        let locked = try_open_writer(&path).map(drop).unwrap_err();
        assert!(locked.is_retryable() && error::is_lock(&locked), "{locked}");
        other.execute_batch("ROLLBACK").unwrap();
        drop(open_writer(&path).unwrap());
        assert!(!is_outdated(&path));
    }
}
