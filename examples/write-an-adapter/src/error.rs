//! The conversion of redb's errors to the errors of the ports.

use horizon_core::Error;

/// An error of redb. redb has one error type per step, and `?` converts each.
///
/// Boxed, because redb's error is large and every `Result` would reserve space for it.
#[derive(Debug)]
pub(crate) struct RedbError(Box<redb::Error>);

impl<E: Into<redb::Error>> From<E> for RedbError {
    fn from(error: E) -> Self {
        Self(Box::new(error.into()))
    }
}

impl RedbError {
    /// Returns the error for a file with invalid content.
    pub(crate) fn corrupt(what: impl Into<String>) -> Self {
        redb::Error::Corrupted(what.into()).into()
    }

    /// Converts to the error of a port: `what` failed, and redb's error is the source.
    ///
    /// A port's error reports whether a retry of *the same call* may succeed. Another process may close the file. But
    /// after an I/O error redb fails every call until the file is opened again, so that is permanent, even on a full
    /// disk.
    pub(crate) fn into_port_error(self, what: &str) -> Error {
        let error = if matches!(*self.0, redb::Error::DatabaseAlreadyOpen) {
            Error::unavailable(what)
        } else {
            Error::permanent(what)
        };
        error.with_source(self.0)
    }
}
