mod apply;
mod changes;
mod comment_row;
mod comments;
mod encoding;
mod facts;
mod reports;
mod retention;
mod salts;
mod secrets;
mod stats;
mod totals;

use std::{fmt, pin::Pin, sync::Arc};

use horizon_core::Result;

use crate::{PostgresConfig, connection::Database};
use reports::CachedZone;

/// A store of totals, reports, comments and salts in a PostgreSQL database, for any number of processes.
pub struct PostgresStore {
    database: Database,
    zone: Arc<CachedZone>,
}

impl PostgresStore {
    /// Returns the store in this database. Must be called within a tokio runtime. The first call of the store connects,
    /// and creates or migrates the schema.
    ///
    /// # Errors
    /// The connections cannot be set up.
    pub fn new(config: &PostgresConfig) -> Result<Self> {
        Ok(Self {
            database: Database::new(config)?,
            zone: Arc::default(),
        })
    }

    /// Returns the store in this database, like [`new`](Self::new), but never creates or migrates its schema. It is for
    /// programs that only read. If the schema is missing or of another version, all calls fail permanently.
    ///
    /// # Errors
    /// The connections cannot be set up.
    pub fn open_existing(config: &PostgresConfig) -> Result<Self> {
        let mut config = config.clone();
        config.migrates = false;
        Self::new(&config)
    }

    /// Closes the connections. Later calls fail permanently.
    pub fn close(&self) {
        self.database.close();
    }
}

impl fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresStore").finish_non_exhaustive()
    }
}

/// Boxes the future of a public method. The compiler cannot see that the futures of our transactions are `Send` when it
/// checks a future of an application that contains them ("implementation of `Send` is not general enough").
fn boxed<'a, T>(future: impl Future<Output = T> + Send + 'a) -> Pin<Box<dyn Future<Output = T> + Send + 'a>> {
    Box::pin(future)
}
