use async_trait::async_trait;
use horizon_core::{Day, Result, SaltStore};
use rusqlite::{OptionalExtension, params};

use super::SqliteStore;
use crate::sql::{self, Db};

#[async_trait]
impl SaltStore for SqliteStore {
    async fn salt(&self, day: Day, fresh: [u8; 32]) -> Result<[u8; 32]> {
        if let Some(known) = self.read_pool.read(move |db| find(db, day)).await? {
            return Ok(known);
        }
        self.writer
            .write(move |db| {
                expire(db, day)?;
                db.prepare(sql::ADD_SALT)?.execute(params![day.number(), fresh])?;
                Ok(find(db, day)?.unwrap_or(fresh))
            })
            .await
    }
}

fn find(db: Db<'_>, day: Day) -> rusqlite::Result<Option<[u8; 32]>> {
    db.prepare(sql::SALT)?
        .query_row([day.number()], |row| row.get(0))
        .optional()
}

/// Erases the salts that are more than a day older than `today`.
pub(super) fn expire(db: Db<'_>, today: Day) -> rusqlite::Result<()> {
    db.prepare(sql::EXPIRE_SALTS)?
        .execute([today.previous().number()])
        .map(drop)
}
