//! The edge: where the driver's errors become the port's.

use horizon_core::Error;

/// What redb failed with, whichever step it was: redb has an error type for each, `?` makes one of them.
///
/// Boxed, because redb's own is large and every answer would keep room for it.
#[derive(Debug)]
pub(crate) struct Failed(Box<redb::Error>);

impl<E: Into<redb::Error>> From<E> for Failed {
    fn from(error: E) -> Self {
        Self(Box::new(error.into()))
    }
}

impl Failed {
    /// The file holds what this program never wrote.
    pub(crate) fn corrupt(what: impl Into<String>) -> Self {
        redb::Error::Corrupted(what.into()).into()
    }

    /// Says what failed and whether it may pass, and keeps redb's error as the source.
    ///
    /// The port asks one question: may *the same call* succeed later? Another process may close the
    /// file. But after an I/O error redb refuses everything until the file is opened anew, so it is
    /// permanent, even if the disk was only full: somebody has to make room and start again.
    pub(crate) fn during(self, what: &str) -> Error {
        let error = if matches!(*self.0, redb::Error::DatabaseAlreadyOpen) {
            Error::unavailable(what)
        } else {
            Error::permanent(what)
        };
        error.with_source(self.0)
    }
}
