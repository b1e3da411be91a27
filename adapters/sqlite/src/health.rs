use std::sync::OnceLock;
use std::time::{Duration, Instant};

use horizon_core::{Error, Result};
use parking_lot::Mutex;
use rusqlite::Connection;

use crate::{
    connection, error,
    files::{DatabaseFiles, LostFile},
};

/// How long a failed write keeps the store unready, unless a write succeeds earlier: 30 seconds. It is longer than the
/// longest backoff of callers, which is 10 seconds. After it the small write of the readiness check decides.
const FAILURE_MEMORY: Duration = Duration::from_secs(30);

/// What to do about a lost file.
const RESTORE: &str = "writes are rejected until a restart: stop the server, put the file back, and start it again";

/// The state of the database, as the writer, the readers and the readiness check know it.
pub(crate) struct StoreHealth {
    files: DatabaseFiles,
    /// Set when a file of the database was deleted or replaced. All later writes fail.
    lost: OnceLock<LostFile>,
    /// Never locked during file system calls or logging, because async callers lock it.
    state: Mutex<HealthState>,
}

#[derive(Default)]
struct HealthState {
    /// A damaged part of the file was read. Reads of other parts continue. Writes fail: what is written after a damaged
    /// part might not be found again.
    damage: Option<String>,
    /// The last write failed.
    failure: Option<WriteFailure>,
}

struct WriteFailure {
    at: Instant,
    error: String,
}

impl WriteFailure {
    fn is_recent(&self) -> bool {
        self.at.elapsed() < FAILURE_MEMORY
    }
}

impl StoreHealth {
    pub(crate) fn new(files: DatabaseFiles) -> Self {
        Self {
            files,
            lost: OnceLock::new(),
            state: Mutex::default(),
        }
    }

    /// Looks the files up. Returns an error if one was ever deleted or replaced since the database was opened. Blocks
    /// on the file system: do not call it from async code.
    pub(crate) fn check_files(&self) -> Result<()> {
        if !self.is_lost() {
            let found = self.files.check();
            let found =
                found.map_err(|e| Error::unavailable("the database's files cannot be looked up").with_source(e))?;
            if let Err(lost) = found {
                self.record_lost(lost);
            }
        }
        self.check_lost()
    }

    fn record_lost(&self, lost: LostFile) {
        let what = lost.what.clone();
        // Another thread may have found it at the same time.
        if self.lost.set(lost).is_ok() {
            let database = self.files.database().display();
            tracing::error!(%database, "the database is lost: {what} while it was open; {RESTORE}");
        }
    }

    fn check_lost(&self) -> Result<()> {
        match self.lost.get() {
            None => Ok(()),
            // Retryable, so that queued events are kept for the restored database.
            Some(LostFile { what, .. }) => Err(Error::unavailable(format!(
                "{what} while the database was open; {RESTORE}"
            ))),
        }
    }

    /// Returns an error if the database must not be written: a file is lost, or a part of it is damaged. Blocks like
    /// [`check_files`](Self::check_files).
    pub(crate) fn check_before_write(&self) -> Result<()> {
        self.check_files()?;
        match &self.state.lock().damage {
            None => Ok(()),
            Some(error) => Err(Error::unavailable(
                "the database is damaged, and writes are rejected until a restart with a repaired file",
            )
            .with_source(error.clone())),
        }
    }

    /// Returns whether a file of the database is known to be lost. Does not block.
    pub(crate) fn is_lost(&self) -> bool {
        self.lost.get().is_some()
    }

    /// Saves the content of the log after a file was lost, if that is safe. Call it once, with the connection that
    /// writes.
    pub(crate) fn save_log(&self, db: &Connection) {
        if self.lost.get().is_some_and(|lost| lost.can_checkpoint) {
            if let Err(error) = connection::checkpoint(db) {
                tracing::error!(%error, "the lost log could not be moved into the database");
            }
        } else if let Err(error) = connection::disable_checkpoint_on_close(db) {
            tracing::error!(%error, "closing the database may delete the log of the file that replaced it");
        }
    }

    /// Records the outcome of a write: success, or a failure that concerns other writes too.
    pub(crate) fn record_write(&self, failure: Option<&rusqlite::Error>) {
        let new = failure.map(|error| WriteFailure {
            at: Instant::now(),
            error: error.to_string(),
        });
        let previous = std::mem::replace(&mut self.state.lock().failure, new);
        let database = self.files.database().display();
        match (failure, previous) {
            (Some(error), previous) if !previous.as_ref().is_some_and(WriteFailure::is_recent) => tracing::error!(
                %database, %error,
                "the database cannot be written: not ready until a write succeeds; check the free space of the disk \
                 and the permissions of the file"
            ),
            (None, Some(_)) => tracing::info!(%database, "writes to the database succeed again"),
            _ => {}
        }
        failure.into_iter().for_each(|error| self.record_damage(error));
    }

    /// Records that a part of the file is damaged, if the error says so.
    pub(crate) fn record_damage(&self, error: &rusqlite::Error) {
        if !error::is_damage(error) {
            return;
        }
        let previous = self.state.lock().damage.replace(error.to_string());
        if previous.is_none() {
            let database = self.files.database().display();
            tracing::error!(
                %database, %error,
                "the database is damaged: writes are rejected until a restart; stop the server, and restore the file \
                 from a backup or with the `.recover` command of sqlite3"
            );
        }
    }

    /// Returns an error if the store is not ready, as far as the writer and the readers know. Does no file system call,
    /// so async code may call it.
    pub(crate) fn check(&self) -> Result<()> {
        self.check_lost()?;
        let state = self.state.lock();
        if let Some(error) = &state.damage {
            return Err(Error::permanent("the database is damaged").with_source(error.clone()));
        }
        match &state.failure {
            Some(failure) if failure.is_recent() => {
                Err(Error::unavailable("the last write to the database failed").with_source(failure.error.clone()))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, mpsc};
    use std::thread;

    use super::*;
    use rusqlite::ffi;

    #[test]
    fn the_readiness_check_uses_the_writers_findings_and_no_file_system() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("horizon.db");
        let (_db, files) = connection::open_writer(&path).unwrap();
        let health = StoreHealth::new(files);
        std::fs::rename(&path, folder.path().join("away")).unwrap();
        health.check().unwrap();
        assert!(health.check_files().is_err());
        assert!(health.is_lost() && health.check().is_err());
    }

    #[test]
    fn looking_up_the_files_does_not_lock_the_state() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("horizon.db");
        let (_db, files) = connection::open_writer(&path).unwrap();
        let health = Arc::new(StoreHealth::new(files));
        std::fs::rename(&path, folder.path().join("away")).unwrap();
        let (checked, done) = mpsc::channel();
        let guard = health.state.lock();
        let other = Arc::clone(&health);
        let thread = thread::spawn(move || checked.send(other.check_files().is_err()));
        assert_eq!(done.recv_timeout(Duration::from_secs(20)), Ok(true));
        assert!(health.is_lost());
        drop(guard);
        thread.join().unwrap().unwrap();
    }

    #[test]
    fn a_failed_write_is_remembered_until_one_succeeds_or_for_30_seconds() {
        let folder = tempfile::tempdir().unwrap();
        let (_db, files) = connection::open_writer(&folder.path().join("horizon.db")).unwrap();
        let health = StoreHealth::new(files);
        let full = rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_FULL), None);
        health.record_write(Some(&full));
        assert!(health.check().unwrap_err().is_retryable());
        health.record_write(None);
        health.check().unwrap();
        health.record_write(Some(&full));
        if let Some(failure) = &mut health.state.lock().failure {
            failure.at -= FAILURE_MEMORY;
        }
        health.check().unwrap();
    }
}
