use horizon_core::{
    Comment, Delta, EventId, Ledger, ReaderId, Stats, Timestamp, Topic, Update, Visibility, VisitorKey,
};
use rusqlite::{Connection, OptionalExtension, Result, named_params, params};

use crate::comments;

/// The facts in an open transaction.
pub(crate) struct SqlLedger<'a>(pub(crate) &'a Connection);

const TOTALS: &str = "SELECT visits, likes, comments, comments_revision, revision FROM topics WHERE name = ?1";

/// The totals of a topic, whatever transaction is open.
pub(crate) fn total(db: &Connection, topic: &Topic) -> Result<Update> {
    let found = db.prepare_cached(TOTALS)?.query_row([topic.to_string()], |row| {
        Ok(Update {
            topic: topic.clone(),
            stats: Stats {
                visits: row.get(0)?,
                likes: row.get(1)?,
                comments: row.get(2)?,
                comments_revision: row.get(3)?,
            },
            revision: row.get(4)?,
        })
    });
    Ok(found.optional()?.unwrap_or_else(|| Update::empty(topic.clone())))
}

impl SqlLedger<'_> {
    /// The topic's key, if it has one.
    fn find(&self, topic: &Topic) -> Result<Option<i64>> {
        self.0
            .prepare_cached("SELECT topic FROM topics WHERE name = ?1")?
            .query_row([topic.to_string()], |row| row.get(0))
            .optional()
    }

    /// The topic's key, which is made if need be.
    fn key(&self, topic: &Topic) -> Result<i64> {
        if let Some(key) = self.find(topic)? {
            return Ok(key);
        }
        self.0
            .prepare_cached("INSERT INTO topics (name) VALUES (?1)")?
            .insert([topic.to_string()])
    }
}

impl Ledger for SqlLedger<'_> {
    type Error = rusqlite::Error;

    fn remember(&mut self, id: EventId, at: Timestamp) -> Result<bool> {
        let added = self
            .0
            .prepare_cached("INSERT INTO counted (id, at) VALUES (?1, ?2) ON CONFLICT DO NOTHING")?
            .execute(params![id.as_u128().to_be_bytes(), at.as_millis()])?;
        Ok(added > 0)
    }

    fn see(&mut self, topic: &Topic, visitor: VisitorKey, at: Timestamp) -> Result<Option<Timestamp>> {
        let (topic, visitor) = (self.key(topic)?, visitor.as_u128().to_be_bytes());
        let last: Option<i64> = self
            .0
            .prepare_cached("SELECT at FROM visitors WHERE topic = ?1 AND visitor = ?2")?
            .query_row(params![topic, visitor], |row| row.get(0))
            .optional()?;
        if last.is_none_or(|last| last < at.as_millis()) {
            self.0
                .prepare_cached(
                    "INSERT INTO visitors (topic, visitor, at) VALUES (?1, ?2, ?3)
                     ON CONFLICT DO UPDATE SET at = excluded.at",
                )?
                .execute(params![topic, visitor, at.as_millis()])?;
        }
        Ok(last.map(Timestamp::from_millis))
    }

    fn set_like(&mut self, topic: &Topic, reader: ReaderId, likes: bool) -> Result<bool> {
        let reader = reader.as_u128().to_be_bytes();
        let changed = if likes {
            self.0
                .prepare_cached("INSERT INTO likes (topic, reader) VALUES (?1, ?2) ON CONFLICT DO NOTHING")?
                .execute(params![self.key(topic)?, reader])?
        } else {
            self.0
                .prepare_cached("DELETE FROM likes WHERE topic = ?1 AND reader = ?2")?
                .execute(params![self.find(topic)?, reader])?
        };
        Ok(changed > 0)
    }

    fn comment(&mut self, id: EventId) -> Result<Option<Comment>> {
        comments::find(self.0, id)
    }

    fn add_comment(&mut self, comment: &Comment) -> Result<()> {
        comments::add(self.0, comment)
    }

    fn set_visibility(&mut self, id: EventId, visibility: Visibility) -> Result<()> {
        comments::set_visibility(self.0, id, visibility)
    }

    fn add(&mut self, topic: &Topic, delta: Delta) -> Result<Update> {
        let mut total = total(self.0, topic)?;
        if delta.is_none() {
            return Ok(total);
        }
        total.stats = total.stats + delta;
        total.revision += 1;
        self.0
            .prepare_cached(
                "UPDATE topics SET visits = :visits, likes = :likes, comments = :comments,
                 comments_revision = :comments_revision, revision = :revision WHERE topic = :topic",
            )?
            .execute(named_params! {
                ":topic": self.key(topic)?,
                ":visits": total.stats.visits,
                ":likes": total.stats.likes,
                ":comments": total.stats.comments,
                ":comments_revision": total.stats.comments_revision,
                ":revision": total.revision,
            })?;
        Ok(total)
    }
}
