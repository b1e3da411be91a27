use std::sync::Arc;

use horizon_core::Error;
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
    use std::error::Error as _;

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
