use std::sync::Arc;

use horizon_core::{Day, Result, Timestamp};

use super::site::{self, SqlSite, SqlSiteZone};
use crate::sql::{Db, reports as sql};
use crate::store::{SqliteStore, comments::row_limit, ledger::read_unsigned, stats::EXPIRE_ROWS};

/// The maximum number of packed parts that one transaction erases.
const EXPIRE_PACKED_PARTS: i64 = 4;

impl SqliteStore {
    /// Closes the days that ended 48 hours ago. Erases the states of visitors that no event can change any more, and
    /// packs the sessions of these days. Returns the day of the site at `now`.
    pub(in crate::store) async fn expire_reports(&self, now: Timestamp) -> Result<Day> {
        let zone = Arc::clone(&self.zone);
        let (open, today) = self.writer.write(move |db| close_days(db, &zone, now)).await?;
        let params = [open.number(), row_limit(EXPIRE_ROWS)];
        self.expire_rows(sql::EXPIRE_VISITOR_STATES, params).await?;
        self.pack_closed_days().await?;
        Ok(today)
    }

    /// Erases the sessions of closed days before `first`. Returns how many.
    pub(super) async fn erase_sessions(&self, first: Day, dry_run: bool) -> Result<u64> {
        let zone = Arc::clone(&self.zone);
        let counted = self
            .read_pool
            .read_alone(move |db| count_sessions(db, &zone, first))
            .await?;
        let Some((first, count)) = counted.filter(|(_, count)| *count > 0 && !dry_run) else {
            return Ok(counted.map_or(0, |(_, count)| count));
        };
        let params = [first.number()];
        self.writer
            .write(move |db| db.prepare(sql::SET_FIRST_SESSION_DAY)?.execute(params))
            .await?;
        let [first] = params;
        let params = [first, row_limit(EXPIRE_ROWS)];
        self.expire_rows(sql::EXPIRE_LOOSE_SESSIONS, params).await?;
        let erase = move |db: Db<'_>| {
            db.prepare(sql::EXPIRE_PACKED_SESSIONS)?
                .execute([first, EXPIRE_PACKED_PARTS])
        };
        while self.writer.write(erase).await? > 0 {}
        Ok(count)
    }
}

/// Returns the first day whose sessions are kept, at most the first open day, and the number of sessions before it.
fn count_sessions(db: Db<'_>, zone: &SqlSiteZone, first: Day) -> rusqlite::Result<Option<(Day, u64)>> {
    let Some(open) = SqlSite::read(db, zone)?.open_day() else {
        return Ok(None);
    };
    let first = first.min(open);
    let count = |sql| {
        db.prepare(sql)?
            .query_row([first.number()], |row| read_unsigned(row, 0))
    };
    let (packed, loose) = (count(sql::COUNT_PACKED_SESSIONS)?, count(sql::COUNT_LOOSE_SESSIONS)?);
    Ok(Some((first, packed.saturating_add(loose))))
}

/// Closes days by the clock. Returns the first day whose visitors are kept, and the day at `now`.
fn close_days(db: Db<'_>, zone: &SqlSiteZone, now: Timestamp) -> rusqlite::Result<(Day, Day)> {
    let site = SqlSite::read(db, zone)?;
    let mut state = site.state.clone();
    state.close_by_clock(now);
    if state != site.state {
        site::write(db, &state)?;
    }
    // Without dated events, there may still be visitors from before the store kept reports.
    let cutoff = state.cutoff().unwrap_or_else(|| state.cutoff_by_clock(now));
    let zone = state.time_zone();
    Ok((zone.day_of(cutoff), zone.day_of(now)))
}
