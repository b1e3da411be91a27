//! The port [`CommentStore`], which reads comments.

use std::collections::HashMap;
use std::num::NonZeroUsize;

use async_trait::async_trait;
use horizon_core::{Comment, CommentStore, EventId, REPLIES_PER_THREAD, Result, Slug, Thread, ThreadPage, Visibility};
use tokio_postgres::{Client, types::Type};

use crate::AsyncStore;
use crate::error::DbError;
use crate::rows::{self, Param, bytes, one_more, row_limit, visibility_code};

/// The condition for the head of a visible thread: it is shown, or one of its replies is.
macro_rules! visible_head {
    () => {
        "parent IS NULL AND (visibility = 1
            OR EXISTS (SELECT FROM comments AS reply WHERE reply.parent = head.id AND reply.visibility = 1))"
    };
}

const HEADS: &str = concat!(
    "SELECT * FROM comments AS head WHERE slug = $1 AND seq < $2 AND ",
    visible_head!(),
    " ORDER BY seq DESC LIMIT $3"
);
const HEAD: &str = concat!(
    "SELECT * FROM comments AS head WHERE id = $1 AND slug = $2 AND ",
    visible_head!()
);
/// The first replies of several heads.
const FIRST_REPLIES: &str = "SELECT reply.* FROM unnest($1::bytea[]) AS head (id), LATERAL (
        SELECT * FROM comments WHERE parent = head.id AND visibility = 1 ORDER BY seq LIMIT $2
    ) AS reply ORDER BY seq";
const REPLIES: &str = "SELECT * FROM comments WHERE parent = $1 AND visibility = 1 AND seq > $2 ORDER BY seq LIMIT $3";
const NEWEST: &str = "SELECT * FROM comments WHERE slug = $1 AND visibility = 1 ORDER BY seq DESC LIMIT $2";
const RECENT: &str = "SELECT * FROM comments WHERE seq < $1 ORDER BY seq DESC LIMIT $2";
const RECENT_BY_VISIBILITY: &str =
    "SELECT * FROM comments WHERE seq < $1 AND visibility = $3 ORDER BY seq DESC LIMIT $2";
const COMMENT: &str = "SELECT * FROM comments WHERE id = $1";
const SEQ: &str = "SELECT seq FROM comments WHERE id = $1";
const SEQ_ON_PAGE: &str = "SELECT seq FROM comments WHERE id = $1 AND slug = $2";
const REPLY_COUNT: &str = "SELECT count(*) FROM comments WHERE parent = $1";

async fn select(client: &Client, sql: &str, params: &[Param<'_>]) -> Result<Vec<Comment>, DbError> {
    client
        .query_typed(sql, params)
        .await?
        .iter()
        .map(rows::comment)
        .collect()
}

async fn find_seq(client: &Client, sql: &str, params: &[Param<'_>]) -> Result<Option<i64>, DbError> {
    let row = client.query_typed_opt(sql, params).await?;
    Ok(row.map(|row| row.try_get("seq")).transpose()?)
}

/// Returns the `seq` after the last comment that is older than `before`. Nothing is older than an unknown comment.
async fn end_seq(client: &Client, before: Option<EventId>) -> Result<i64, DbError> {
    let Some(before) = before else { return Ok(i64::MAX) };
    let id = bytes(before.as_u128());
    Ok(find_seq(client, SEQ, &[(&id, Type::BYTEA)]).await?.unwrap_or(0))
}

/// Returns the `seq` before the first reply after `after`. Nothing comes after a comment of another page.
async fn start_seq(client: &Client, slug: &Slug, after: Option<EventId>) -> Result<i64, DbError> {
    let Some(after) = after else { return Ok(0) };
    let (id, slug) = (bytes(after.as_u128()), slug.as_str());
    let found = find_seq(client, SEQ_ON_PAGE, &[(&id, Type::BYTEA), (&slug, Type::TEXT)]).await?;
    Ok(found.unwrap_or(i64::MAX))
}

async fn threads(
    client: &Client,
    slug: &Slug,
    before: Option<EventId>,
    limit: NonZeroUsize,
) -> Result<ThreadPage, DbError> {
    let (slug, end, rows) = (slug.as_str(), end_seq(client, before).await?, one_more(limit));
    let heads = select(
        client,
        HEADS,
        &[(&slug, Type::TEXT), (&end, Type::INT8), (&rows, Type::INT8)],
    )
    .await?;
    let ids: Vec<Vec<u8>> = heads.iter().map(|head| bytes(head.id.as_u128())).collect();
    let rows = one_more(REPLIES_PER_THREAD);
    let replies = select(client, FIRST_REPLIES, &[(&ids, Type::BYTEA_ARRAY), (&rows, Type::INT8)]).await?;
    let mut by_head: HashMap<EventId, Vec<Comment>> = HashMap::new();
    for reply in replies {
        if let Some(head) = reply.parent {
            by_head.entry(head).or_default().push(reply);
        }
    }
    ThreadPage::collect(heads.into_iter().map(Ok), limit, |head| {
        Ok(by_head.remove(&head.id).unwrap_or_default().into_iter().map(Ok))
    })
}

async fn thread(
    client: &Client,
    slug: &Slug,
    head: EventId,
    after: Option<EventId>,
    limit: NonZeroUsize,
) -> Result<Option<Thread>, DbError> {
    let (id, name) = (bytes(head.as_u128()), slug.as_str());
    let heads = select(client, HEAD, &[(&id, Type::BYTEA), (&name, Type::TEXT)]).await?;
    let Some(head) = heads.into_iter().next() else {
        return Ok(None);
    };
    let (start, rows) = (start_seq(client, slug, after).await?, one_more(limit));
    let replies = select(
        client,
        REPLIES,
        &[(&id, Type::BYTEA), (&start, Type::INT8), (&rows, Type::INT8)],
    )
    .await?;
    Thread::collect(head, replies.into_iter().map(Ok), limit).map(Some)
}

#[async_trait]
impl CommentStore for AsyncStore {
    async fn threads(&self, slug: &Slug, before: Option<EventId>, limit: NonZeroUsize) -> Result<ThreadPage> {
        self.read(async |client| threads(client, slug, before, limit).await)
            .await
    }

    async fn thread(
        &self,
        slug: &Slug,
        head: EventId,
        after: Option<EventId>,
        limit: NonZeroUsize,
    ) -> Result<Option<Thread>> {
        self.read(async |client| thread(client, slug, head, after, limit).await)
            .await
    }

    async fn newest_comments(&self, slug: &Slug, limit: NonZeroUsize) -> Result<Vec<Comment>> {
        let (slug, limit) = (slug.as_str(), row_limit(limit));
        self.read(async |client| select(client, NEWEST, &[(&slug, Type::TEXT), (&limit, Type::INT8)]).await)
            .await
    }

    async fn recent_comments(
        &self,
        only: Option<Visibility>,
        before: Option<EventId>,
        limit: NonZeroUsize,
    ) -> Result<Vec<Comment>> {
        let limit = row_limit(limit);
        self.read(async |client| {
            let end = end_seq(client, before).await?;
            let mut params: Vec<Param<'_>> = vec![(&end, Type::INT8), (&limit, Type::INT8)];
            let Some(only) = only.map(visibility_code) else {
                return select(client, RECENT, &params).await;
            };
            params.push((&only, Type::INT2));
            select(client, RECENT_BY_VISIBILITY, &params).await
        })
        .await
    }

    async fn comment(&self, id: EventId) -> Result<Option<Comment>> {
        let id = bytes(id.as_u128());
        self.read(async |client| Ok(select(client, COMMENT, &[(&id, Type::BYTEA)]).await?.pop()))
            .await
    }

    async fn reply_count(&self, parent: EventId) -> Result<usize> {
        let parent = bytes(parent.as_u128());
        self.read(async |client| {
            let row = client.query_typed_one(REPLY_COUNT, &[(&parent, Type::BYTEA)]).await?;
            let count: i64 = row.try_get("count")?;
            usize::try_from(count).map_err(|_| DbError::InvalidRow(format!("the count {count}")))
        })
        .await
    }
}
