use horizon_core::{DEDUPE_WINDOW, Timestamp};

use super::PostgresStore;
use crate::{
    error::DatabaseError,
    sql::{Sql, stats as sql},
};

/// The maximum number of rows that one transaction erases, so that counting does not wait for the locks of many.
const EXPIRE_ROWS: i64 = 10_000;

impl PostgresStore {
    /// Erases what [`StatsStore::expire`](horizon_core::StatsStore::expire) says.
    pub(super) async fn erase_expired(&self, now: Timestamp) -> Result<(), DatabaseError> {
        let oldest = now.minus(DEDUPE_WINDOW).as_millis();
        self.erase_before(sql::EXPIRE_EVENT_IDS, oldest).await?;
        self.erase_before(sql::EXPIRE_UNLIKES, oldest).await?;
        let today = self.expire_reports(now).await?;
        self.expire_salts(today).await
    }

    /// Erases rows before `oldest` in several transactions. The last parameter of the statement is the limit of one.
    async fn erase_before(&self, statement: Sql, oldest: i64) -> Result<(), DatabaseError> {
        let limit = EXPIRE_ROWS.unsigned_abs();
        let erase = async || {
            let rows = self
                .database
                .write(async |transaction| transaction.execute(statement, &[&oldest, &EXPIRE_ROWS]).await);
            rows.await
        };
        while erase().await? >= limit {}
        Ok(())
    }
}
