use std::num::NonZeroUsize;

use async_trait::async_trait;
use horizon_core::{
    COMMENT_OVERHEAD_BYTES, Comment, CommentStore, Error, EventId, MAX_PAGE_BYTES, REPLIES_PER_THREAD, Result, Slug,
    Thread, ThreadPage, Visibility,
};
use redis::{Cmd, RedisError};

use super::comment_record::{self, CommentRecord};
use super::{RedisStore, keys, recent_comments};
use crate::connection::script::CachedScript;
use crate::error::map;

/// The id and the record of a comment in a script's reply.
type CommentReply = (Vec<u8>, Vec<u8>);

/// Where a read in descending order starts: at the newest comment, or after one with this position on this page.
/// Comments of two pages can have the same position, and are ordered by their slugs then.
pub(super) enum ReadStart {
    Newest,
    After(u64, Slug),
}

impl ReadStart {
    /// Returns the highest score on this page as an argument of ZREVRANGEBYSCORE.
    pub(super) fn max_score(&self, slug: &Slug) -> String {
        match self {
            Self::Newest => "+inf".into(),
            Self::After(position, page) if slug < page => position.to_string(),
            Self::After(position, _) => format!("({position}"),
        }
    }
}

/// Returns a limit as an argument.
pub(super) fn limit_argument(limit: NonZeroUsize) -> u32 {
    u32::try_from(limit.get()).unwrap_or(u32::MAX)
}

/// Returns a limit plus one, which shows whether there are more.
fn limit_plus_one(limit: NonZeroUsize) -> u32 {
    limit_argument(limit.saturating_add(1))
}

/// Returns a call of a script that starts with `read_comments.lua`, with the arguments of that file.
fn page_call(script: &CachedScript, slug: &Slug) -> Cmd {
    let parts = [keys::THREADS, keys::COMMENTS, keys::SHOWN_REPLIES].map(|part| keys::of_page(slug, part));
    let mut call = script.call(&parts.each_ref().map(String::as_str));
    call.arg(MAX_PAGE_BYTES).arg(COMMENT_OVERHEAD_BYTES);
    call
}

pub(super) fn read_error(driver: RedisError) -> Error {
    map("the comments cannot be read from Redis", driver)
}

fn decode(slug: &Slug, (id, bytes): &CommentReply) -> Result<Comment> {
    let id = comment_record::id(id)?;
    Ok(comment_record::decode(slug, id, bytes)?.comment)
}

impl RedisStore {
    /// Returns the page of a comment, if a batch with it was applied.
    async fn page_of(&self, id: EventId) -> Result<Option<Slug>> {
        let get = redis::cmd("GET").arg(keys::comment(id)).clone();
        let slug: Option<String> = self.redis.query(&get).await.map_err(read_error)?;
        let invalid = |e| Error::permanent(format!("the key of comment {id} in Redis holds no slug")).with_source(e);
        slug.map(|slug| Slug::new(&slug).map_err(invalid)).transpose()
    }

    async fn find(&self, id: EventId) -> Result<Option<CommentRecord>> {
        let Some(slug) = self.page_of(id).await? else {
            return Ok(None);
        };
        let mut read = redis::cmd("HGET");
        read.arg(keys::of_page(&slug, keys::COMMENTS))
            .arg(&id.as_u128().to_be_bytes());
        let bytes: Option<Vec<u8>> = self.redis.query(&read).await.map_err(read_error)?;
        bytes.map(|bytes| comment_record::decode(&slug, id, &bytes)).transpose()
    }

    /// Returns where to start after a comment, or `None` if it does not exist.
    async fn start(&self, after: Option<EventId>) -> Result<Option<ReadStart>> {
        let Some(after) = after else {
            return Ok(Some(ReadStart::Newest));
        };
        let found = self.find(after).await?;
        Ok(found.map(|record| ReadStart::After(record.position, record.comment.slug)))
    }
}

#[async_trait]
impl CommentStore for RedisStore {
    async fn threads(&self, slug: &Slug, before: Option<EventId>, limit: NonZeroUsize) -> Result<ThreadPage> {
        let Some(start) = self.start(before).await? else {
            return Ok(ThreadPage::default());
        };
        let script = &self.scripts.threads;
        let mut call = page_call(script, slug);
        call.arg(start.max_score(slug))
            .arg(limit_plus_one(limit))
            .arg(limit_plus_one(REPLIES_PER_THREAD));
        let found: Vec<(CommentReply, Vec<CommentReply>)> =
            self.redis.invoke(script, &call).await.map_err(read_error)?;
        let mut replies = found.iter().map(|(_, replies)| replies);
        let heads = found.iter().map(|(head, _)| decode(slug, head));
        ThreadPage::collect(heads, limit, |_| {
            let replies = replies.next().into_iter().flatten();
            Ok(replies.map(|reply| decode(slug, reply)))
        })
    }

    async fn thread(
        &self,
        slug: &Slug,
        head: EventId,
        after: Option<EventId>,
        limit: NonZeroUsize,
    ) -> Result<Option<Thread>> {
        let script = &self.scripts.thread;
        let mut call = page_call(script, slug);
        call.arg(&head.as_u128().to_be_bytes()).arg(limit_plus_one(limit));
        if let Some(after) = after {
            call.arg(&after.as_u128().to_be_bytes());
        }
        let found: Option<(CommentReply, Vec<CommentReply>)> =
            self.redis.invoke(script, &call).await.map_err(read_error)?;
        let Some((head, replies)) = found else { return Ok(None) };
        let replies = replies.iter().map(|reply| decode(slug, reply));
        Thread::collect(decode(slug, &head)?, replies, limit).map(Some)
    }

    async fn newest_comments(&self, slug: &Slug, limit: NonZeroUsize) -> Result<Vec<Comment>> {
        let script = &self.scripts.newest;
        let parts = [keys::in_state(Visibility::Shown), keys::COMMENTS].map(|part| keys::of_page(slug, part));
        let mut call = script.call(&parts.each_ref().map(String::as_str));
        call.arg(limit_argument(limit));
        let found: Vec<CommentReply> = self.redis.invoke(script, &call).await.map_err(read_error)?;
        found.iter().map(|found| decode(slug, found)).collect()
    }

    async fn recent_comments(
        &self,
        only: Option<Visibility>,
        before: Option<EventId>,
        limit: NonZeroUsize,
    ) -> Result<Vec<Comment>> {
        match self.start(before).await? {
            Some(start) => recent_comments::read(self, only, &start, limit).await,
            None => Ok(Vec::new()),
        }
    }

    async fn comment(&self, id: EventId) -> Result<Option<Comment>> {
        Ok(self.find(id).await?.map(|record| record.comment))
    }

    async fn reply_count(&self, parent: EventId) -> Result<usize> {
        let Some(slug) = self.page_of(parent).await? else {
            return Ok(0);
        };
        let parent = parent.as_u128().to_be_bytes();
        let mut count = redis::cmd("ZLEXCOUNT");
        count.arg(keys::of_page(&slug, keys::REPLIES));
        // A member starts with the parent's id, followed by a position, whose first byte is not 255.
        count
            .arg([&b"["[..], &parent].concat())
            .arg([&b"("[..], &parent, b"\xff"].concat());
        self.redis.query(&count).await.map_err(read_error)
    }
}
