use std::num::NonZeroUsize;

use async_trait::async_trait;
use horizon_core::{
    COMMENT_OVERHEAD_BYTES, Comment, CommentStore, Error, EventId, MAX_PAGE_BYTES, REPLIES_PER_THREAD, Result, Slug,
    Thread, ThreadPage, Visibility,
};
use redis::{Cmd, RedisError};

use crate::desk;
use crate::error::map;
use crate::keys;
use crate::record::{self, Record};
use crate::script::Kept;
use crate::stats::RedisStats;

/// The id and the record of a comment, as scripts answer them.
type Found = (Vec<u8>, Vec<u8>);

/// Where a reading begins: at the newest, or below a place on a page.
///
/// Places on two pages may be the same; the pages' names decide then.
pub(crate) enum End {
    Newest,
    Below(u64, Slug),
}

impl End {
    /// Which places of this page are older, in the words of ZREVRANGEBYSCORE.
    pub(crate) fn on(&self, slug: &Slug) -> String {
        match self {
            Self::Newest => "+inf".into(),
            Self::Below(place, page) if slug < page => place.to_string(),
            Self::Below(place, _) => format!("({place}"),
        }
    }
}

/// How many, as Redis takes it.
pub(crate) fn rows(limit: NonZeroUsize) -> u32 {
    u32::try_from(limit.get()).unwrap_or(u32::MAX)
}

/// A limit, and one more that tells whether more follow.
fn and_one(limit: NonZeroUsize) -> u32 {
    rows(limit.saturating_add(1))
}

/// A call of a script that starts with `page.lua`, with the arguments that it takes.
fn page_call(script: &Kept, slug: &Slug) -> Cmd {
    let parts = [keys::THREADS, keys::COMMENTS, keys::SHOWN_REPLIES].map(|part| keys::of_blog(slug, part));
    let mut call = script.call(&parts.each_ref().map(String::as_str));
    call.arg(MAX_PAGE_BYTES).arg(COMMENT_OVERHEAD_BYTES);
    call
}

pub(crate) fn not_read(driver: RedisError) -> Error {
    map("the comments cannot be read from Redis", driver)
}

fn read(slug: &Slug, (id, bytes): &Found) -> Result<Comment> {
    let id = record::id(id)?;
    Ok(record::decode(slug, id, bytes)?.comment)
}

impl RedisStats {
    /// The page that a comment stands on, if the comment came as far as being counted.
    async fn page_of(&self, id: EventId) -> Result<Option<Slug>> {
        let slug: Option<String> = self
            .redis
            .ask(redis::cmd("GET").arg(keys::comment(id)))
            .await
            .map_err(not_read)?;
        let wrong = |e| Error::permanent(format!("the page of the comment {id} cannot be read")).with_source(e);
        slug.map(|slug| Slug::new(&slug).map_err(wrong)).transpose()
    }

    async fn find(&self, id: EventId) -> Result<Option<Record>> {
        let Some(slug) = self.page_of(id).await? else {
            return Ok(None);
        };
        let mut read = redis::cmd("HGET");
        read.arg(keys::of_blog(&slug, keys::COMMENTS))
            .arg(&id.as_u128().to_be_bytes());
        let bytes: Option<Vec<u8>> = self.redis.ask(&read).await.map_err(not_read)?;
        bytes.map(|bytes| record::decode(&slug, id, &bytes)).transpose()
    }

    /// Nothing if there is no such comment.
    async fn end(&self, before: Option<EventId>) -> Result<Option<End>> {
        let Some(before) = before else {
            return Ok(Some(End::Newest));
        };
        let found = self.find(before).await?;
        Ok(found.map(|record| End::Below(record.place, record.comment.slug)))
    }
}

#[async_trait]
impl CommentStore for RedisStats {
    async fn threads(&self, slug: &Slug, before: Option<EventId>, limit: NonZeroUsize) -> Result<ThreadPage> {
        let Some(end) = self.end(before).await? else {
            return Ok(ThreadPage::default());
        };
        let script = &self.scripts.threads;
        let mut call = page_call(script, slug);
        call.arg(end.on(slug))
            .arg(and_one(limit))
            .arg(and_one(REPLIES_PER_THREAD));
        let found: Vec<(Found, Vec<Found>)> = self.redis.invoke(script, &call).await.map_err(not_read)?;
        let mut replies = found.iter().map(|(_, replies)| replies);
        let heads = found.iter().map(|(head, _)| read(slug, head));
        ThreadPage::collect(heads, limit, |_| {
            let replies = replies.next().into_iter().flatten();
            Ok(replies.map(|reply| read(slug, reply)))
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
        call.arg(&head.as_u128().to_be_bytes()).arg(and_one(limit));
        if let Some(after) = after {
            call.arg(&after.as_u128().to_be_bytes());
        }
        let found: Option<(Found, Vec<Found>)> = self.redis.invoke(script, &call).await.map_err(not_read)?;
        let Some((head, replies)) = found else { return Ok(None) };
        let replies = replies.iter().map(|reply| read(slug, reply));
        Thread::collect(read(slug, &head)?, replies, limit).map(Some)
    }

    async fn newest_comments(&self, slug: &Slug, limit: NonZeroUsize) -> Result<Vec<Comment>> {
        let script = &self.scripts.newest;
        let parts = [keys::list(Visibility::Shown), keys::COMMENTS].map(|part| keys::of_blog(slug, part));
        let mut call = script.call(&parts.each_ref().map(String::as_str));
        call.arg(rows(limit));
        let found: Vec<Found> = self.redis.invoke(script, &call).await.map_err(not_read)?;
        found.iter().map(|found| read(slug, found)).collect()
    }

    async fn recent_comments(
        &self,
        only: Option<Visibility>,
        before: Option<EventId>,
        limit: NonZeroUsize,
    ) -> Result<Vec<Comment>> {
        match self.end(before).await? {
            Some(end) => desk::read(self, only, &end, limit).await,
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
        count.arg(keys::of_blog(&slug, keys::REPLIES));
        // A reply's name starts with its parent's id, and goes on with a place, whose first byte is small.
        count
            .arg([&b"["[..], &parent].concat())
            .arg([&b"("[..], &parent, b"\xff"].concat());
        self.redis.ask(&count).await.map_err(not_read)
    }
}
