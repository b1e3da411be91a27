//! Plain SQLite with the rows that the events cause.
//!
//! The file has the schema and the pragmas of `SqliteStore`. One thread uses one connection, prepared statements and
//! transactions of 1,000 events. It writes the rows that exact counting needs: the event id, the last visit of the
//! visitor or the like of the reader, and once per transaction the totals of each topic. It reads the key of a topic
//! once.

use std::{collections::HashMap, path::Path};

use horizon_core::{Event, EventKind, Topic, Visit};
use horizon_sqlite::SqliteStore;
use rusqlite::{Connection, Statement, params};

use super::Result;

/// Events per transaction.
const BATCH: usize = 1_000;

/// Creates a file with the schema and the pragmas of the adapter.
pub(crate) fn open(file: &Path) -> Result<Connection> {
    drop(SqliteStore::open(file)?);
    let db = Connection::open(file)?;
    db.pragma_update(None, "synchronous", "FULL")?;
    db.pragma_update(None, "foreign_keys", true)?;
    db.pragma_update(None, "cache_size", -32 * 1024)?;
    db.pragma_update_and_check(None, "wal_autocheckpoint", 2_048, |_| Ok(()))?;
    db.pragma_update_and_check(None, "journal_size_limit", 64 * 1024 * 1024, |_| Ok(()))?;
    db.pragma_update_and_check(None, "secure_delete", true, |_| Ok(()))?;
    Ok(db)
}

/// Writes all events. Returns the number of commits.
pub(crate) fn write(db: &Connection, events: &[Event]) -> Result<u64> {
    let mut rows = Rows::new(db)?;
    let mut commits = 0;
    for batch in events.chunks(BATCH) {
        rows.begin.execute([])?;
        rows.batch(batch)?;
        rows.commit.execute([])?;
        commits += 1;
    }
    Ok(commits)
}

/// The prepared statements, and the keys of the topics.
struct Rows<'a> {
    begin: Statement<'a>,
    commit: Statement<'a>,
    id: Statement<'a>,
    visitor: Statement<'a>,
    like: Statement<'a>,
    topic: Statement<'a>,
    total: Statement<'a>,
    topics: HashMap<Topic, i64>,
}

impl<'a> Rows<'a> {
    fn new(db: &'a Connection) -> Result<Self> {
        Ok(Self {
            begin: db.prepare("BEGIN IMMEDIATE")?,
            commit: db.prepare("COMMIT")?,
            id: db.prepare("INSERT INTO counted_events (id, at) VALUES (?1, ?2) ON CONFLICT DO NOTHING")?,
            visitor: db.prepare(
                "INSERT INTO visitor_states (topic, visitor, last, last_day) VALUES (?1, ?2, ?3, ?3 / 86400000)
                 ON CONFLICT DO UPDATE SET last = excluded.last, last_day = excluded.last_day",
            )?,
            like: db.prepare(
                "INSERT INTO likes (topic, reader, likes, at, event) VALUES (?1, ?2, 1, ?3, ?4)
                 ON CONFLICT DO UPDATE SET likes = 1, at = excluded.at, event = excluded.event",
            )?,
            topic: db.prepare("INSERT INTO topics (name) VALUES (?1)")?,
            total: db.prepare(
                "UPDATE topics SET visits = visits + ?2, likes = likes + ?3, revision = revision + 1 WHERE topic = ?1",
            )?,
            topics: HashMap::new(),
        })
    }

    fn batch(&mut self, events: &[Event]) -> Result<()> {
        let mut totals: HashMap<i64, (i64, i64)> = HashMap::new();
        for event in events {
            let topic = self.key(&event.topic)?;
            let (id, at) = (event.id.as_u128().to_be_bytes(), event.at.as_millis());
            if self.id.execute(params![id, at])? == 0 {
                continue;
            }
            let (visits, likes) = totals.entry(topic).or_default();
            match &event.kind {
                EventKind::Visit(Visit {
                    visitor: Some(visitor), ..
                }) => {
                    let visitor = visitor.as_u128().to_be_bytes();
                    self.visitor.execute(params![topic, visitor, at])?;
                    *visits += 1;
                }
                EventKind::Like { reader } => {
                    self.like
                        .execute(params![topic, reader.as_u128().to_be_bytes(), at, id])?;
                    *likes += 1;
                }
                _ => return Err("the reference knows visits and likes alone".into()),
            }
        }
        for (topic, (visits, likes)) in totals {
            self.total.execute(params![topic, visits, likes])?;
        }
        Ok(())
    }

    fn key(&mut self, topic: &Topic) -> Result<i64> {
        if let Some(known) = self.topics.get(topic) {
            return Ok(*known);
        }
        let key = self.topic.insert([topic.to_string()])?;
        self.topics.insert(topic.clone(), key);
        Ok(key)
    }
}
