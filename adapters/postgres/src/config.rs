use std::fmt;

use horizon_core::{Error, Result};

/// The schema of a URL without one.
const DEFAULT_SCHEMA: &str = "eventhorizon";

/// The address of a database, such as `postgres://app:secret@localhost/app?schema=numbers`.
#[derive(Clone)]
pub struct PostgresConfig {
    pub(crate) driver: tokio_postgres::Config,
    pub(crate) schema: String,
}

impl PostgresConfig {
    /// Parses a URL.
    ///
    /// # Errors
    /// Permanent if the URL is invalid. The message does not repeat it, because it may hold a password.
    pub fn new(url: &str) -> Result<Self> {
        let invalid = |error: tokio_postgres::Error| {
            Error::permanent("the URL of the PostgreSQL database is invalid").with_source(error)
        };
        Ok(Self {
            driver: url.parse().map_err(invalid)?,
            schema: DEFAULT_SCHEMA.into(),
        })
    }
}

impl fmt::Debug for PostgresConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresConfig").finish_non_exhaustive()
    }
}
