use std::num::NonZeroUsize;

use async_trait::async_trait;
use futures::stream::BoxStream;
use horizon_core::reports::{
    Capabilities, Discrepancy, Query, ReportError, ReportStatus, Reports, SiteTimeZone, Table,
};
use horizon_core::{
    Comment, CommentStore, Day, Event, EventBus, EventId, Presence, PresenceGuard, ReaderId, Result, SaltStore, Slug,
    Stats, StatsStore, Thread, ThreadPage, Timestamp, Topic, Update, Visibility, VisitorKey,
};

use super::{Call, Fake};

#[async_trait]
impl Presence for Fake {
    async fn track(&self, topic: Topic, visitor: VisitorKey) -> Result<PresenceGuard> {
        let work = async { self.0.presence.track(topic, visitor) };
        self.0.call(Call::TrackPresence, work).await
    }

    fn watch(&self, topic: Topic) -> BoxStream<'static, u64> {
        let viewers = self.0.presence_watches.gate(self.0.presence.watch(topic));
        self.0.connection.gate(viewers)
    }
}

#[async_trait]
impl EventBus for Fake {
    async fn track(&self, event: Event) -> Result<()> {
        self.0.call(Call::Track, self.0.accumulator.track(event)).await
    }

    fn watch(&self, topic: Topic) -> BoxStream<'static, Stats> {
        self.0.connection.gate(self.0.accumulator.watch(topic))
    }
}

#[async_trait]
impl StatsStore for Fake {
    async fn apply(&self, events: &[Event]) -> Result<Vec<Update>> {
        self.0.call(Call::Apply, self.0.store.apply(events)).await
    }

    async fn totals(&self, topics: &[Topic]) -> Result<Vec<Update>> {
        self.0.call(Call::Get, self.0.store.totals(topics)).await
    }

    async fn is_liked_by(&self, topic: &Topic, reader: ReaderId) -> Result<bool> {
        self.0
            .call(Call::IsLikedBy, self.0.store.is_liked_by(topic, reader))
            .await
    }

    async fn expire(&self, now: Timestamp) -> Result<()> {
        self.0.call(Call::Expire, self.0.store.expire(now)).await
    }

    fn reports(&self) -> Option<&dyn Reports> {
        Some(self)
    }
}

#[async_trait]
impl Reports for Fake {
    async fn set_time_zone(&self, zone: &SiteTimeZone) -> Result<()> {
        self.0.call(Call::SetTimeZone, self.0.store.set_time_zone(zone)).await
    }

    async fn query(&self, query: &Query) -> Result<Table, ReportError> {
        let work = async { Ok(self.0.store.query(query).await) };
        self.0.call(Call::Query, work).await?
    }

    fn capabilities(&self) -> Capabilities {
        self.0.store.capabilities()
    }

    async fn status(&self) -> Result<ReportStatus> {
        self.0.call(Call::ReportStatus, self.0.store.status()).await
    }

    async fn verify(&self) -> Result<Vec<Discrepancy>> {
        self.0.call(Call::Verify, self.0.store.verify()).await
    }

    async fn expire_sessions(&self, first: Day, dry_run: bool) -> Result<u64> {
        let work = self.0.store.expire_sessions(first, dry_run);
        self.0.call(Call::ExpireSessions, work).await
    }
}

#[async_trait]
impl CommentStore for Fake {
    async fn threads(&self, slug: &Slug, before: Option<EventId>, limit: NonZeroUsize) -> Result<ThreadPage> {
        let work = self.0.store.threads(slug, before, limit);
        self.0.call(Call::Threads, work).await
    }

    async fn thread(
        &self,
        slug: &Slug,
        head: EventId,
        after: Option<EventId>,
        limit: NonZeroUsize,
    ) -> Result<Option<Thread>> {
        let work = self.0.store.thread(slug, head, after, limit);
        self.0.call(Call::Thread, work).await
    }

    async fn newest_comments(&self, slug: &Slug, limit: NonZeroUsize) -> Result<Vec<Comment>> {
        self.0
            .call(Call::NewestComments, self.0.store.newest_comments(slug, limit))
            .await
    }

    async fn recent_comments(
        &self,
        only: Option<Visibility>,
        before: Option<EventId>,
        limit: NonZeroUsize,
    ) -> Result<Vec<Comment>> {
        let work = self.0.store.recent_comments(only, before, limit);
        self.0.call(Call::RecentComments, work).await
    }

    async fn comment(&self, id: EventId) -> Result<Option<Comment>> {
        self.0.call(Call::Comment, self.0.store.comment(id)).await
    }

    async fn reply_count(&self, parent: EventId) -> Result<usize> {
        self.0.call(Call::ReplyCount, self.0.store.reply_count(parent)).await
    }
}

#[async_trait]
impl SaltStore for Fake {
    async fn salt(&self, day: Day, fresh: [u8; 32]) -> Result<[u8; 32]> {
        self.0.call(Call::Salt, self.0.store.salt(day, fresh)).await
    }
}
