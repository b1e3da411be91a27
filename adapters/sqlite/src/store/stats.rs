use std::sync::Arc;

use async_trait::async_trait;
use horizon_core::{
    DEDUPE_WINDOW, Error, Event, ReaderId, Result, StatsStore, Timestamp, Topic, Update,
    reports::{Reports, apply_events_with_reports},
};
use rusqlite::{params, params_from_iter};
use tokio::task::spawn_blocking;

use super::{
    SqliteStore, comments,
    ledger::{SqlLedger, read_total},
    salts,
};
use crate::{
    connection,
    sql::{self, Sql},
};

/// The maximum number of rows that one transaction of [`StatsStore::expire`] erases, so that other writes are not
/// delayed.
pub(super) const EXPIRE_ROWS: usize = 10_000;

#[async_trait]
impl StatsStore for SqliteStore {
    async fn apply(&self, events: &[Event]) -> Result<Vec<Update>> {
        let (events, zone): (Arc<[Event]>, _) = (events.into(), Arc::clone(&self.zone));
        self.writer
            .write(move |db| apply_events_with_reports(&mut SqlLedger::new(db, &zone)?, &events))
            .await
    }

    async fn totals(&self, topics: &[Topic]) -> Result<Vec<Update>> {
        let topics = topics.to_vec();
        self.read_pool
            .read(move |db| topics.iter().map(|topic| read_total(db, topic)).collect())
            .await
    }

    async fn is_liked_by(&self, topic: &Topic, reader: ReaderId) -> Result<bool> {
        let (topic, reader) = (topic.to_string(), reader.as_u128().to_be_bytes());
        self.read_pool
            .read(move |db| db.prepare(sql::IS_LIKED_BY)?.exists(params![topic, reader]))
            .await
    }

    fn reports(&self) -> Option<&dyn Reports> {
        Some(self)
    }

    async fn expire(&self, now: Timestamp) -> Result<()> {
        let oldest = [now.minus(DEDUPE_WINDOW).as_millis(), comments::row_limit(EXPIRE_ROWS)];
        self.expire_rows(sql::EXPIRE_COUNTED, oldest).await?;
        self.expire_rows(sql::EXPIRE_UNLIKES, oldest).await?;
        let today = self.expire_reports(now).await?;
        self.writer.write(move |db| salts::expire(db, today)).await?;
        if let Err(error) = self.writer.write(|db| db.run(sql::OPTIMIZE)).await {
            tracing::warn!(%error, path = %self.path.display(), "{}", connection::NO_STATISTICS);
        }
        self.truncate_log().await
    }
}

impl SqliteStore {
    /// Erases rows in several transactions. The last parameter of the statement is the limit of one of them,
    /// [`EXPIRE_ROWS`].
    pub(super) async fn expire_rows<const N: usize>(&self, sql: Sql, params: [i64; N]) -> Result<()> {
        while self
            .writer
            .write(move |db| db.prepare(sql)?.execute(params_from_iter(params)))
            .await?
            >= EXPIRE_ROWS
        {}
        Ok(())
    }

    /// Empties the write-ahead log, where erased rows stay readable until they are overwritten. A long read may prevent
    /// it this time.
    async fn truncate_log(&self) -> Result<()> {
        let (path, health) = (self.path.clone(), Arc::clone(&self.health));
        let truncated = spawn_blocking(move || {
            health.check_files()?;
            connection::truncate_log(&path)
        });
        truncated
            .await
            .map_err(|e| Error::unavailable("the write-ahead log was not emptied").with_source(e))?
    }
}
