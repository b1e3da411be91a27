use std::num::NonZeroUsize;

use async_trait::async_trait;
use horizon_core::{
    COMMENT_OVERHEAD_BYTES, Comment, CommentStore, Error, EventId, MAX_PAGE_BYTES, REPLIES_PER_THREAD, Result, Slug,
    Thread, ThreadPage, Visibility,
};
use tokio_postgres::Row;

use super::{
    PostgresStore,
    comment_row::{self, visibility_code},
};
use crate::{
    columns::{UuidColumn, unsigned},
    connection::Params,
    error::DatabaseError,
    sql::{SqlStatement, comments as sql},
};

/// Returns a limit as a parameter of a statement.
fn row_limit(limit: NonZeroUsize) -> i64 {
    // The statements add one.
    i64::try_from(limit.get()).unwrap_or(i64::MAX).min(i64::MAX - 1)
}

/// Returns the maximum bytes of a page, and the bytes of a comment without its texts, as parameters.
fn page_bytes() -> (i64, i32) {
    let bytes = i64::try_from(MAX_PAGE_BYTES).unwrap_or(i64::MAX);
    (bytes, i32::try_from(COMMENT_OVERHEAD_BYTES).unwrap_or(i32::MAX))
}

/// Returns the heads with their replies, from a list in which the replies follow their head.
fn group(comments: Vec<Comment>) -> Vec<(Comment, Vec<Comment>)> {
    let mut threads: Vec<(Comment, Vec<Comment>)> = Vec::new();
    for comment in comments {
        match threads.last_mut() {
            Some((_, replies)) if comment.parent.is_some() => replies.push(comment),
            _ => threads.push((comment, Vec::new())),
        }
    }
    threads
}

fn read_error(error: DatabaseError) -> Error {
    error.into_port_error("the comments cannot be read from PostgreSQL")
}

impl PostgresStore {
    async fn select(&self, statement: SqlStatement, params: Params<'_>) -> Result<Vec<Row>> {
        let rows = self
            .database
            .read(async |transaction| transaction.query(statement, params).await)
            .await;
        rows.map_err(read_error)
    }

    async fn select_comments(&self, statement: SqlStatement, params: Params<'_>) -> Result<Vec<Comment>> {
        let rows = self.select(statement, params).await?;
        rows.iter()
            .map(|row| comment_row::comment(row).map_err(read_error))
            .collect()
    }
}

#[async_trait]
impl CommentStore for PostgresStore {
    async fn threads(&self, slug: &Slug, before: Option<EventId>, limit: NonZeroUsize) -> Result<ThreadPage> {
        let (before, slug, heads) = (before.map(UuidColumn::from), slug.as_str(), row_limit(limit));
        let (replies, (bytes, overhead)) = (row_limit(REPLIES_PER_THREAD), page_bytes());
        let params: Params<'_> = &[&before, &slug, &heads, &replies, &bytes, &overhead];
        let threads = group(self.select_comments(sql::THREADS, params).await?);
        let (heads, replies): (Vec<_>, Vec<_>) = threads.into_iter().unzip();
        let mut replies = replies.into_iter();
        ThreadPage::collect(heads.into_iter().map(Ok), limit, |_| {
            Ok(replies.next().unwrap_or_default().into_iter().map(Ok))
        })
    }

    async fn thread(
        &self,
        slug: &Slug,
        head: EventId,
        after: Option<EventId>,
        limit: NonZeroUsize,
    ) -> Result<Option<Thread>> {
        let (head, slug, after) = (UuidColumn::from(head), slug.as_str(), after.map(UuidColumn::from));
        let (replies, (bytes, overhead)) = (row_limit(limit), page_bytes());
        let params: Params<'_> = &[&head, &slug, &after, &replies, &bytes, &overhead];
        let mut found = self.select_comments(sql::THREAD, params).await?.into_iter();
        let Some(head) = found.next() else { return Ok(None) };
        Thread::collect(head, found.map(Ok), limit).map(Some)
    }

    async fn newest_comments(&self, slug: &Slug, limit: NonZeroUsize) -> Result<Vec<Comment>> {
        self.select_comments(sql::NEWEST, &[&slug.as_str(), &row_limit(limit)])
            .await
    }

    async fn recent_comments(
        &self,
        only: Option<Visibility>,
        before: Option<EventId>,
        limit: NonZeroUsize,
    ) -> Result<Vec<Comment>> {
        let (before, limit) = (before.map(UuidColumn::from), row_limit(limit));
        match only {
            None => self.select_comments(sql::RECENT, &[&before, &limit]).await,
            Some(only) => {
                let only = visibility_code(only);
                self.select_comments(sql::RECENT_BY_VISIBILITY, &[&before, &limit, &only])
                    .await
            }
        }
    }

    async fn comment(&self, id: EventId) -> Result<Option<Comment>> {
        Ok(self
            .select_comments(sql::COMMENT, &[&UuidColumn::from(id)])
            .await?
            .pop())
    }

    async fn reply_count(&self, parent: EventId) -> Result<usize> {
        let rows = self.select(sql::COUNT_REPLIES, &[&UuidColumn::from(parent)]).await?;
        let count = rows
            .first()
            .map_or(Ok(0), |row| unsigned(row, "count"))
            .map_err(read_error)?;
        Ok(usize::try_from(count).unwrap_or(usize::MAX))
    }
}
