use std::num::NonZeroUsize;

use async_trait::async_trait;
use horizon_core::{
    Comment, Comments, EventId, MAX_REPLIES, ReaderId, Result, Slug, Thread, ThreadPage, Timestamp, Visibility,
};
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSqlOutput, ValueRef};
use rusqlite::{Connection, OptionalExtension, Params, Row, ToSql, params};

use crate::SqliteStats;

const COLUMNS: &str = "id, slug, parent, reader, author, body, at, visibility";

/// How a visibility stands in its column.
struct State(Visibility);

/// How an id stands in its column.
struct Id(u128);

impl ToSql for State {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::from(match self.0 {
            Visibility::Waiting => 0,
            Visibility::Shown => 1,
            Visibility::Removed => 2,
        }))
    }
}

impl FromSql for State {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        match value.as_i64()? {
            0 => Ok(Self(Visibility::Waiting)),
            1 => Ok(Self(Visibility::Shown)),
            2 => Ok(Self(Visibility::Removed)),
            other => Err(FromSqlError::OutOfRange(other)),
        }
    }
}

impl FromSql for Id {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        <[u8; 16]>::column_result(value).map(|bytes| Self(u128::from_be_bytes(bytes)))
    }
}

impl ToSql for Id {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::from(self.0.to_be_bytes().to_vec()))
    }
}

impl From<EventId> for Id {
    fn from(id: EventId) -> Self {
        Self(id.as_u128())
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<Comment> {
    let slug: String = row.get("slug")?;
    let event = |Id(bits)| EventId::from_u128(bits);
    Ok(Comment {
        id: event(row.get("id")?),
        slug: Slug::new(&slug).map_err(|e| FromSqlError::Other(e.into()))?,
        parent: row.get::<_, Option<Id>>("parent")?.map(event),
        reader: ReaderId::from_u128(row.get::<_, Id>("reader")?.0),
        author: row.get("author")?,
        body: row.get("body")?,
        at: Timestamp::from_millis(row.get("at")?),
        visibility: row.get::<_, State>("visibility")?.0,
    })
}

fn select(db: &Connection, rest: &str, params: impl Params) -> rusqlite::Result<Vec<Comment>> {
    let mut statement = db.prepare_cached(&format!("SELECT {COLUMNS} FROM comments AS c {rest}"))?;
    statement.query_map(params, read)?.collect()
}

/// One comment, whatever its state.
pub(crate) fn find(db: &Connection, id: EventId) -> rusqlite::Result<Option<Comment>> {
    Ok(select(db, "WHERE id = ?1", [Id::from(id)])?.pop())
}

/// Adds a comment behind all others.
pub(crate) fn add(db: &Connection, comment: &Comment) -> rusqlite::Result<()> {
    db.prepare_cached(
        "INSERT INTO comments (id, slug, parent, reader, author, body, at, visibility)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?
    .execute(params![
        Id::from(comment.id),
        comment.slug.as_str(),
        comment.parent.map(Id::from),
        Id(comment.reader.as_u128()),
        comment.author,
        comment.body,
        comment.at.as_millis(),
        State(comment.visibility),
    ])?;
    Ok(())
}

/// Changes whether readers see a comment.
pub(crate) fn set_visibility(db: &Connection, id: EventId, visibility: Visibility) -> rusqlite::Result<()> {
    db.prepare_cached("UPDATE comments SET visibility = ?2 WHERE id = ?1")?
        .execute(params![Id::from(id), State(visibility)])?;
    Ok(())
}

/// The place behind the last comment that is older than `before`. Nothing is older than an unknown one.
fn end(db: &Connection, before: Option<EventId>) -> rusqlite::Result<i64> {
    let Some(before) = before else {
        return Ok(i64::MAX);
    };
    let found = db
        .prepare_cached("SELECT seq FROM comments WHERE id = ?1")?
        .query_row([Id::from(before)], |row| row.get(0))
        .optional()?;
    Ok(found.unwrap_or(0))
}

/// Returns the limit as SQLite stores integers.
pub(crate) fn rows(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

fn threads(db: &Connection, slug: &Slug, before: Option<EventId>, limit: usize) -> rusqlite::Result<ThreadPage> {
    let mut heads = select(
        db,
        "WHERE slug = ?1 AND parent IS NULL AND seq < ?2 AND (visibility = ?4 OR EXISTS
            (SELECT 1 FROM comments AS reply WHERE reply.parent = c.id AND reply.visibility = ?4))
         ORDER BY seq DESC LIMIT ?3",
        params![
            slug.as_str(),
            end(db, before)?,
            rows(limit.saturating_add(1)),
            State(Visibility::Shown)
        ],
    )?;
    let has_earlier = heads.len() > limit;
    heads.truncate(limit);
    let threads = heads
        .into_iter()
        .rev()
        .map(|head| thread(db, head))
        .collect::<Result<_, _>>()?;
    Ok(ThreadPage { threads, has_earlier })
}

fn thread(db: &Connection, mut head: Comment) -> rusqlite::Result<Thread> {
    let replies = select(
        db,
        "WHERE parent = ?1 AND visibility = ?2 ORDER BY seq LIMIT ?3",
        params![Id::from(head.id), State(Visibility::Shown), rows(MAX_REPLIES)],
    )?;
    if head.visibility != Visibility::Shown {
        head.author.clear();
        head.body.clear();
    }
    Ok(Thread { head, replies })
}

fn desk(
    db: &Connection,
    only: Option<Visibility>,
    before: Option<EventId>,
    limit: usize,
) -> rusqlite::Result<Vec<Comment>> {
    let (end, limit) = (end(db, before)?, rows(limit));
    match only {
        None => select(db, "WHERE seq < ?1 ORDER BY seq DESC LIMIT ?2", params![end, limit]),
        Some(only) => select(
            db,
            "WHERE visibility = ?3 AND seq < ?1 ORDER BY seq DESC LIMIT ?2",
            params![end, limit, State(only)],
        ),
    }
}

#[async_trait]
impl Comments for SqliteStats {
    async fn threads(&self, slug: &Slug, before: Option<EventId>, limit: NonZeroUsize) -> Result<ThreadPage> {
        let slug = slug.clone();
        self.read(move |db| threads(db, &slug, before, limit.get())).await
    }

    async fn newest(&self, slug: &Slug, limit: NonZeroUsize) -> Result<Vec<Comment>> {
        let slug = slug.clone();
        self.read(move |db| {
            select(
                db,
                "WHERE slug = ?1 AND visibility = ?2 ORDER BY seq DESC LIMIT ?3",
                params![slug.as_str(), State(Visibility::Shown), rows(limit.get())],
            )
        })
        .await
    }

    async fn desk(
        &self,
        only: Option<Visibility>,
        before: Option<EventId>,
        limit: NonZeroUsize,
    ) -> Result<Vec<Comment>> {
        self.read(move |db| desk(db, only, before, limit.get())).await
    }

    async fn comment(&self, id: EventId) -> Result<Option<Comment>> {
        self.read(move |db| find(db, id)).await
    }

    async fn replies(&self, parent: EventId) -> Result<usize> {
        self.read(move |db| {
            db.prepare_cached("SELECT count(*) FROM comments WHERE parent = ?1")?
                .query_row([Id::from(parent)], |row| {
                    let count: i64 = row.get(0)?;
                    usize::try_from(count).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(0, count))
                })
        })
        .await
    }
}
