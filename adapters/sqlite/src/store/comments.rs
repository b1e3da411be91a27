use std::num::NonZeroUsize;

use async_trait::async_trait;
use horizon_core::{
    Badge, Comment, CommentStore, EventId, REPLIES_PER_THREAD, ReaderId, Result, Slug, Thread, ThreadPage, Timestamp,
    Visibility,
};
use rusqlite::types::FromSqlError;
use rusqlite::{OptionalExtension, Params, Row, params};

use super::SqliteStore;
use crate::sql::{self, Db, Sql};

/// Returns a visibility as its column stores it.
fn visibility_code(visibility: Visibility) -> i64 {
    match visibility {
        Visibility::Shown => 1,
        Visibility::Removed => 2,
        _ => 0,
    }
}

fn parse_visibility(code: i64) -> Result<Visibility, FromSqlError> {
    match code {
        0 => Ok(Visibility::Pending),
        1 => Ok(Visibility::Shown),
        2 => Ok(Visibility::Removed),
        other => Err(FromSqlError::OutOfRange(other)),
    }
}

/// Returns an id as its column stores it.
pub(super) fn id_bytes(id: EventId) -> [u8; 16] {
    id.as_u128().to_be_bytes()
}

fn read_comment(row: &Row<'_>) -> rusqlite::Result<Comment> {
    let slug: String = row.get("slug")?;
    let event_id = |bytes| EventId::from_u128(u128::from_be_bytes(bytes));
    let mut comment = Comment::new(
        event_id(row.get("id")?),
        Slug::new(&slug).map_err(|e| FromSqlError::Other(e.into()))?,
        ReaderId::from_u128(u128::from_be_bytes(row.get("reader")?)),
        Timestamp::from_millis(row.get("at")?),
    );
    comment.parent = row.get::<_, Option<[u8; 16]>>("parent")?.map(event_id);
    comment.author = row.get("author")?;
    let badge = row.get::<_, Option<String>>("badge")?.map(|badge| Badge::new(&badge));
    comment.badge = badge.transpose().map_err(|e| FromSqlError::Other(e.into()))?;
    comment.body = row.get("body")?;
    comment.visibility = parse_visibility(row.get("visibility")?)?;
    Ok(comment)
}

fn select(db: Db<'_>, query: Sql, params: impl Params) -> rusqlite::Result<Vec<Comment>> {
    db.prepare(query)?.query_map(params, read_comment)?.collect()
}

/// Returns the comment with this id, of any visibility.
pub(super) fn find(db: Db<'_>, id: EventId) -> rusqlite::Result<Option<Comment>> {
    Ok(select(db, sql::COMMENT, [id_bytes(id)])?.pop())
}

/// Appends a comment.
pub(super) fn add(db: Db<'_>, comment: &Comment) -> rusqlite::Result<()> {
    db.prepare(sql::ADD_COMMENT)?.execute(params![
        id_bytes(comment.id),
        comment.slug.as_str(),
        comment.parent.map(id_bytes),
        comment.reader.as_u128().to_be_bytes(),
        comment.author,
        comment.body,
        comment.at.as_millis(),
        visibility_code(comment.visibility),
        comment.badge.as_ref().map(Badge::as_str),
    ])?;
    Ok(())
}

pub(super) fn set_visibility(db: Db<'_>, id: EventId, visibility: Visibility) -> rusqlite::Result<()> {
    db.prepare(sql::SET_VISIBILITY)?
        .execute(params![id_bytes(id), visibility_code(visibility)])?;
    Ok(())
}

fn find_seq(db: Db<'_>, query: Sql, params: impl Params) -> rusqlite::Result<Option<i64>> {
    db.prepare(query)?.query_row(params, |row| row.get(0)).optional()
}

/// Returns the `seq` after the last comment that is older than `before`. Nothing is older than an unknown comment.
fn end_seq(db: Db<'_>, before: Option<EventId>) -> rusqlite::Result<i64> {
    let Some(before) = before else {
        return Ok(i64::MAX);
    };
    Ok(find_seq(db, sql::COMMENT_SEQ, [id_bytes(before)])?.unwrap_or(0))
}

/// Returns the `seq` before the first reply after `after`. Nothing comes after a comment of another page.
fn start_seq(db: Db<'_>, slug: &Slug, after: Option<EventId>) -> rusqlite::Result<i64> {
    let Some(after) = after else { return Ok(0) };
    let found = find_seq(db, sql::COMMENT_SEQ_ON_PAGE, params![id_bytes(after), slug.as_str()])?;
    Ok(found.unwrap_or(i64::MAX))
}

/// Converts a limit to SQLite's integers.
pub(super) fn row_limit(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

/// Returns the limit plus one row, which shows whether more follow.
fn one_more(limit: NonZeroUsize) -> i64 {
    row_limit(limit.get().saturating_add(1))
}

fn threads(db: Db<'_>, slug: &Slug, before: Option<EventId>, limit: NonZeroUsize) -> rusqlite::Result<ThreadPage> {
    let mut query = db.prepare(sql::THREADS)?;
    let heads = query.query_map(
        params![slug.as_str(), end_seq(db, before)?, one_more(limit)],
        read_comment,
    )?;
    ThreadPage::collect(heads, limit, |head| {
        let replies = params![id_bytes(head.id), 0, one_more(REPLIES_PER_THREAD)];
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
    let Some(head) = select(db, sql::THREAD, params![id_bytes(head), slug.as_str()])?.pop() else {
        return Ok(None);
    };
    let mut query = db.prepare(sql::REPLIES)?;
    let params = params![id_bytes(head.id), start_seq(db, slug, after)?, one_more(limit)];
    Thread::collect(head, query.query_map(params, read_comment)?, limit).map(Some)
}

fn recent(
    db: Db<'_>,
    only: Option<Visibility>,
    before: Option<EventId>,
    limit: NonZeroUsize,
) -> rusqlite::Result<Vec<Comment>> {
    let (end, limit) = (end_seq(db, before)?, row_limit(limit.get()));
    match only {
        None => select(db, sql::RECENT, params![end, limit]),
        Some(only) => select(
            db,
            sql::RECENT_BY_VISIBILITY,
            params![end, limit, visibility_code(only)],
        ),
    }
}

#[async_trait]
impl CommentStore for SqliteStore {
    async fn threads(&self, slug: &Slug, before: Option<EventId>, limit: NonZeroUsize) -> Result<ThreadPage> {
        let slug = slug.clone();
        self.read_pool.read(move |db| threads(db, &slug, before, limit)).await
    }

    async fn thread(
        &self,
        slug: &Slug,
        head: EventId,
        after: Option<EventId>,
        limit: NonZeroUsize,
    ) -> Result<Option<Thread>> {
        let slug = slug.clone();
        self.read_pool
            .read(move |db| thread(db, &slug, head, after, limit))
            .await
    }

    async fn newest_comments(&self, slug: &Slug, limit: NonZeroUsize) -> Result<Vec<Comment>> {
        let slug = slug.clone();
        self.read_pool
            .read(move |db| select(db, sql::NEWEST, params![slug.as_str(), row_limit(limit.get())]))
            .await
    }

    async fn recent_comments(
        &self,
        only: Option<Visibility>,
        before: Option<EventId>,
        limit: NonZeroUsize,
    ) -> Result<Vec<Comment>> {
        self.read_pool.read(move |db| recent(db, only, before, limit)).await
    }

    async fn comment(&self, id: EventId) -> Result<Option<Comment>> {
        self.read_pool.read(move |db| find(db, id)).await
    }

    async fn reply_count(&self, parent: EventId) -> Result<usize> {
        self.read_pool
            .read(move |db| {
                db.prepare(sql::COUNT_REPLIES)?.query_row([id_bytes(parent)], |row| {
                    let count: i64 = row.get(0)?;
                    usize::try_from(count).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(0, count))
                })
            })
            .await
    }
}
