//! The conversion of PostgreSQL's errors to the errors of the ports.

use std::{error::Error as StdError, fmt};

use horizon_core::Error;
use tokio_postgres::error::SqlState;

/// An error of the driver, or a row that this store did not write.
#[derive(Debug)]
pub(crate) enum DbError {
    Postgres(tokio_postgres::Error),
    InvalidRow(String),
}

/// The classes of SQLSTATE (PostgreSQL manual, appendix A) after which the same call may succeed: connection exception,
/// transaction rollback, insufficient resources, object not in prerequisite state, operator intervention.
const RETRYABLE_CLASSES: [&str; 5] = ["08", "40", "53", "55", "57"];

impl DbError {
    /// Converts to the error of a port: `what` failed, and this error is the source.
    pub(crate) fn into_port_error(self, what: &str) -> Error {
        let error = if self.is_retryable() {
            Error::unavailable(what)
        } else {
            Error::permanent(what)
        };
        error.with_source(self)
    }

    fn is_retryable(&self) -> bool {
        match self {
            Self::InvalidRow(_) => false,
            // Without a code the connection failed.
            Self::Postgres(error) => error.code().is_none_or(is_retryable_state),
        }
    }
}

fn is_retryable_state(state: &SqlState) -> bool {
    RETRYABLE_CLASSES.iter().any(|class| state.code().starts_with(class))
}

impl From<tokio_postgres::Error> for DbError {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Postgres(error)
    }
}

impl fmt::Display for DbError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Postgres(error) => fmt::Display::fmt(error, f),
            Self::InvalidRow(what) => write!(f, "a row is invalid: {what}"),
        }
    }
}

impl StdError for DbError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Postgres(error) => error.source(),
            Self::InvalidRow(_) => None,
        }
    }
}
