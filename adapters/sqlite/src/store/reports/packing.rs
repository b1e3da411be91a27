//! Packs the sessions of closed days into columns.

use std::sync::Arc;

use horizon_core::reports::{PackedSessions, SessionColumns};
use horizon_core::{Day, Result};
use rusqlite::{OptionalExtension, Row, params};

use super::reader::{ReadError, loose_sessions};
use super::site::{SqlSite, SqlSiteZone};
use crate::sql::{Db, reports as sql};
use crate::store::ledger::{read_unsigned, to_signed};
use crate::store::{SqliteStore, comments::row_limit, stats::EXPIRE_ROWS};

/// The row of a packed day.
pub(super) struct PackedRow<'a>(&'a Row<'a>);

/// What is known of a packed day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PackedDay {
    /// Sessions with a number from this on are not packed.
    pub(super) next: u32,
    pub(super) count: u64,
}

/// A day that is packed, or packed again because sessions came late.
struct DayToPack {
    day: Day,
    /// What was packed before.
    before: Option<PackedDay>,
    after: PackedDay,
    /// `None` if nothing is to be packed, but loose sessions are left from the time before.
    sessions: Option<PackedSessions>,
}

impl PackedRow<'_> {
    pub(super) fn sessions(&self) -> rusqlite::Result<&[u8]> {
        Ok(self.0.get_ref(2)?.as_blob()?)
    }

    pub(super) fn pages(&self) -> rusqlite::Result<&[u8]> {
        Ok(self.0.get_ref(3)?.as_blob()?)
    }
}

impl PackedDay {
    /// Passes the row of a day to `use_row` if the day is packed.
    pub(super) fn read(
        db: Db<'_>,
        day: Day,
        use_row: impl FnOnce(&PackedRow<'_>) -> Result<(), ReadError>,
    ) -> Result<Option<Self>, ReadError> {
        let mut statement = db.prepare(sql::PACKED_SESSIONS)?;
        let mut rows = statement.query([day.number()])?;
        let Some(row) = rows.next()? else { return Ok(None) };
        use_row(&PackedRow(row))?;
        Ok(Some(Self::of(row)?))
    }

    fn of(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            next: row.get(0)?,
            count: read_unsigned(row, 1)?,
        })
    }
}

/// Returns the first day with sessions, from `first` to `last`.
pub(super) fn next_session_day(db: Db<'_>, first: Day, last: Day) -> rusqlite::Result<Option<Day>> {
    let next = |sql| {
        let mut statement = db.prepare(sql)?;
        let params = [first.number(), last.number()];
        statement.query_row(params, |row| row.get(0)).optional()
    };
    let days = [next(sql::NEXT_LOOSE_DAY)?, next(sql::NEXT_PACKED_DAY)?];
    Ok(days.into_iter().flatten().min().map(Day::from_number))
}

impl SqliteStore {
    /// Packs the sessions of the days that no event can change any more. Each day is read outside of the transaction
    /// that writes, and its loose sessions are erased in several transactions.
    pub(super) async fn pack_closed_days(&self) -> Result<()> {
        let mut first = Day::from_number(i64::MIN);
        loop {
            let zone = Arc::clone(&self.zone);
            let next = self
                .read_pool
                .read_alone(move |db| DayToPack::next(db, &zone, first))
                .await?;
            let Some(day) = next else { return Ok(()) };
            first = day.day.next();
            let (number, zone) = (day.day.number(), Arc::clone(&self.zone));
            self.writer.write(move |db| day.write(db, &zone)).await?;
            let params = [number, row_limit(EXPIRE_ROWS)];
            self.expire_rows(sql::EXPIRE_PACKED_LOOSE_SESSIONS, params).await?;
        }
    }
}

impl DayToPack {
    /// Returns the next day from `first` on that has loose sessions and cannot change.
    fn next(db: Db<'_>, zone: &SqlSiteZone, first: Day) -> rusqlite::Result<Option<Self>> {
        let site = SqlSite::read(db, zone)?;
        let Some(open) = site.open_day() else { return Ok(None) };
        let mut statement = db.prepare(sql::FIRST_OPEN_SESSION_DAY)?;
        let changing: Option<i64> = statement.query_row([], |row| row.get(0)).optional()?;
        let end = changing.map_or(open, |day| open.min(Day::from_number(day)));
        let first = site.first_session_day.map_or(first, |kept| kept.max(first));
        let params = [first.number(), end.previous().number()];
        let day: Option<i64> = db
            .prepare(sql::NEXT_LOOSE_DAY)?
            .query_row(params, |row| row.get(0))
            .optional()?;
        let day = day.map(|day| Self::read(db, Day::from_number(day))).transpose();
        Ok(day?)
    }

    fn read(db: Db<'_>, day: Day) -> Result<Self, ReadError> {
        let mut sessions = Vec::new();
        let before = PackedDay::read(db, day, |packed| {
            sessions = SessionColumns::new(packed.sessions()?, Some(packed.pages()?))?.to_rows()?;
            Ok(())
        })?;
        let loose = loose_sessions(db, day, before.map_or(0, |before| before.next))?;
        let Some(last) = loose.iter().map(|session| session.id.number).max() else {
            let after = before.unwrap_or(PackedDay { next: 0, count: 0 });
            return Ok(Self {
                day,
                before,
                after,
                sessions: None,
            });
        };
        sessions.extend(loose);
        let after = PackedDay {
            next: last.saturating_add(1),
            count: sessions.len() as u64,
        };
        Ok(Self {
            day,
            before,
            after,
            sessions: Some(PackedSessions::new(day, sessions)?),
        })
    }

    /// Stores the packed sessions, unless another process has packed or erased them meanwhile.
    fn write(&self, db: Db<'_>, zone: &SqlSiteZone) -> rusqlite::Result<()> {
        let Some(sessions) = &self.sessions else { return Ok(()) };
        let found = db
            .prepare(sql::PACKED_DAY)?
            .query_row([self.day.number()], PackedDay::of)
            .optional()?;
        let site = SqlSite::read(db, zone)?;
        if found != self.before || site.first_session_day.is_some_and(|first| self.day < first) {
            return Ok(());
        }
        let count = to_signed(self.after.count)?;
        db.prepare(sql::SET_PACKED_SESSIONS)?.execute(params![
            self.day.number(),
            self.after.next,
            count,
            sessions.sessions,
            sessions.pages
        ])?;
        Ok(())
    }
}
