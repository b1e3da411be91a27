use std::error::Error as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use horizon_core::{Error, Result, panic_message};
use rusqlite::{ErrorCode, ffi};

/// Returns the port's error for an error of the driver, which becomes its source.
pub(crate) fn map(what: &str, driver: impl Into<Arc<rusqlite::Error>>) -> Error {
    let driver = driver.into();
    let error = if is_transient(&driver) {
        Error::unavailable(what)
    } else {
        Error::permanent(what)
    };
    error.with_source(driver)
}

/// Why the work of one caller failed.
pub(crate) enum WorkError {
    Driver(rusqlite::Error),
    /// The message of the panic.
    Panic(String),
}

impl WorkError {
    pub(crate) fn driver(&self) -> Option<&rusqlite::Error> {
        match self {
            Self::Driver(driver) => Some(driver),
            Self::Panic(_) => None,
        }
    }

    pub(crate) fn into_error(self, what: &str) -> Error {
        match self {
            Self::Driver(driver) => map(what, driver),
            Self::Panic(message) => Error::permanent(format!("{what}: its code panicked: {message}")),
        }
    }
}

/// Runs the work of one caller. A panic fails this work only, and the thread continues.
pub(crate) fn catch_panic<T>(work: impl FnOnce() -> rusqlite::Result<T>) -> Result<T, WorkError> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(result) => result.map_err(WorkError::Driver),
        Err(panic) => {
            let message = panic_message(&*panic).to_owned();
            tracing::error!(
                message,
                "a query or write of the database panicked; its changes are rolled back"
            );
            Err(WorkError::Panic(message))
        }
    }
}

/// The error of a transaction that SQLite rolled back because of another caller's work in it, e.g. on a full disk.
pub(crate) fn aborted() -> rusqlite::Error {
    rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_ABORT), None)
}

/// Returns whether a retry may succeed: the cause is a lock, the disk or memory.
fn is_transient(driver: &rusqlite::Error) -> bool {
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

/// Returns whether the cause is another connection's lock.
pub(crate) fn is_lock(error: &Error) -> bool {
    let driver = error
        .source()
        .and_then(|source| source.downcast_ref::<Arc<rusqlite::Error>>());
    let code = driver.and_then(|driver| driver.sqlite_error_code());
    matches!(code, Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}

/// Returns whether a part of the file is damaged.
pub(crate) fn is_damage(driver: &rusqlite::Error) -> bool {
    matches!(
        driver.sqlite_error_code(),
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
    )
}

/// Returns whether later writes are likely to fail too: the cause is the disk, the file or the schema, not the written
/// row, a lock or another caller's work.
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
    fn a_lock_and_a_full_disk_are_retryable_and_a_damaged_file_is_not() {
        for (code, is_retryable) in [
            (ffi::SQLITE_BUSY, true),
            (ffi::SQLITE_FULL, true),
            (ffi::SQLITE_IOERR, true),
            (ffi::SQLITE_READONLY, false),
            (ffi::SQLITE_CORRUPT, false),
            (ffi::SQLITE_NOTADB, false),
        ] {
            let driver = rusqlite::Error::SqliteFailure(ffi::Error::new(code), None);
            let error = map("it failed", driver);
            assert_eq!(error.is_retryable(), is_retryable, "{code}");
            assert!(error.source().is_some());
        }
    }

    #[test]
    fn a_full_disk_concerns_all_writes_and_a_lock_or_a_rejected_row_does_not() {
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
