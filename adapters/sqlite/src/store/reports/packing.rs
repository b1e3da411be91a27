//! Packs the sessions of closed days into columns.
//!
//! A session is either loose, a row of its own, or in one packed part of its day. All sessions of a visitor on a day
//! are loose or in one part. A part has few enough sessions to be read, packed and written at once.

use std::collections::BTreeSet;
use std::sync::Arc;

use horizon_core::reports::{PackedSessions, SessionColumns, SessionRow, VisitorState};
use horizon_core::{Day, Result};
use rusqlite::{OptionalExtension, Row, Rows, params};

use super::encoding::decode;
use super::reader::ReadError;
use super::site::{SqlSite, SqlSiteZone};
use crate::sql::{Db, Sql, reports as sql};
use crate::store::{SqliteStore, ledger::to_signed};

/// The number of sessions from which on a part is full. It may exceed this number by the sessions of one visitor.
pub(super) const PART_SESSIONS: usize = 10_000;

/// Reads the loose sessions of a day in parts, ordered by their visitors.
pub(super) struct LooseSessions<'statement> {
    rows: Rows<'statement>,
    /// The first session of the next part.
    next: Option<SessionRow>,
}

/// A packed part that more sessions may join.
struct PartWithRoom {
    id: i64,
    sessions: Vec<SessionRow>,
}

impl<'statement> LooseSessions<'statement> {
    /// Takes the rows of [`sql::LOOSE_SESSIONS`].
    pub(super) const fn new(rows: Rows<'statement>) -> Self {
        Self { rows, next: None }
    }

    /// Returns the next sessions: none after the last, otherwise all of each visitor, and up to `limit` and those of
    /// one visitor.
    pub(super) fn next_part(&mut self, limit: usize) -> rusqlite::Result<Vec<SessionRow>> {
        let mut part: Vec<SessionRow> = self.next.take().into_iter().collect();
        while let Some(row) = self.rows.next()? {
            let session: SessionRow = decode(row.get_ref(0)?)?;
            let is_same_visitor = part
                .last()
                .is_some_and(|last| last.visitor.is_some() && last.visitor == session.visitor);
            if part.len() >= limit && !is_same_visitor {
                self.next = Some(session);
                break;
            }
            part.push(session);
        }
        Ok(part)
    }
}

impl PartWithRoom {
    /// Returns a part of the day that is not full with so many more sessions.
    fn find(db: Db<'_>, day: Day, sessions: usize) -> Result<Option<Self>, ReadError> {
        let room = to_signed(PART_SESSIONS.saturating_sub(sessions) as u64)?;
        let mut statement = db.prepare(sql::PACKED_PART_WITH_ROOM)?;
        let mut rows = statement.query([day.number(), room])?;
        let Some(row) = rows.next()? else { return Ok(None) };
        Ok(Some(Self {
            id: row.get(2)?,
            sessions: SessionColumns::new(packed_sessions(row)?, Some(packed_pages(row)?))?.to_rows()?,
        }))
    }
}

impl SqliteStore {
    /// Packs the sessions that no event can change any more, each part in a transaction of its own.
    pub(super) async fn pack_closed_days(&self) -> Result<()> {
        let zone = Arc::clone(&self.zone);
        let days = self.read_pool.read_alone(move |db| days_to_pack(db, &zone)).await?;
        for day in days {
            while self.writer.write(move |db| Ok(pack_part(db, day)?)).await? {}
        }
        Ok(())
    }
}

/// Returns the days with loose sessions that no event can change. A day that is in the list once never changes again.
fn days_to_pack(db: Db<'_>, zone: &SqlSiteZone) -> rusqlite::Result<Vec<Day>> {
    let site = SqlSite::read(db, zone)?;
    let Some(open) = site.open_day() else {
        return Ok(Vec::new());
    };
    let changing = changing_days(db, open)?;
    let mut days = Vec::new();
    let mut next = site.first_session_day.unwrap_or(Day::from_number(i64::MIN));
    while let Some(day) = next_day(db, sql::NEXT_LOOSE_DAY, next, open.previous())? {
        if !changing.contains(&day) {
            days.push(day);
        }
        next = day.next();
    }
    Ok(days)
}

/// Returns the days on which sessions started that an event may still change, of visitors with such a session before
/// `open`.
fn changing_days(db: Db<'_>, open: Day) -> rusqlite::Result<BTreeSet<Day>> {
    let mut statement = db.prepare(sql::STATES_WITH_SESSIONS_BEFORE)?;
    let mut rows = statement.query([open.number()])?;
    let mut days = BTreeSet::new();
    while let Some(row) = rows.next()? {
        days.extend(decode::<VisitorState>(row.get_ref(0)?)?.session_days());
    }
    Ok(days)
}

/// Moves loose sessions of a day into a part. Returns whether there may be more.
fn pack_part(db: Db<'_>, day: Day) -> Result<bool, ReadError> {
    let mut statement = db.prepare(sql::LOOSE_SESSIONS)?;
    let mut sessions = LooseSessions::new(statement.query([day.number()])?).next_part(PART_SESSIONS)?;
    let numbers: Vec<u32> = sessions.iter().map(|session| session.id.number).collect();
    if numbers.is_empty() {
        return Ok(false);
    }
    // Sessions that come late have no visitor, so they may be in any part.
    if let Some(part) = PartWithRoom::find(db, day, numbers.len())? {
        db.prepare(sql::REMOVE_PACKED_PART)?.execute([part.id])?;
        sessions.extend(part.sessions);
    }
    let count = to_signed(sessions.len() as u64)?;
    let packed = PackedSessions::new(day, sessions)?;
    db.prepare(sql::ADD_PACKED_PART)?
        .execute(params![day.number(), count, packed.sessions, packed.pages])?;
    let mut remove = db.prepare(sql::REMOVE_SESSION)?;
    for number in &numbers {
        remove.execute([day.number(), i64::from(*number)])?;
    }
    Ok(numbers.len() >= PART_SESSIONS)
}

/// Returns the first day with sessions, from `first` to `last`.
pub(super) fn next_session_day(db: Db<'_>, first: Day, last: Day) -> rusqlite::Result<Option<Day>> {
    let loose = next_day(db, sql::NEXT_LOOSE_DAY, first, last)?;
    let packed = next_day(db, sql::NEXT_PACKED_DAY, first, last)?;
    Ok(loose.into_iter().chain(packed).min())
}

pub(super) fn next_day(db: Db<'_>, sql: Sql, first: Day, last: Day) -> rusqlite::Result<Option<Day>> {
    let mut statement = db.prepare(sql)?;
    let day = statement.query_row([first.number(), last.number()], |row| row.get(0));
    Ok(day.optional()?.map(Day::from_number))
}

/// Returns the columns of the sessions in a row of `packed_sessions`.
pub(super) fn packed_sessions<'a>(row: &'a Row<'_>) -> rusqlite::Result<&'a [u8]> {
    Ok(row.get_ref(0)?.as_blob()?)
}

/// Returns the columns of their pages.
pub(super) fn packed_pages<'a>(row: &'a Row<'_>) -> rusqlite::Result<&'a [u8]> {
    Ok(row.get_ref(1)?.as_blob()?)
}
