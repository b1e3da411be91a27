use std::num::NonZeroUsize;

use async_trait::async_trait;
use horizon_core::{
    Comment, CommentStore, EventId, REPLIES_PER_THREAD, ReaderId, Result, Slug, Thread, ThreadPage, Timestamp,
    Visibility,
};
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSqlOutput, ValueRef};
use rusqlite::{OptionalExtension, Params, Row, ToSql, params};

use crate::SqliteStats;
use crate::sql::{self, Db, Sql};

/// How a visibility stands in its column.
struct State(Visibility);

/// How an id stands in its column.
struct Id(u128);

impl ToSql for State {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::from(match self.0 {
            Visibility::Shown => 1,
            Visibility::Removed => 2,
            _ => 0,
        }))
    }
}

impl FromSql for State {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        match value.as_i64()? {
            0 => Ok(Self(Visibility::Pending)),
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
    let mut comment = Comment::new(
        event(row.get("id")?),
        Slug::new(&slug).map_err(|e| FromSqlError::Other(e.into()))?,
        ReaderId::from_u128(row.get::<_, Id>("reader")?.0),
        Timestamp::from_millis(row.get("at")?),
    );
    comment.parent = row.get::<_, Option<Id>>("parent")?.map(event);
    comment.author = row.get("author")?;
    comment.body = row.get("body")?;
    comment.visibility = row.get::<_, State>("visibility")?.0;
    Ok(comment)
}

fn select(db: Db<'_>, query: Sql, params: impl Params) -> rusqlite::Result<Vec<Comment>> {
    db.prepare(query)?.query_map(params, read)?.collect()
}

/// One comment, whatever its state.
pub(crate) fn find(db: Db<'_>, id: EventId) -> rusqlite::Result<Option<Comment>> {
    Ok(select(db, sql::COMMENT, [Id::from(id)])?.pop())
}

/// Adds a comment behind all others.
pub(crate) fn add(db: Db<'_>, comment: &Comment) -> rusqlite::Result<()> {
    db.prepare(sql::ADD_COMMENT)?.execute(params![
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
pub(crate) fn set_visibility(db: Db<'_>, id: EventId, visibility: Visibility) -> rusqlite::Result<()> {
    db.prepare(sql::SET_VISIBILITY)?
        .execute(params![Id::from(id), State(visibility)])?;
    Ok(())
}

fn place(db: Db<'_>, query: Sql, params: impl Params) -> rusqlite::Result<Option<i64>> {
    db.prepare(query)?.query_row(params, |row| row.get(0)).optional()
}

/// The place behind the last comment that is older than `before`. Nothing is older than an unknown one.
fn end(db: Db<'_>, before: Option<EventId>) -> rusqlite::Result<i64> {
    let Some(before) = before else {
        return Ok(i64::MAX);
    };
    Ok(place(db, sql::COMMENT_PLACE, [Id::from(before)])?.unwrap_or(0))
}

/// The place that replies after `after` are behind. Nothing comes after a comment that the page does not have.
fn start(db: Db<'_>, slug: &Slug, after: Option<EventId>) -> rusqlite::Result<i64> {
    let Some(after) = after else { return Ok(0) };
    let found = place(db, sql::COMMENT_PLACE_ON_PAGE, params![Id::from(after), slug.as_str()])?;
    Ok(found.unwrap_or(i64::MAX))
}

/// Returns the limit as SQLite stores integers.
pub(crate) fn rows(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

/// A limit, and one more row that tells whether more follow.
fn and_one(limit: NonZeroUsize) -> i64 {
    rows(limit.get().saturating_add(1))
}

fn threads(db: Db<'_>, slug: &Slug, before: Option<EventId>, limit: NonZeroUsize) -> rusqlite::Result<ThreadPage> {
    let mut query = db.prepare(sql::THREADS)?;
    let heads = query.query_map(params![slug.as_str(), end(db, before)?, and_one(limit)], read)?;
    ThreadPage::collect(heads, limit, |head| {
        let replies = params![Id::from(head.id), 0, and_one(REPLIES_PER_THREAD)];
        Ok(select(db, sql::REPLIES, replies)?.into_iter().map(Ok))
    })
}

fn thread(
    db: Db<'_>,
    slug: &Slug,
    head: EventId,
    after: Option<EventId>,
    limit: NonZeroUsize,
) -> rusqlite::Result<Option<Thread>> {
    let Some(head) = select(db, sql::THREAD, params![Id::from(head), slug.as_str()])?.pop() else {
        return Ok(None);
    };
    let mut query = db.prepare(sql::REPLIES)?;
    let params = params![Id::from(head.id), start(db, slug, after)?, and_one(limit)];
    Thread::collect(head, query.query_map(params, read)?, limit).map(Some)
}

fn desk(
    db: Db<'_>,
    only: Option<Visibility>,
    before: Option<EventId>,
    limit: NonZeroUsize,
) -> rusqlite::Result<Vec<Comment>> {
    let (end, limit) = (end(db, before)?, rows(limit.get()));
    match only {
        None => select(db, sql::DESK, params![end, limit]),
        Some(only) => select(db, sql::DESK_IN_STATE, params![end, limit, State(only)]),
    }
}

#[async_trait]
impl CommentStore for SqliteStats {
    async fn threads(&self, slug: &Slug, before: Option<EventId>, limit: NonZeroUsize) -> Result<ThreadPage> {
        let slug = slug.clone();
        self.read(move |db| threads(db, &slug, before, limit)).await
    }

    async fn thread(
        &self,
        slug: &Slug,
        head: EventId,
        after: Option<EventId>,
        limit: NonZeroUsize,
    ) -> Result<Option<Thread>> {
        let slug = slug.clone();
        self.read(move |db| thread(db, &slug, head, after, limit)).await
    }

    async fn newest_comments(&self, slug: &Slug, limit: NonZeroUsize) -> Result<Vec<Comment>> {
        let slug = slug.clone();
        self.read(move |db| select(db, sql::NEWEST, params![slug.as_str(), rows(limit.get())]))
            .await
    }

    async fn recent_comments(
        &self,
        only: Option<Visibility>,
        before: Option<EventId>,
        limit: NonZeroUsize,
    ) -> Result<Vec<Comment>> {
        self.read(move |db| desk(db, only, before, limit)).await
    }

    async fn comment(&self, id: EventId) -> Result<Option<Comment>> {
        self.read(move |db| find(db, id)).await
    }

    async fn reply_count(&self, parent: EventId) -> Result<usize> {
        self.read(move |db| {
            db.prepare(sql::COUNT_REPLIES)?.query_row([Id::from(parent)], |row| {
                let count: i64 = row.get(0)?;
                usize::try_from(count).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(0, count))
            })
        })
        .await
    }
}
