//! A shared store is a store, so that an application may keep a handle on the one that it passes on.

use std::num::NonZeroUsize;
use std::sync::Arc;

use async_trait::async_trait;

use crate::{
    Comment, CommentStore, Day, Event, EventId, ReaderId, Result, SaltStore, Slug, StatsStore, Thread, ThreadPage,
    Timestamp, Topic, Update, Visibility, reports::Reports,
};

#[async_trait]
impl<S: StatsStore + ?Sized> StatsStore for Arc<S> {
    async fn apply(&self, events: &[Event]) -> Result<Vec<Update>> {
        (**self).apply(events).await
    }

    async fn totals(&self, topics: &[Topic]) -> Result<Vec<Update>> {
        (**self).totals(topics).await
    }

    async fn is_liked_by(&self, topic: &Topic, reader: ReaderId) -> Result<bool> {
        (**self).is_liked_by(topic, reader).await
    }

    async fn expire(&self, now: Timestamp) -> Result<()> {
        (**self).expire(now).await
    }

    fn reports(&self) -> Option<&dyn Reports> {
        (**self).reports()
    }
}

#[async_trait]
impl<S: CommentStore + ?Sized> CommentStore for Arc<S> {
    async fn threads(&self, slug: &Slug, before: Option<EventId>, limit: NonZeroUsize) -> Result<ThreadPage> {
        (**self).threads(slug, before, limit).await
    }

    async fn thread(
        &self,
        slug: &Slug,
        head: EventId,
        after: Option<EventId>,
        limit: NonZeroUsize,
    ) -> Result<Option<Thread>> {
        (**self).thread(slug, head, after, limit).await
    }

    async fn newest_comments(&self, slug: &Slug, limit: NonZeroUsize) -> Result<Vec<Comment>> {
        (**self).newest_comments(slug, limit).await
    }

    async fn recent_comments(
        &self,
        only: Option<Visibility>,
        before: Option<EventId>,
        limit: NonZeroUsize,
    ) -> Result<Vec<Comment>> {
        (**self).recent_comments(only, before, limit).await
    }

    async fn comment(&self, id: EventId) -> Result<Option<Comment>> {
        (**self).comment(id).await
    }

    async fn reply_count(&self, parent: EventId) -> Result<usize> {
        (**self).reply_count(parent).await
    }
}

#[async_trait]
impl<S: SaltStore + ?Sized> SaltStore for Arc<S> {
    async fn salt(&self, day: Day, fresh: [u8; 32]) -> Result<[u8; 32]> {
        (**self).salt(day, fresh).await
    }
}
