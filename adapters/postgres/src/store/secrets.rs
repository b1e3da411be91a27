use horizon_core::Result;
use tokio_postgres::Row;

use super::{PostgresStore, boxed};
use crate::{
    columns::invalid,
    connection::{Params, Transaction},
    error::DatabaseError,
    sql::secrets as sql,
};

/// The name of the secret that signs cookies.
const SECRET: &str = "secret";

/// The name of the key of login sessions.
const LOGIN_KEY: &str = "login_key";

impl PostgresStore {
    /// Returns the secret that all processes with this store share. The first call stores `fresh` as the secret.
    ///
    /// ```no_run
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use horizon_postgres::{PostgresConfig, PostgresStore};
    /// # let store = PostgresStore::new(&PostgresConfig::new("postgres://localhost/app")?)?;
    /// let signs_cookies = store.secret([7; 32]).await?; // pass 32 random bytes
    /// assert_eq!(store.secret([8; 32]).await?, signs_cookies);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of a write. Permanent if the stored secret does not have 32 bytes.
    pub async fn secret(&self, fresh: [u8; 32]) -> Result<[u8; 32]> {
        let secret = boxed(self.find_or_store_secret(SECRET, fresh)).await;
        secret.map_err(|error| error.into_port_error("the secret that signs cookies cannot be read from PostgreSQL"))
    }

    /// Returns the key of login sessions, like [`secret`](Self::secret).
    ///
    /// # Errors
    /// Those of a write. Permanent if the stored key does not have 32 bytes.
    pub async fn login_key(&self, fresh: [u8; 32]) -> Result<[u8; 32]> {
        let key = boxed(self.find_or_store_secret(LOGIN_KEY, fresh)).await;
        key.map_err(|error| error.into_port_error("the key of login sessions cannot be read from PostgreSQL"))
    }

    /// Replaces the key of login sessions, for all processes with this store.
    ///
    /// # Errors
    /// Those of a write.
    pub async fn replace_login_key(&self, new: [u8; 32]) -> Result<()> {
        let new = new.as_slice();
        let replace = async |transaction: &Transaction| {
            let params: Params<'_> = &[&LOGIN_KEY, &new];
            transaction.execute(sql::REPLACE_SECRET, params).await
        };
        let replaced = boxed(self.database.write(replace)).await;
        let what = "the key of login sessions cannot be replaced in PostgreSQL";
        replaced.map(drop).map_err(|error| error.into_port_error(what))
    }

    async fn find_or_store_secret(&self, name: &'static str, fresh: [u8; 32]) -> Result<[u8; 32], DatabaseError> {
        let known = self
            .database
            .read(async |transaction| transaction.query_opt(sql::SECRET, &[&name]).await)
            .await?;
        if let Some(known) = known {
            return bytes_32(&known, "value");
        }
        let value = fresh.as_slice();
        let stored = self
            .database
            .write(async |transaction| transaction.query_opt(sql::ADD_SECRET, &[&name, &value]).await)
            .await?;
        stored.map_or(Ok(fresh), |row| bytes_32(&row, "value"))
    }

    /// Returns the identity of this store: equal for all processes that use it, and different for every other store. A
    /// copy of the schema has the same identity.
    ///
    /// # Errors
    /// PostgreSQL is unavailable, or the schema cannot be read.
    pub async fn identity(&self) -> Result<String> {
        let read = async |transaction: &Transaction| transaction.query_opt(sql::IDENTITY, &[]).await;
        let row = boxed(self.database.read(read)).await;
        let identity = row.and_then(|row| Ok(row.ok_or_else(no_site)?.try_get("identity")?));
        let what = "the identity of the store cannot be read from PostgreSQL";
        identity.map_err(|error: DatabaseError| error.into_port_error(what))
    }

    /// Checks that PostgreSQL accepts writes, for a readiness endpoint: commits a small one.
    ///
    /// # Errors
    /// Those of a write.
    pub async fn check_writable(&self) -> Result<()> {
        let check = async |transaction: &Transaction| {
            // Sent together, so that a stopped process does not keep the lock of the row.
            tokio::try_join!(biased; transaction.execute(sql::CHECK_WRITABLE, &[]), transaction.commit())
        };
        let written = boxed(self.database.write(check)).await;
        let what = "PostgreSQL accepts no writes";
        written.map(drop).map_err(|error| error.into_port_error(what))
    }
}

fn no_site() -> DatabaseError {
    invalid("identity", "the table `site` has no row")
}

/// Returns the 32 bytes in a column of the type `bytea`.
pub(super) fn bytes_32(row: &Row, column: &'static str) -> Result<[u8; 32], DatabaseError> {
    let bytes: &[u8] = row.try_get(column)?;
    bytes.try_into().map_err(|error| invalid(column, error))
}
