use std::path::Path;
use std::time::{Duration, Instant};

use horizon_core::{Error, Result};
use rusqlite::{Connection, OpenFlags, config::DbConfig};

use crate::{
    error,
    files::{FileId, Files},
    inspect, migrations,
    sql::Db,
};

/// How long a statement waits for another process's lock.
const BUSY_WAIT: Duration = Duration::from_secs(5);

/// How long opening waits for another process that opens the same new file.
const OPEN_WAIT: Duration = Duration::from_secs(10);

/// How long opening waits while another process brings the database up to date.
const MIGRATION_WAIT: Duration = Duration::from_secs(5 * 60);

/// The pause between two attempts to open.
const OPEN_PAUSE: Duration = Duration::from_millis(20);

/// How many compiled statements a connection keeps.
const STATEMENTS: usize = 64;

/// Tells `file` and its kin whose database it is: "EvHz".
pub(crate) const APPLICATION: i32 = 0x4576_487a;

/// How much of the database the connection that writes keeps in memory, in KiB: 32 MiB. What a batch of events changes
/// has to fit, or else it is written to the log twice.
const CACHE_KIB: i64 = 32 * 1024;

/// How long the write-ahead log grows before it is moved into the database, in pages of 4 KiB: 8 MiB. A page that many
/// batches change is moved once; what is left when the store closes has to be moved within its last two seconds.
const LOG_PAGES: i64 = 2_048;

/// How large the write-ahead log stays on disk between checkpoints, in bytes.
const JOURNAL_BYTES: i64 = 64 * 1024 * 1024;

/// What the log says when statistics cannot be gathered.
pub(crate) const NO_STATISTICS: &str =
    "no statistics of the database were gathered; reads and writes work without them";

/// The most rows of an index that are read for its statistics.
const ANALYSIS_ROWS: i64 = 400;

/// Opens the connection that writes. The file is created and its schema brought up to date.
/// A file of another program is refused and not touched.
pub(crate) fn writer(path: &Path) -> Result<(Connection, Files)> {
    let mut patience = Patience::new(Instant::now());
    loop {
        match open_writer(path) {
            // Changing to WAL does not wait for a lock, so two processes that start at once meet here.
            Err(error) if error.is_retryable() => {
                let is_migrated = error::is_lock(&error) && is_old(path);
                if !patience.lasts(is_migrated, Instant::now()) {
                    return Err(error);
                }
                if is_migrated && !std::mem::replace(&mut patience.is_told, true) {
                    tracing::warn!(
                        database = %path.display(),
                        "the database has an old version, and another process has locked it, perhaps to bring it up to \
                         date: waiting for it, at most {} s",
                        MIGRATION_WAIT.as_secs()
                    );
                }
                std::thread::sleep(OPEN_PAUSE);
            }
            done => return done,
        }
    }
}

/// How much longer opening waits for other processes.
struct Patience {
    until: Instant,
    /// When it does not wait for a migration any more.
    end: Instant,
    /// Whether the log says what it waits for.
    is_told: bool,
}

impl Patience {
    fn new(now: Instant) -> Self {
        Self {
            until: now + OPEN_WAIT,
            end: now + MIGRATION_WAIT,
            is_told: false,
        }
    }

    /// Whether to try again, after an attempt failed. While another process migrates, the short wait begins anew.
    fn lasts(&mut self, is_migrated: bool, now: Instant) -> bool {
        if is_migrated {
            self.until = (now + OPEN_WAIT).min(self.end);
        }
        now < self.until
    }
}

/// Whether the database has a version that has to be brought up to date. Readers do not wait for a migration.
fn is_old(path: &Path) -> bool {
    reader(path)
        .and_then(|db| version(&db).map_err(|e| failed("read", path, e)))
        .is_ok_and(migrations::is_old)
}

/// Returns the version that the database has.
pub(crate) fn version(db: &Connection) -> rusqlite::Result<i64> {
    db.pragma_query_value(None, "user_version", |row| row.get(0))
}

fn open_writer(path: &Path) -> Result<(Connection, Files)> {
    inspect::check(path)?;
    let before = FileId::at(path);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut db = open(path, flags)?;
    configure(&db).map_err(|e| failed("set up", path, e))?;
    migrations::migrate(&mut db)
        .map_err(|e| failed("bring up to date", path, e))?
        .map_err(|version| unknown(path, version))?;
    if let Err(error) = optimize(&db) {
        tracing::warn!(%error, path = %path.display(), "{NO_STATISTICS}");
    }
    let files = Files::of(path)?;
    if before.is_some_and(|before| !files.is_database(before)) {
        let text = format!("the database {} was replaced while it was opened", path.display());
        return Err(Error::unavailable(text));
    }
    Ok((db, files))
}

/// Opens a connection that only reads, of a file that a writer has opened.
pub(crate) fn reader(path: &Path) -> Result<Connection> {
    let db = open(path, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    // The first read opens the log, too.
    db.pragma_query_value(None, "schema_version", |_| Ok(()))
        .map_err(|e| failed("read", path, e))?;
    Ok(db)
}

/// Opens the file at this path, or behind this URI if the flags say so.
pub(crate) fn open(path: &Path, flags: OpenFlags) -> Result<Connection> {
    let opened = Connection::open_with_flags(path, flags).and_then(|db| {
        db.busy_timeout(BUSY_WAIT)?;
        db.set_prepared_statement_cache_capacity(STATEMENTS);
        Ok(db)
    });
    // A missing folder does not come by itself, so opening does not wait for it.
    opened.map_err(|e| Error::permanent(format!("cannot open the database {}", path.display())).with_source(e))
}

fn configure(db: &Connection) -> rusqlite::Result<()> {
    db.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
    db.pragma_update(None, "synchronous", "FULL")?;
    db.pragma_update(None, "foreign_keys", true)?;
    // Negative means KiB.
    db.pragma_update(None, "cache_size", -CACHE_KIB)?;
    db.pragma_update_and_check(None, "wal_autocheckpoint", LOG_PAGES, |_| Ok(()))?;
    db.pragma_update_and_check(None, "journal_size_limit", JOURNAL_BYTES, |_| Ok(()))?;
    mark(Db::new(db))?;
    // An erased salt must not stay in a free page, where it would undo the hashing of a day.
    db.pragma_update_and_check(None, "secure_delete", true, |_| Ok(()))
}

/// Gathers statistics where there are none or the tables have changed much, as SQLite wants it from connections that
/// stay open. [`sql::OPTIMIZE`](crate::sql::OPTIMIZE) does it again later.
fn optimize(db: &Connection) -> rusqlite::Result<()> {
    db.pragma_update_and_check(None, "analysis_limit", ANALYSIS_ROWS, |_| Ok(()))?;
    // All tables, also those that the connection has not used.
    db.execute_batch("PRAGMA optimize = 0x10002")
}

/// Writes whose file this is into its head. It says so already, but is written to the disk all the same.
pub(crate) fn mark(db: Db<'_>) -> rusqlite::Result<()> {
    db.set_pragma("application_id", APPLICATION)
}

/// Moves the write-ahead log into the database, as far as others let it.
pub(crate) fn checkpoint(db: &Connection) -> rusqlite::Result<()> {
    db.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))
}

/// Makes closing this connection neither write to the database nor delete the log by its name, which may be another's.
pub(crate) fn leave_files_alone(db: &Connection) -> rusqlite::Result<()> {
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)
        .map(drop)
}

/// Moves all of the write-ahead log into the database and empties it, as far as others let it.
pub(crate) fn empty_log(path: &Path) -> Result<()> {
    let db = open(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
        .map_err(|e| failed("empty the log of", path, e))
}

pub(crate) fn failed(what: &str, path: &Path, driver: rusqlite::Error) -> Error {
    let text = format!("cannot {what} the database {}", path.display());
    error::map(&text, driver)
}

pub(crate) fn unknown(path: &Path, version: i64) -> Error {
    Error::permanent(format!(
        "the database {} has version {version}, and this program knows versions up to {}: a newer one wrote it",
        path.display(),
        migrations::VERSION
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opening_waits_longer_while_another_process_migrates_but_not_for_ever() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut patience = Patience::new(start);
        assert!(patience.lasts(false, at(9)) && !patience.lasts(false, at(10)));
        for second in 10..300 {
            assert!(patience.lasts(true, at(second)), "{second}");
        }
        assert!(!patience.lasts(true, at(300)));
    }

    #[test]
    fn opening_that_waited_for_a_migration_has_its_short_wait_after_it() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut patience = Patience::new(start);
        assert!(patience.lasts(true, at(100)));
        assert!(patience.lasts(false, at(109)) && !patience.lasts(false, at(110)));
    }

    #[test]
    fn a_database_that_another_process_migrates_is_seen_as_old_and_locked() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("horizon.db");
        drop(writer(&path).unwrap());
        assert!(!is_old(&path));
        let other = Connection::open(&path).unwrap();
        other
            .execute_batch("PRAGMA user_version = 2; BEGIN IMMEDIATE; PRAGMA user_version = 3")
            .unwrap();
        assert!(is_old(&path));
        let locked = open_writer(&path).map(drop).unwrap_err();
        assert!(locked.is_retryable() && error::is_lock(&locked), "{locked}");
    }
}
