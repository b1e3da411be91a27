use std::time::Duration;

use deadpool::managed::{PoolError, TimeoutType};
use horizon_core::Error;
use tokio_postgres::error::SqlState;

/// Why a call of PostgreSQL failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DatabaseError {
    #[error(transparent)]
    Driver(#[from] tokio_postgres::Error),
    #[error("PostgreSQL did not answer within {0:?}")]
    Timeout(Duration),
    #[error("all connections to PostgreSQL were in use for {0:?}")]
    Busy(Duration),
    #[error("the store is closed")]
    Closed,
    #[error("the schema has version {found}, and this program knows {known}: start a newer program")]
    NewerVersion { found: i32, known: i32 },
    #[error("the column `{column}` has an invalid value")]
    InvalidColumn {
        column: &'static str,
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// The classes and codes of errors that can pass without a change to the statement: the connection, resources, an
/// operator's intervention, the system, and conflicts with other transactions.
/// See <https://www.postgresql.org/docs/15/errcodes-appendix.html>.
const RETRYABLE_CLASSES: [&str; 5] = ["08", "40", "53", "57", "58"];

impl DatabaseError {
    /// Returns whether the same call may succeed later.
    pub(crate) fn is_retryable(&self) -> bool {
        match self {
            Self::Driver(driver) => match driver.code() {
                Some(code) => is_retryable_code(code),
                // Without a code the connection failed, or a value could not be converted.
                None => driver.is_closed() || is_connection_failure(driver),
            },
            Self::Timeout(_) | Self::Busy(_) => true,
            Self::Closed | Self::NewerVersion { .. } | Self::InvalidColumn { .. } => false,
        }
    }

    /// Wraps the error: `what` says what failed.
    pub(crate) fn into_port_error(self, what: &str) -> Error {
        let error = if self.is_retryable() {
            Error::unavailable(what)
        } else {
            Error::permanent(what)
        };
        error.with_source(self)
    }

    /// Converts an error of the pool. `wait` is how long a call waits for a connection, and `connect` how long for a new
    /// one.
    pub(crate) fn of_pool(error: PoolError<Self>, wait: Duration, connect: Duration) -> Self {
        match error {
            PoolError::Backend(error) => error,
            PoolError::Timeout(TimeoutType::Wait) => Self::Busy(wait),
            PoolError::Timeout(_) => Self::Timeout(connect),
            PoolError::Closed | PoolError::NoRuntimeSpecified | PoolError::PostCreateHook(_) => Self::Closed,
        }
    }
}

fn is_retryable_code(code: &SqlState) -> bool {
    let passes = [
        SqlState::LOCK_NOT_AVAILABLE,
        SqlState::OBJECT_IN_USE,
        SqlState::READ_ONLY_SQL_TRANSACTION,
    ];
    passes.contains(code) || RETRYABLE_CLASSES.iter().any(|class| code.code().starts_with(class))
}

fn is_connection_failure(driver: &tokio_postgres::Error) -> bool {
    let mut source = std::error::Error::source(driver);
    while let Some(error) = source {
        if error.is::<std::io::Error>() {
            return true;
        }
        source = error.source();
    }
    false
}
