//! Packs the sessions of closed days into columns.
//!
//! A session is either loose, a row of its own, or in one packed part of its day. All sessions of a visitor on a day
//! are loose or in one part. A part has few enough sessions to be read, packed and written at once.
//!
//! Packing does not take the lock of the site, so counting does not wait for it. It is safe because counting only adds
//! sessions without a visitor to these days, and because only one transaction can delete a row.

use std::collections::BTreeSet;

use horizon_core::{
    Day,
    reports::{PackedSessions, SessionColumns, SessionColumnsError, SessionRow, VisitorState},
};
use tokio_postgres::Row;

use crate::{
    columns::DateColumn,
    connection::Transaction,
    error::DatabaseError,
    sql::retention as sql,
    store::{PostgresStore, encoding::decode, reports::SiteRecord},
};

/// The number of sessions from which on a part is full. A part may exceed it by the sessions of one visitor.
const PART_SESSIONS: usize = 10_000;

/// The loose sessions of several days, ordered by day and visitor, in parts.
#[derive(Default)]
pub(super) struct UnpackedSessions(Vec<SessionRow>);

impl UnpackedSessions {
    /// Adds a row with the column `session`. Returns the previous part if it is full or of another day.
    pub(super) fn add(&mut self, row: &Row) -> Result<Option<Vec<SessionRow>>, DatabaseError> {
        let session = session(row)?;
        let is_full = self.0.last().is_some_and(|last| {
            let is_same_visitor = last.visitor.is_some() && last.visitor == session.visitor;
            last.id.day != session.id.day || (self.0.len() >= PART_SESSIONS && !is_same_visitor)
        });
        let part = is_full.then(|| std::mem::take(&mut self.0));
        self.0.push(session);
        Ok(part)
    }

    /// Returns the last part.
    pub(super) fn finish(self) -> Option<Vec<SessionRow>> {
        (!self.0.is_empty()).then_some(self.0)
    }
}

/// Packs sessions of one day.
pub(super) fn pack(sessions: Vec<SessionRow>) -> Result<PackedSessions, SessionColumnsError> {
    let day = sessions.first().map_or(Day::from_number(0), |session| session.id.day);
    PackedSessions::new(day, sessions)
}

fn session(row: &Row) -> Result<SessionRow, DatabaseError> {
    decode(row.try_get("session")?)
}

impl PostgresStore {
    /// Packs the sessions that no event can change any more, each part in a transaction of its own.
    pub(in crate::store) async fn pack_closed_days(&self) -> Result<(), DatabaseError> {
        let days = self.database.read(async |tx| days_to_pack(tx, self).await).await?;
        for day in days {
            while self.database.write(async |tx| pack_part(tx, day).await).await? {}
        }
        Ok(())
    }
}

/// Returns the days with loose sessions that no event can change. Such a day never becomes changeable again.
async fn days_to_pack(transaction: &Transaction, store: &PostgresStore) -> Result<Vec<Day>, DatabaseError> {
    let site = SiteRecord::read(transaction, &store.zone).await?;
    let Some(open) = site.open_day() else {
        return Ok(Vec::new());
    };
    let changing = changing_days(transaction, open).await?;
    let first = site.first_session_day.unwrap_or(Day::from_number(i64::MIN));
    let (first, open) = (DateColumn(first), DateColumn(open));
    let mut days = Vec::new();
    for row in transaction.query(sql::LOOSE_DAYS, &[&first, &open]).await? {
        let DateColumn(day) = row.try_get(0)?;
        if !changing.contains(&day) {
            days.push(day);
        }
    }
    Ok(days)
}

/// Returns the days on which sessions started that an event may still change, of visitors with such a session before
/// `open`.
async fn changing_days(transaction: &Transaction, open: Day) -> Result<BTreeSet<Day>, DatabaseError> {
    let mut days = BTreeSet::new();
    for row in transaction
        .query(sql::STATES_WITH_SESSIONS_BEFORE, &[&DateColumn(open)])
        .await?
    {
        days.extend(decode::<VisitorState>(row.try_get("state")?)?.session_days());
    }
    Ok(days)
}

/// Moves loose sessions of a day into a part. Returns whether there may be more.
async fn pack_part(transaction: &Transaction, day: Day) -> Result<bool, DatabaseError> {
    let taken = take_sessions(transaction, day).await?;
    let mut sessions = taken.iter().map(session).collect::<Result<Vec<_>, _>>()?;
    if sessions.is_empty() {
        return Ok(false);
    }
    // Late sessions have no visitor, so they may be in any part.
    let room = number(PART_SESSIONS.saturating_sub(sessions.len()));
    let part = transaction
        .query_opt(sql::TAKE_PACKED_SESSIONS, &[&DateColumn(day), &room])
        .await?;
    if let Some(part) = part {
        let columns = SessionColumns::new(part.try_get(0)?, Some(part.try_get(1)?))?;
        sessions.extend(columns.to_rows()?);
    }
    let count = number(sessions.len());
    let packed = PackedSessions::new(day, sessions)?;
    transaction
        .execute(
            sql::ADD_PACKED_SESSIONS,
            &[&DateColumn(day), &count, &packed.sessions, &packed.pages],
        )
        .await?;
    Ok(taken.len() >= PART_SESSIONS)
}

/// Removes up to a full part of the sessions of a day, and returns them. Never splits the sessions of a visitor.
async fn take_sessions(transaction: &Transaction, day: Day) -> Result<Vec<Row>, DatabaseError> {
    let (day, limit) = (DateColumn(day), PART_SESSIONS as i64);
    let last = transaction
        .query_opt(sql::LAST_VISITOR_OF_PART, &[&day, &limit])
        .await?;
    let visitor: Option<i32> = last.map(|row| row.try_get(0)).transpose()?.flatten();
    match visitor {
        Some(visitor) => {
            transaction
                .query(sql::TAKE_SESSIONS_OF_VISITORS, &[&day, &visitor])
                .await
        }
        None => transaction.query(sql::TAKE_SESSIONS, &[&day, &limit]).await,
    }
}

/// Returns a number of sessions as the value of a column of the type `integer`.
fn number(sessions: usize) -> i32 {
    i32::try_from(sessions).unwrap_or(i32::MAX)
}
