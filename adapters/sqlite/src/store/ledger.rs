use std::collections::HashMap;

use horizon_core::reports::{StoredLike, VisitorState};
use horizon_core::{
    Comment, Delta, EventCounts, EventId, Ledger, ReaderId, Stamp, Stats, Timestamp, Topic, Update, Visibility,
    VisitorKey,
};
use rusqlite::{CachedStatement, OptionalExtension, Result, Row, named_params, params};

use super::{
    comments,
    reports::{SqlReportTables, SqlSiteZone},
};
use crate::sql::{self, Db};

/// The [`Ledger`] on an open transaction.
pub(super) struct SqlLedger<'a> {
    pub(super) db: Db<'a>,
    pub(super) reports: SqlReportTables<'a>,
    topic_keys: HashMap<Topic, i64>,
    // The statements that events need, looked up in the cache once.
    insert_event_id: CachedStatement<'a>,
    last_like: CachedStatement<'a>,
    set_like: CachedStatement<'a>,
}

/// Returns the totals of a topic.
pub(super) fn read_total(db: Db<'_>, topic: &Topic) -> Result<Update> {
    let found = db.prepare(sql::TOTALS)?.query_row([topic.to_string()], |row| {
        let number = |column| read_unsigned(row, column);
        let mut stats = Stats::new(number(0)?, number(1)?, number(2)?);
        stats.comments_revision = number(3)?;
        if number(5)? > 0 {
            stats.events = read_custom_events(db, topic)?;
        }
        Ok(Update::new(topic.clone(), stats, number(4)?))
    });
    Ok(found.optional()?.unwrap_or_else(|| Update::empty(topic.clone())))
}

fn read_custom_events(db: Db<'_>, topic: &Topic) -> Result<EventCounts> {
    db.prepare(sql::CUSTOM_EVENTS)?
        .query_map([topic.to_string()], |row| {
            Ok((row.get::<_, String>(0)?, read_unsigned(row, 1)?))
        })?
        .collect()
}

/// Reads an unsigned column. rusqlite converts `u64` itself only from 0.38 on, with a feature that older versions lack.
pub(super) fn read_unsigned(row: &Row<'_>, column: usize) -> Result<u64> {
    let number: i64 = row.get(column)?;
    u64::try_from(number).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(column, number))
}

/// Converts a number to SQLite's signed integers.
pub(super) fn to_signed(number: u64) -> Result<i64> {
    i64::try_from(number).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
}

/// Reads the columns `at` and `event`, the first two.
fn read_stamp(row: &Row<'_>) -> Result<Stamp> {
    Ok(Stamp {
        at: Timestamp::from_millis(row.get(0)?),
        id: EventId::from_u128(u128::from_be_bytes(row.get(1)?)),
    })
}

impl<'a> SqlLedger<'a> {
    pub(super) fn new(db: Db<'a>, zone: &'a SqlSiteZone) -> Result<Self> {
        Ok(Self {
            db,
            reports: SqlReportTables::new(db, zone)?,
            topic_keys: HashMap::new(),
            insert_event_id: db.prepare(sql::INSERT_EVENT_ID)?,
            last_like: db.prepare(sql::LAST_LIKE)?,
            set_like: db.prepare(sql::SET_LIKE)?,
        })
    }

    /// Returns the key of a topic. Adds the topic if it is new.
    pub(super) fn topic_key(&mut self, topic: &Topic) -> Result<i64> {
        if let Some(key) = self.topic_keys.get(topic) {
            return Ok(*key);
        }
        let name = topic.to_string();
        let stored = self
            .db
            .prepare(sql::TOPIC)?
            .query_row([&name], |row| row.get(0))
            .optional()?;
        let key = match stored {
            Some(key) => key,
            None => self.db.prepare(sql::ADD_TOPIC)?.insert([&name])?,
        };
        self.topic_keys.insert(topic.clone(), key);
        Ok(key)
    }

    /// Returns the reader's latest like or unlike of the topic.
    pub(super) fn find_like(&mut self, topic: i64, reader: ReaderId) -> Result<Option<StoredLike>> {
        let params = params![topic, reader.as_u128().to_be_bytes()];
        let found = self.last_like.query_row(params, |row| {
            Ok(StoredLike {
                is_liked: row.get(2)?,
                stamp: read_stamp(row)?,
                is_dated: row.get(3)?,
            })
        });
        found.optional()
    }

    /// Stores the counts that differ from the `earlier` ones.
    fn set_custom_events(&self, topic: i64, earlier: &EventCounts, counts: &EventCounts) -> Result<()> {
        for (name, count) in counts.iter().filter(|(name, count)| earlier.get(name) != *count) {
            let mut statement = self.db.prepare(sql::SET_CUSTOM_EVENT)?;
            statement.execute(params![topic, name, to_signed(count)?])?;
        }
        Ok(())
    }
}

impl Ledger for SqlLedger<'_> {
    type Error = rusqlite::Error;

    fn insert_event_id(&mut self, id: EventId, at: Timestamp) -> Result<bool> {
        let added = self
            .insert_event_id
            .execute(params![id.as_u128().to_be_bytes(), at.as_millis()])?;
        Ok(added > 0)
    }

    fn touch_visitor(&mut self, topic: &Topic, visitor: VisitorKey, at: Timestamp) -> Result<Option<Timestamp>> {
        let topic = self.topic_key(topic)?;
        let last = self.reports.visitor(topic, visitor)?.last_seen();
        if last.is_none_or(|last| last < at) {
            self.reports.set_visitor(topic, visitor, &VisitorState::undated(at))?;
        }
        Ok(last)
    }

    fn set_like(&mut self, topic: &Topic, reader: ReaderId, likes: bool, stamp: Stamp) -> Result<bool> {
        let topic = self.topic_key(topic)?;
        let last = self.find_like(topic, reader)?;
        if last.is_some_and(|last| stamp < last.stamp) {
            return Ok(false);
        }
        let (at, event) = (stamp.at.as_millis(), comments::id_bytes(stamp.id));
        let reader = reader.as_u128().to_be_bytes();
        self.set_like.execute(params![topic, reader, likes, at, event])?;
        Ok(last.is_some_and(|last| last.is_liked) != likes)
    }

    fn comment(&mut self, id: EventId) -> Result<Option<Comment>> {
        comments::find(self.db, id)
    }

    fn add_comment(&mut self, comment: &Comment) -> Result<()> {
        comments::add(self.db, comment)
    }

    fn set_visibility(&mut self, id: EventId, visibility: Visibility, stamp: Stamp) -> Result<bool> {
        let last = self
            .db
            .prepare(sql::VERDICT)?
            .query_row([comments::id_bytes(id)], read_stamp)
            .optional()?;
        if last.is_some_and(|last| stamp < last) {
            return Ok(false);
        }
        self.db.prepare(sql::SET_VERDICT)?.execute(params![
            comments::id_bytes(id),
            stamp.at.as_millis(),
            comments::id_bytes(stamp.id)
        ])?;
        comments::set_visibility(self.db, id, visibility)?;
        Ok(true)
    }

    fn add_delta(&mut self, topic: &Topic, delta: Delta) -> Result<Update> {
        let mut total = read_total(self.db, topic)?;
        if delta.is_empty() {
            return Ok(total);
        }
        let earlier = total.stats.events.clone();
        total.stats += delta;
        total.revision += 1;
        let key = self.topic_key(topic)?;
        self.set_custom_events(key, &earlier, &total.stats.events)?;
        self.db.prepare(sql::SET_TOTALS)?.execute(named_params! {
            ":topic": key,
            ":visits": to_signed(total.stats.visits)?,
            ":likes": to_signed(total.stats.likes)?,
            ":comments": to_signed(total.stats.comments)?,
            ":comments_revision": to_signed(total.stats.comments_revision)?,
            ":revision": to_signed(total.revision)?,
            ":event_names": i64::try_from(total.stats.events.iter().count()).unwrap_or(i64::MAX),
        })?;
        Ok(total)
    }
}
