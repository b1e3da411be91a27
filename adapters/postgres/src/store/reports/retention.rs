use horizon_core::{Day, Timestamp};
use tokio_postgres::types::ToSql;

use super::{SiteRecord, site};
use crate::{
    columns::{DateColumn, unsigned},
    connection::Transaction,
    error::DatabaseError,
    sql::retention as sql,
    store::{PostgresStore, retention::ErasedRows},
};

/// The maximum number of packed parts that one transaction erases.
const ERASE_PACKED_PARTS: i64 = 4;

impl PostgresStore {
    /// Closes the days that ended 48 hours ago. Erases the states of visitors that no event can change any more, and
    /// packs the sessions of these days. Returns the day of the site at `now`.
    pub(in crate::store) async fn expire_reports(&self, now: Timestamp) -> Result<Day, DatabaseError> {
        let close = async |tx: &Transaction| close_days(tx, self, now).await;
        let (open, today) = self.database.write_alone(close).await?;
        self.erase(sql::EXPIRE_VISITOR_STATES, &DateColumn(open), ErasedRows::MayChange)
            .await?;
        self.pack_closed_days().await?;
        Ok(today)
    }

    /// Erases the sessions of closed days before `first`. Returns how many.
    pub(super) async fn erase_sessions(&self, first: Day, dry_run: bool) -> Result<u64, DatabaseError> {
        let count = async |tx: &Transaction| count_sessions(tx, self, first).await;
        let counted = self.database.read(count).await?;
        let Some((first, count)) = counted.filter(|(_, count)| *count > 0 && !dry_run) else {
            return Ok(counted.map_or(0, |(_, count)| count));
        };
        let first = DateColumn(first);
        let refuse = async |tx: &Transaction| tx.execute(sql::SET_FIRST_SESSION_DAY, &[&first]).await;
        self.database.write_alone(refuse).await?;
        self.erase(sql::EXPIRE_LOOSE_SESSIONS, &first, ErasedRows::AreFinal)
            .await?;
        let slice: (&(dyn ToSql + Sync), _) = (&first, ERASE_PACKED_PARTS);
        self.erase_slices(sql::EXPIRE_PACKED_SESSIONS, slice, ErasedRows::AreFinal)
            .await?;
        Ok(count)
    }
}

/// Closes days by the clock. Returns the first day whose visitors are kept, and the day at `now`.
async fn close_days(
    transaction: &Transaction,
    store: &PostgresStore,
    now: Timestamp,
) -> Result<(Day, Day), DatabaseError> {
    let stored = SiteRecord::read(transaction, &store.zone).await?.state;
    let mut state = stored.clone();
    state.close_by_clock(now);
    if state != stored {
        transaction.execute_all(site::write(&state).as_slice()).await?;
    }
    let cutoff = state.cutoff().unwrap_or_else(|| state.cutoff_by_clock(now));
    let zone = state.time_zone();
    Ok((zone.day_of(cutoff), zone.day_of(now)))
}

/// Returns the first day whose sessions are kept, at most the first open day, and the number of sessions before it.
async fn count_sessions(
    transaction: &Transaction,
    store: &PostgresStore,
    first: Day,
) -> Result<Option<(Day, u64)>, DatabaseError> {
    let Some(open) = SiteRecord::read(transaction, &store.zone).await?.open_day() else {
        return Ok(None);
    };
    let first = first.min(open);
    let row = transaction
        .query_opt(sql::COUNT_SESSIONS, &[&DateColumn(first)])
        .await?;
    let count = row.map(|row| unsigned(&row, "count")).transpose()?;
    Ok(Some((first, count.unwrap_or(0))))
}
