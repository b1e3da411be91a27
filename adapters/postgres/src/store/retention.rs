//! Erases what is too old, in small transactions.

use horizon_core::{DEDUPE_WINDOW, Timestamp};
use tokio_postgres::types::ToSql;

use super::PostgresStore;
use crate::{
    columns::UuidColumn,
    connection::{Params, Transaction},
    error::DatabaseError,
    sql::{SqlStatement, retention as sql},
};

/// The maximum number of rows that one transaction erases, which counting may have to wait for.
const ERASE_ROWS: i64 = 5_000;

/// Whether counting may change the rows that are erased.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ErasedRows {
    /// It may, so the transaction that erases takes the lock of the site.
    MayChange,
    /// Nothing changes them.
    AreFinal,
}

impl PostgresStore {
    /// Erases the rows that [`StatsStore::expire`](horizon_core::StatsStore::expire) describes.
    pub(super) async fn erase_expired(&self, now: Timestamp) -> Result<(), DatabaseError> {
        let oldest = now.minus(DEDUPE_WINDOW);
        let (id, millis) = (first_id(oldest), oldest.as_millis());
        self.erase(sql::EXPIRE_EVENT_IDS, &id, ErasedRows::AreFinal).await?;
        self.erase(sql::EXPIRE_OTHER_EVENT_IDS, &millis, ErasedRows::AreFinal)
            .await?;
        self.erase(sql::EXPIRE_UNLIKES, &millis, ErasedRows::MayChange).await?;
        let today = self.expire_reports(now).await?;
        self.expire_salts(today).await
    }

    /// Erases all rows before `first`.
    pub(super) async fn erase(
        &self,
        sql: SqlStatement,
        first: &(dyn ToSql + Sync),
        rows: ErasedRows,
    ) -> Result<(), DatabaseError> {
        self.erase_slices(sql, (first, ERASE_ROWS), rows).await
    }

    /// Erases rows in several transactions, each of up to `limit` rows.
    pub(super) async fn erase_slices(
        &self,
        sql: SqlStatement,
        (first, limit): (&(dyn ToSql + Sync), i64),
        rows: ErasedRows,
    ) -> Result<(), DatabaseError> {
        let params: Params<'_> = &[first, &limit];
        loop {
            let erase = async |transaction: &Transaction| transaction.execute(sql, params).await;
            let erased = match rows {
                ErasedRows::MayChange => self.database.write_alone(erase).await?,
                ErasedRows::AreFinal => self.database.write(erase).await?,
            };
            if erased < limit.unsigned_abs() {
                return Ok(());
            }
        }
    }
}

/// Returns the first id of events at this time: a UUID of version 7 starts with it.
fn first_id(at: Timestamp) -> UuidColumn {
    UuidColumn(u128::try_from(at.as_millis()).unwrap_or(0) << 80)
}
