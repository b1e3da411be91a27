//! Defects in the paging of threads and replies.

use std::num::NonZeroUsize;

use async_trait::async_trait;
use horizon_core::{Comment, CommentStore, EventId, Result, Slug, Thread, ThreadPage};
use horizon_memory::MemoryStore;

use crate::store::StoreDefect;

pub(crate) fn deny_more_replies(page: &mut ThreadPage) {
    for thread in &mut page.threads {
        thread.has_more_replies = false;
    }
}

pub(crate) struct IgnoresAfter;

#[async_trait]
impl StoreDefect for IgnoresAfter {
    async fn thread(
        &self,
        good: &MemoryStore,
        slug: &Slug,
        head: EventId,
        _: Option<EventId>,
        limit: NonZeroUsize,
    ) -> Result<Option<Thread>> {
        good.thread(slug, head, None, limit).await
    }
}

/// Returns any comment as the head of a thread.
pub(crate) struct FindsHiddenThreads;

#[async_trait]
impl StoreDefect for FindsHiddenThreads {
    async fn thread(
        &self,
        good: &MemoryStore,
        slug: &Slug,
        head: EventId,
        after: Option<EventId>,
        limit: NonZeroUsize,
    ) -> Result<Option<Thread>> {
        let comment = good.comment(head).await?;
        let alone = comment.map(|head| alone(head, Vec::new()));
        Ok(good.thread(slug, head, after, limit).await?.or(alone))
    }
}

/// Starts at the first reply when `after` is not on the page.
pub(crate) struct TreatsUnknownAfterAsNone;

#[async_trait]
impl StoreDefect for TreatsUnknownAfterAsNone {
    async fn thread(
        &self,
        good: &MemoryStore,
        slug: &Slug,
        head: EventId,
        after: Option<EventId>,
        limit: NonZeroUsize,
    ) -> Result<Option<Thread>> {
        let after = match after {
            Some(id) => good.comment(id).await?.filter(|comment| comment.slug == *slug),
            None => None,
        };
        good.thread(slug, head, after.map(|comment| comment.id), limit).await
    }
}

/// Limits a page by the number of comments only.
pub(crate) struct IgnoresByteLimit;

#[async_trait]
impl StoreDefect for IgnoresByteLimit {
    async fn threads(
        &self,
        good: &MemoryStore,
        slug: &Slug,
        before: Option<EventId>,
        limit: NonZeroUsize,
    ) -> Result<ThreadPage> {
        let older = good.recent_comments(None, before, NonZeroUsize::MAX).await?;
        let heads = older.iter().filter(|c| c.slug == *slug && c.parent.is_none());
        let mut threads: Vec<_> = heads.map(|head| alone(head.clone(), Vec::new())).collect();
        let has_earlier = threads.len() > limit.get();
        threads.truncate(limit.get());
        threads.reverse();
        Ok(ThreadPage { threads, has_earlier })
    }
    async fn thread(
        &self,
        good: &MemoryStore,
        slug: &Slug,
        head: EventId,
        _: Option<EventId>,
        limit: NonZeroUsize,
    ) -> Result<Option<Thread>> {
        let mut replies = good.newest_comments(slug, NonZeroUsize::MAX).await?;
        replies.retain(|comment| comment.parent == Some(head));
        replies.truncate(limit.get());
        Ok(good.comment(head).await?.map(|head| alone(head, replies)))
    }
}

fn alone(head: Comment, replies: Vec<Comment>) -> Thread {
    Thread {
        head,
        replies,
        has_more_replies: false,
    }
}
