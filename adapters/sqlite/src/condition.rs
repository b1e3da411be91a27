use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use horizon_core::{Error, Result};
use rusqlite::Connection;

use crate::{
    connection, error,
    files::{Files, Moved},
};

/// How long a failed write keeps the store from being ready, unless one succeeds before. It is longer than the longest
/// pause of those who try again, which is 10 seconds. After it a small write of the readiness check decides.
const FAILURE_MEMORY: Duration = Duration::from_secs(30);

/// What the writer, the readers and the readiness check know of the state that the database is in.
pub(crate) struct Condition {
    files: Files,
    /// Set once a file of the database was deleted or replaced: nothing is written any more. Reading it never blocks.
    moved: OnceLock<Moved>,
    /// Never held while the file system is asked or a line is logged, because async callers lock it.
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// A part of the file cannot be read. Reads of other parts go on; writes end, because what is written behind a
    /// damaged part may not be found again.
    damaged: Option<String>,
    /// The last write failed.
    failed: Option<Failure>,
}

struct Failure {
    when: Instant,
    error: String,
}

impl Failure {
    fn is_recent(&self) -> bool {
        self.when.elapsed() < FAILURE_MEMORY
    }
}

/// What to do about a file that is gone.
const RESTORE: &str = "writes are refused until a restart: stop the server, put the file back, and start it again";

impl Condition {
    pub(crate) fn new(files: Files) -> Self {
        Self {
            files,
            moved: OnceLock::new(),
            state: Mutex::default(),
        }
    }

    /// Looks the files up. Returns an error if one of them was deleted or replaced since the database was opened, and
    /// from then on always. It blocks while the file system does not answer: never call it from async code.
    pub(crate) fn check_files(&self) -> Result<()> {
        if !self.is_moved() {
            let found = self.files.check();
            let found =
                found.map_err(|e| Error::unavailable("the database's files cannot be looked up").with_source(e))?;
            if let Err(moved) = found {
                self.record_moved(moved);
            }
        }
        self.check_moved()
    }

    fn record_moved(&self, moved: Moved) {
        let what = moved.what.clone();
        // Another thread may have found it at the same time.
        if self.moved.set(moved).is_ok() {
            let database = self.files.database().display();
            tracing::error!(%database, "the database is lost: {what} while it was open; {RESTORE}");
        }
    }

    fn check_moved(&self) -> Result<()> {
        match self.moved.get() {
            None => Ok(()),
            // Retryable, so that events that wait in a queue are kept for the repaired database.
            Some(Moved { what, .. }) => Err(Error::unavailable(format!(
                "{what} while the database was open; {RESTORE}"
            ))),
        }
    }

    /// Returns an error before a write if a file is gone, or once a part of the database is damaged. It blocks as
    /// [`check_files`](Self::check_files) does.
    pub(crate) fn check_before_write(&self) -> Result<()> {
        self.check_files()?;
        match &self.state().damaged {
            None => Ok(()),
            Some(error) => Err(Error::unavailable(
                "the database is damaged, and writes are refused until a restart with a repaired file",
            )
            .with_source(error.clone())),
        }
    }

    /// Whether a file of the database is known to be gone. It does not block.
    pub(crate) fn is_moved(&self) -> bool {
        self.moved.get().is_some()
    }

    /// Saves what can be saved once a file is gone. It is for the connection that writes, and for one call.
    pub(crate) fn save(&self, db: &Connection) {
        let can_checkpoint = self.moved.get().is_some_and(|moved| moved.can_checkpoint);
        if can_checkpoint {
            // The database itself is there: what the lost log holds still gets into it.
            if let Err(error) = connection::checkpoint(db) {
                tracing::error!(%error, "the lost log could not be moved into the database");
            }
        } else if let Err(error) = connection::leave_files_alone(db) {
            tracing::error!(%error, "closing the database may delete the log of the file that took its place");
        }
    }

    /// Records how writes ended: with this failure of a kind that concerns other writes too, or well.
    pub(crate) fn record(&self, failure: Option<&rusqlite::Error>) {
        let new = failure.map(|error| Failure {
            when: Instant::now(),
            error: error.to_string(),
        });
        // The lock is free again before anything is logged.
        let before = std::mem::replace(&mut self.state().failed, new);
        let database = self.files.database().display();
        match (failure, before) {
            (Some(error), before) if !before.as_ref().is_some_and(Failure::is_recent) => tracing::error!(
                %database, %error,
                "the database cannot be written: not ready until a write succeeds; check the disk's free space, and \
                 whether the file can be written"
            ),
            (None, Some(_)) => tracing::info!(%database, "the database is written again"),
            _ => {}
        }
        failure.into_iter().for_each(|error| self.record_damage(error));
    }

    /// Records that a part of the file is damaged, if this error says so.
    pub(crate) fn record_damage(&self, error: &rusqlite::Error) {
        if !error::is_damage(error) {
            return;
        }
        let before = self.state().damaged.replace(error.to_string());
        if before.is_none() {
            let database = self.files.database().display();
            tracing::error!(
                %database, %error,
                "the database is damaged: writes are refused until a restart; stop the server, and restore the file \
                 from a backup or with the `.recover` command of sqlite3"
            );
        }
    }

    /// Returns an error if the store is not fit to be used, as far as the writer and the readers have found out. It
    /// asks no file system, so that async code may call it.
    pub(crate) fn check(&self) -> Result<()> {
        self.check_moved()?;
        let state = self.state();
        if let Some(error) = &state.damaged {
            return Err(Error::permanent("the database is damaged").with_source(error.clone()));
        }
        match &state.failed {
            Some(failure) if failure.is_recent() => {
                Err(Error::unavailable("the last write to the database failed").with_source(failure.error.clone()))
            }
            _ => Ok(()),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, mpsc};
    use std::thread;

    use super::*;
    use rusqlite::ffi;

    #[test]
    fn the_readiness_check_asks_no_file_system_and_says_what_the_writer_found() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("horizon.db");
        let (_db, files) = connection::writer(&path).unwrap();
        let condition = Condition::new(files);
        std::fs::rename(&path, folder.path().join("away")).unwrap();
        condition.check().unwrap();
        assert!(condition.check_files().is_err());
        assert!(condition.is_moved() && condition.check().is_err());
    }

    #[test]
    fn looking_the_files_up_does_not_wait_for_the_state_that_async_callers_lock() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("horizon.db");
        let (_db, files) = connection::writer(&path).unwrap();
        let condition = Arc::new(Condition::new(files));
        std::fs::rename(&path, folder.path().join("away")).unwrap();
        let (looked, done) = mpsc::channel();
        let held = condition.state();
        let other = Arc::clone(&condition);
        let thread = thread::spawn(move || looked.send(other.check_files().is_err()));
        assert_eq!(done.recv_timeout(Duration::from_secs(20)), Ok(true));
        assert!(condition.is_moved());
        drop(held);
        thread.join().unwrap().unwrap();
    }

    #[test]
    fn a_failed_write_is_remembered_until_one_succeeds_or_for_a_while() {
        let folder = tempfile::tempdir().unwrap();
        let (_db, files) = connection::writer(&folder.path().join("horizon.db")).unwrap();
        let condition = Condition::new(files);
        let full = rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_FULL), None);
        condition.record(Some(&full));
        assert!(condition.check().unwrap_err().is_retryable());
        condition.record(None);
        condition.check().unwrap();
        condition.record(Some(&full));
        if let Some(failure) = &mut condition.state().failed {
            failure.when -= FAILURE_MEMORY;
        }
        condition.check().unwrap();
    }
}
