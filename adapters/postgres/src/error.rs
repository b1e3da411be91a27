use std::{error::Error as StdError, io, time::Duration};

use deadpool::managed::{PoolError, TimeoutType};
use horizon_core::Error;
use tokio_postgres::error::{Severity, SqlState};

use crate::connection::{TlsSetupError, is_handshake_failure};

/// Why a call to PostgreSQL failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DatabaseError {
    #[error(transparent)]
    Driver(#[from] tokio_postgres::Error),
    #[error(transparent)]
    Tls(#[from] TlsSetupError),
    #[error("PostgreSQL did not answer within {0:?}")]
    Timeout(Duration),
    #[error("all connections to PostgreSQL were in use for {0:?}")]
    Busy(Duration),
    #[error("the store is closed")]
    Closed,
    #[error("PostgreSQL no longer lets this program in")]
    LockedOut(#[source] Box<Self>),
    #[error(
        "the server is a standby, which accepts no writes: it has to be promoted, or the URL must name the primary"
    )]
    Standby(#[source] tokio_postgres::Error),
    #[error(
        "the database has the encoding {0}, and pages and comments need UTF8: create another one with \
         `CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0`"
    )]
    Encoding(String),
    #[error("the schema has version {found}, and this program knows {known}: start a newer program")]
    NewerVersion { found: i32, known: i32 },
    #[error(
        "the schema has version {found}, and this program reads {known}: start the new version of the program that \
         counts, which migrates it"
    )]
    OlderVersion { found: i32, known: i32 },
    #[error(
        "there are no numbers in the schema `{0}`: start the program that counts, which creates its tables, or correct \
         `?schema=`"
    )]
    NoSchema(String),
    #[error("the schema `{0}` has tables of another program: choose an empty or new one with `?schema=`")]
    OtherTables(String),
    #[error("a right is missing; as the owner of the database or schema, run: {grant}")]
    MissingRight {
        grant: String,
        #[source]
        source: tokio_postgres::Error,
    },
    #[error("the column `{column}` has an invalid value")]
    InvalidColumn {
        column: &'static str,
        #[source]
        source: Box<dyn StdError + Send + Sync>,
    },
}

/// The classes of errors that can pass without a change to the statement: the connection, conflicts with other
/// transactions, resources, an operator's intervention, and the system.
/// See <https://www.postgresql.org/docs/15/errcodes-appendix.html>.
const RETRYABLE_CLASSES: [&str; 5] = ["08", "40", "53", "57", "58"];

/// Errors of other classes that can pass: the server ended a transaction that was open for too long, together with its
/// connection; another transaction holds a lock; the server is read-only during a failover; or a statement failed
/// because one before it did.
const RETRYABLE_CODES: [&str; 6] = ["25006", "25P02", "25P03", "25P04", "55006", "55P03"];

/// Errors of the classes above that persist: the database was dropped.
const PERMANENT_CODES: [&str; 1] = ["57P04"];

/// Errors of a client that may not log in: because of `pg_hba.conf`, the password, or the database.
const LOCKED_OUT_CODES: [&str; 3] = ["28000", "28P01", "3D000"];

impl DatabaseError {
    /// Returns whether the same call may succeed later.
    pub(crate) fn is_retryable(&self) -> bool {
        match self {
            Self::Driver(driver) => match (driver.code(), driver.as_db_error()) {
                // PostgreSQL rejects a message with this code. PgBouncer, which has no other code, ends the connection:
                // it cannot reach the server, or a connection to it did not become free.
                (Some(&SqlState::PROTOCOL_VIOLATION), Some(db)) => db.parsed_severity() != Some(Severity::Error),
                (Some(code), _) => is_retryable_code(code.code()),
                // Without a code the connection failed, or a value could not be converted.
                (None, _) => is_broken(driver),
            },
            Self::Timeout(_) | Self::Busy(_) | Self::LockedOut(_) | Self::Standby(_) => true,
            Self::Tls(_)
            | Self::Closed
            | Self::Encoding(_)
            | Self::NewerVersion { .. }
            | Self::OlderVersion { .. }
            | Self::NoSchema(_)
            | Self::OtherTables(_)
            | Self::MissingRight { .. }
            | Self::InvalidColumn { .. } => false,
        }
    }

    /// Returns the driver error if the user lacks a right, otherwise this error.
    pub(crate) fn into_missing_right(self) -> Result<tokio_postgres::Error, Self> {
        match self {
            Self::Driver(driver) if driver.code() == Some(&SqlState::INSUFFICIENT_PRIVILEGE) => Ok(driver),
            other => Err(other),
        }
    }

    /// Returns whether the server is unavailable. False if it only refuses a program or a transaction.
    pub(crate) fn is_outage(&self) -> bool {
        self.is_retryable() && !matches!(self, Self::Standby(_))
    }

    /// Makes a failed login retryable. This program has logged in before, so an operator is changing a password, a
    /// certificate, `pg_hba.conf` or the database.
    pub(crate) fn into_locked_out(self) -> Self {
        let is_locked_out = match &self {
            Self::Tls(_) => true,
            Self::Driver(driver) => {
                is_handshake_failure(driver)
                    || driver
                        .code()
                        .is_some_and(|code| LOCKED_OUT_CODES.contains(&code.code()))
            }
            _ => false,
        };
        if is_locked_out {
            Self::LockedOut(Box::new(self))
        } else {
            self
        }
    }

    /// Converts an error of the statements that begin a transaction.
    pub(crate) fn of_begin(driver: tokio_postgres::Error) -> Self {
        // Only `READ WRITE` can be unsupported: a standby refuses it.
        if driver.code() == Some(&SqlState::FEATURE_NOT_SUPPORTED) {
            Self::Standby(driver)
        } else {
            driver.into()
        }
    }

    /// Wraps the error: `what` says what failed.
    pub(crate) fn into_port_error(self, what: &str) -> Error {
        let message = match self.advice() {
            Some(advice) => format!("{what}: {advice}"),
            None => what.to_owned(),
        };
        let error = if self.is_retryable() {
            Error::unavailable(message)
        } else {
            Error::permanent(message)
        };
        error.with_source(self)
    }

    /// Returns what an operator can do.
    fn advice(&self) -> Option<&'static str> {
        let driver = match self {
            Self::Driver(driver) => driver,
            Self::LockedOut(error) => return error.advice(),
            _ => return None,
        };
        Some(match driver.code()?.code() {
            "53100" => "the disk of PostgreSQL is full, make room",
            "53300" => "PostgreSQL has no connection left, raise `max_connections` or use PgBouncer",
            "28000" => "PostgreSQL does not let this user in, check `pg_hba.conf` and `sslmode`",
            "28P01" => "PostgreSQL rejects the password of the URL",
            "3D000" => "the database of the URL does not exist, create it",
            "42501" => "the user of the URL lacks a right, grant it",
            "42P01" => "a table is missing in the schema, restore it from a backup",
            "26000" | "42P05" => "a connection pool mixes connections, add `statement_cache=off` to the URL",
            _ => return None,
        })
    }

    /// Converts an error of the pool. `wait` is how long a call waits for a connection, and `connect` how long for a
    /// new one.
    pub(crate) fn of_pool(error: PoolError<Self>, wait: Duration, connect: Duration) -> Self {
        match error {
            PoolError::Backend(error) => error,
            PoolError::Timeout(TimeoutType::Wait) => Self::Busy(wait),
            PoolError::Timeout(_) => Self::Timeout(connect),
            PoolError::Closed | PoolError::NoRuntimeSpecified | PoolError::PostCreateHook(_) => Self::Closed,
        }
    }
}

fn is_retryable_code(code: &str) -> bool {
    let is_retryable = RETRYABLE_CODES.contains(&code) || RETRYABLE_CLASSES.iter().any(|class| code.starts_with(class));
    is_retryable && !PERMANENT_CODES.contains(&code)
}

/// Returns whether the connection failed for a reason other than the certificate of the server.
fn is_broken(driver: &tokio_postgres::Error) -> bool {
    let is_io = driver.source().is_some_and(|source| source.is::<io::Error>());
    driver.is_closed() || is_io && !is_handshake_failure(driver)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_pass_is_retryable() {
        for (code, is_retryable) in [
            ("08006", true),  // connection_failure
            ("23505", false), // unique_violation
            ("25006", true),  // read_only_sql_transaction: a failover is under way
            ("25P03", true),  // idle_in_transaction_session_timeout
            ("28P01", false), // invalid_password
            ("28000", false), // no line of pg_hba.conf
            ("3D000", false), // invalid_catalog_name
            ("40001", true),  // serialization_failure
            ("40P01", true),  // deadlock_detected
            ("42501", false), // insufficient_privilege
            ("42601", false), // syntax_error
            ("42P01", false), // undefined_table
            ("53100", true),  // disk_full
            ("53200", true),  // out_of_memory
            ("53300", true),  // too_many_connections
            ("55P03", true),  // lock_not_available
            ("57014", true),  // query_canceled, as by statement_timeout
            ("57P01", true),  // admin_shutdown
            ("57P02", true),  // crash_shutdown
            ("57P03", true),  // cannot_connect_now
            ("57P04", false), // database_dropped
            ("57P05", true),  // idle_session_timeout
            ("58030", true),  // io_error
            ("XX001", false), // data_corrupted
        ] {
            assert_eq!(is_retryable_code(code), is_retryable, "{code}");
        }
    }

    #[test]
    fn the_sentence_says_whether_to_try_again() {
        let error = DatabaseError::Timeout(Duration::from_secs(1)).into_port_error("the events were not stored");
        assert!(error.is_retryable());
        assert_eq!(error.to_string(), "the events were not stored");
        let newer = DatabaseError::NewerVersion { found: 2, known: 1 }.into_port_error("the events were not stored");
        assert!(!newer.is_retryable());
    }
}
