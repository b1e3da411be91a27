use async_trait::async_trait;
use horizon_core::{Day, Result, SaltStore};

use super::{PostgresStore, secrets::bytes_32};
use crate::{columns::DateColumn, connection::Transaction, error::DatabaseError, sql::salts as sql};

const FAILED: &str = "the salt of the visitor keys cannot be read from PostgreSQL";

#[async_trait]
impl SaltStore for PostgresStore {
    async fn salt(&self, day: Day, fresh: [u8; 32]) -> Result<[u8; 32]> {
        let salt = self.find_or_store_salt(day, fresh).await;
        salt.map_err(|error| error.into_port_error(FAILED))
    }
}

impl PostgresStore {
    async fn find_or_store_salt(&self, day: Day, fresh: [u8; 32]) -> Result<[u8; 32], DatabaseError> {
        let column = DateColumn(day);
        let known = self
            .database
            .read(async |transaction| transaction.query_opt(sql::SALT, &[&column]).await)
            .await?;
        if let Some(known) = known {
            return bytes_32(&known, "salt");
        }
        let (oldest, value) = (DateColumn(day.previous()), fresh.as_slice());
        let stored = self
            .database
            .write(async |transaction| {
                transaction.execute(sql::EXPIRE_SALTS, &[&oldest]).await?;
                transaction.query_opt(sql::ADD_SALT, &[&column, &value]).await
            })
            .await?;
        stored.map_or(Ok(fresh), |row| bytes_32(&row, "salt"))
    }

    /// Erases the salts that are more than a day older than `today`.
    pub(super) async fn expire_salts(&self, today: Day) -> Result<(), DatabaseError> {
        let oldest = DateColumn(today.previous());
        let erase = async |transaction: &Transaction| transaction.execute(sql::EXPIRE_SALTS, &[&oldest]).await;
        self.database.write(erase).await.map(drop)
    }
}
