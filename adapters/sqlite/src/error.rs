use std::error::Error as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use horizon_core::{Error, Result, panic_message};
use rusqlite::{ErrorCode, ffi};

/// Says what failed, whether it may pass, and keeps the driver's own error.
pub(crate) fn map(what: &str, driver: impl Into<Arc<rusqlite::Error>>) -> Error {
    let driver = driver.into();
    let error = if may_pass(&driver) {
        Error::unavailable(what)
    } else {
        Error::permanent(what)
    };
    error.with_source(driver)
}

/// Why a caller's part of the work failed.
pub(crate) enum Failure {
    Driver(rusqlite::Error),
    /// With the panic's message.
    Panic(String),
}

impl Failure {
    /// Returns the driver's error, if it was one.
    pub(crate) fn driver(&self) -> Option<&rusqlite::Error> {
        match self {
            Self::Driver(driver) => Some(driver),
            Self::Panic(_) => None,
        }
    }

    pub(crate) fn into_error(self, what: &str) -> Error {
        match self {
            Self::Driver(driver) => map(what, driver),
            Self::Panic(message) => Error::permanent(format!("{what}: the code for it panicked: {message}")),
        }
    }
}

/// Does a caller's part of the work. A panic is a failure of this part alone, and the thread that does it goes on.
pub(crate) fn part<T>(work: impl FnOnce() -> rusqlite::Result<T>) -> Result<T, Failure> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(done) => done.map_err(Failure::Driver),
        Err(panic) => {
            let message = panic_message(&*panic).to_owned();
            tracing::error!(
                message,
                "code that works on the database panicked; nothing of it was kept"
            );
            Err(Failure::Panic(message))
        }
    }
}

/// The transaction is gone, because another's work in it ran into a full disk or the like.
pub(crate) fn aborted() -> rusqlite::Error {
    rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_ABORT), None)
}

/// Whether somebody else's lock, the disk or memory is to blame: that may be better next time.
fn may_pass(driver: &rusqlite::Error) -> bool {
    matches!(
        driver.sqlite_error_code(),
        Some(
            ErrorCode::CannotOpen
                | ErrorCode::DatabaseBusy
                | ErrorCode::DatabaseLocked
                | ErrorCode::DiskFull
                | ErrorCode::FileLockingProtocolFailed
                | ErrorCode::OperationAborted
                | ErrorCode::OperationInterrupted
                | ErrorCode::OutOfMemory
                | ErrorCode::SchemaChanged
                | ErrorCode::SystemIoFailure
        )
    )
}

/// Whether another's lock is the cause of this error.
pub(crate) fn is_lock(error: &Error) -> bool {
    let driver = error
        .source()
        .and_then(|source| source.downcast_ref::<Arc<rusqlite::Error>>());
    let code = driver.and_then(|driver| driver.sqlite_error_code());
    matches!(code, Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}

/// Whether a part of the file cannot be read as what it should be.
pub(crate) fn is_damage(driver: &rusqlite::Error) -> bool {
    matches!(
        driver.sqlite_error_code(),
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
    )
}

/// Whether a failed write says something about those to come: the disk, the file or the schema is to blame, and neither
/// what was written nor another's lock or failure, which the next write finds out for itself.
pub(crate) fn concerns_other_writes(driver: &rusqlite::Error) -> bool {
    driver.sqlite_error_code().is_some_and(|code| {
        !matches!(
            code,
            ErrorCode::ConstraintViolation
                | ErrorCode::DatabaseBusy
                | ErrorCode::DatabaseLocked
                | ErrorCode::OperationAborted
                | ErrorCode::OperationInterrupted
                | ErrorCode::ParameterOutOfRange
                | ErrorCode::SchemaChanged
                | ErrorCode::TooBig
                | ErrorCode::TypeMismatch
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_and_a_full_disk_may_pass_and_a_broken_file_does_not() {
        for (code, retry) in [
            (ffi::SQLITE_BUSY, true),
            (ffi::SQLITE_FULL, true),
            (ffi::SQLITE_IOERR, true),
            (ffi::SQLITE_READONLY, false),
            (ffi::SQLITE_CORRUPT, false),
            (ffi::SQLITE_NOTADB, false),
        ] {
            let driver = rusqlite::Error::SqliteFailure(ffi::Error::new(code), None);
            let error = map("it failed", driver);
            assert_eq!(error.is_retryable(), retry, "{code}");
            assert!(error.source().is_some());
        }
    }
    #[test]
    fn a_full_disk_concerns_all_writes_and_a_lock_or_a_refused_row_does_not() {
        for (code, expected) in [
            (ffi::SQLITE_FULL, true),
            (ffi::SQLITE_IOERR, true),
            (ffi::SQLITE_CORRUPT, true),
            (ffi::SQLITE_READONLY, true),
            (ffi::SQLITE_ERROR, true),
            (ffi::SQLITE_BUSY, false),
            (ffi::SQLITE_ABORT, false),
            (ffi::SQLITE_CONSTRAINT, false),
        ] {
            let driver = rusqlite::Error::SqliteFailure(ffi::Error::new(code), None);
            assert_eq!(concerns_other_writes(&driver), expected, "{code}");
        }
        assert!(!concerns_other_writes(&rusqlite::Error::IntegralValueOutOfRange(0, -1)));
    }
}
