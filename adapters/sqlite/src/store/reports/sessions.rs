//! The sessions of a day: packed if the day is closed, and loose ones that are not packed yet.

use horizon_core::Day;
use horizon_core::reports::SessionRow;
use rusqlite::{OptionalExtension, Result};

use super::read;
use crate::sql::{Db, reports as sql};

/// Returns the sessions of a day.
pub(super) fn sessions_of(db: Db<'_>, day: Day) -> Result<Vec<SessionRow>> {
    read::loose_sessions(db, day, 0)
}

/// Returns the first day with sessions, from `first` on and before `end`.
pub(super) fn next_day(db: Db<'_>, first: Day, end: Day) -> Result<Option<Day>> {
    let next = |sql| {
        let mut statement = db.prepare(sql)?;
        let params = [first.number(), end.number()];
        statement.query_row(params, |row| row.get(0)).optional()
    };
    let days = [next(sql::NEXT_SESSION_DAY)?, next(sql::NEXT_PACKED_DAY)?];
    Ok(days.into_iter().flatten().min().map(Day::from_number))
}
