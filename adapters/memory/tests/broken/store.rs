use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use async_trait::async_trait;
use horizon_core::reports::{
    Capabilities, Discrepancy, Query, ReportError, ReportStatus, Reports, SiteTimeZone, Table,
};
use horizon_core::testing::Store;
use horizon_core::{
    Comment, CommentStore, Day, Event, EventId, ReaderId, Result, SaltStore, Slug, StatsStore, Thread, ThreadPage,
    Timestamp, Topic, Update, Visibility,
};
use horizon_memory::MemoryStore;

/// What a broken store does differently. The default methods are correct.
#[async_trait]
pub(crate) trait StoreDefect: Send + Sync {
    async fn apply(&self, good: &MemoryStore, events: &[Event]) -> Result<Vec<Update>> {
        good.apply(events).await
    }
    async fn totals(&self, good: &MemoryStore, topics: &[Topic]) -> Result<Vec<Update>> {
        good.totals(topics).await
    }
    async fn is_liked_by(&self, good: &MemoryStore, topic: &Topic, reader: ReaderId) -> Result<bool> {
        good.is_liked_by(topic, reader).await
    }
    async fn expire(&self, good: &MemoryStore, now: Timestamp) -> Result<()> {
        good.expire(now).await
    }
    async fn threads(
        &self,
        good: &MemoryStore,
        slug: &Slug,
        before: Option<EventId>,
        limit: NonZeroUsize,
    ) -> Result<ThreadPage> {
        good.threads(slug, before, limit).await
    }
    async fn thread(
        &self,
        good: &MemoryStore,
        slug: &Slug,
        head: EventId,
        after: Option<EventId>,
        limit: NonZeroUsize,
    ) -> Result<Option<Thread>> {
        good.thread(slug, head, after, limit).await
    }
    async fn newest_comments(&self, good: &MemoryStore, slug: &Slug, limit: NonZeroUsize) -> Result<Vec<Comment>> {
        good.newest_comments(slug, limit).await
    }
    async fn recent_comments(
        &self,
        good: &MemoryStore,
        only: Option<Visibility>,
        before: Option<EventId>,
        limit: NonZeroUsize,
    ) -> Result<Vec<Comment>> {
        good.recent_comments(only, before, limit).await
    }
    async fn comment(&self, good: &MemoryStore, id: EventId) -> Result<Option<Comment>> {
        good.comment(id).await
    }
    async fn reply_count(&self, good: &MemoryStore, parent: EventId) -> Result<usize> {
        good.reply_count(parent).await
    }
    async fn salt(&self, good: &MemoryStore, day: Day, fresh: [u8; 32]) -> Result<[u8; 32]> {
        good.salt(day, fresh).await
    }
    async fn set_time_zone(&self, good: &MemoryStore, zone: &SiteTimeZone) -> Result<()> {
        good.set_time_zone(zone).await
    }
    async fn query(&self, good: &MemoryStore, query: &Query) -> Result<Table, ReportError> {
        good.query(query).await
    }
    async fn status(&self, good: &MemoryStore) -> Result<ReportStatus> {
        good.status().await
    }
    async fn verify(&self, good: &MemoryStore) -> Result<Vec<Discrepancy>> {
        good.verify().await
    }
    async fn expire_sessions(&self, good: &MemoryStore, first: Day, dry_run: bool) -> Result<u64> {
        good.expire_sessions(first, dry_run).await
    }
}

struct DefectiveStore<F> {
    good: MemoryStore,
    defect: F,
}

pub(crate) fn harness(defect: impl StoreDefect + 'static) -> Arc<dyn Store> {
    let good = MemoryStore::new();
    Arc::new(DefectiveStore { good, defect })
}

#[async_trait]
impl<F: StoreDefect> StatsStore for DefectiveStore<F> {
    async fn apply(&self, events: &[Event]) -> Result<Vec<Update>> {
        self.defect.apply(&self.good, events).await
    }
    async fn totals(&self, topics: &[Topic]) -> Result<Vec<Update>> {
        self.defect.totals(&self.good, topics).await
    }
    async fn is_liked_by(&self, topic: &Topic, reader: ReaderId) -> Result<bool> {
        self.defect.is_liked_by(&self.good, topic, reader).await
    }
    async fn expire(&self, now: Timestamp) -> Result<()> {
        self.defect.expire(&self.good, now).await
    }
    fn reports(&self) -> Option<&dyn Reports> {
        Some(self)
    }
}

#[async_trait]
impl<F: StoreDefect> Reports for DefectiveStore<F> {
    async fn set_time_zone(&self, zone: &SiteTimeZone) -> Result<()> {
        self.defect.set_time_zone(&self.good, zone).await
    }
    async fn query(&self, query: &Query) -> Result<Table, ReportError> {
        self.defect.query(&self.good, query).await
    }
    fn capabilities(&self) -> Capabilities {
        self.good.capabilities()
    }
    async fn status(&self) -> Result<ReportStatus> {
        self.defect.status(&self.good).await
    }
    async fn verify(&self) -> Result<Vec<Discrepancy>> {
        self.defect.verify(&self.good).await
    }
    async fn expire_sessions(&self, first: Day, dry_run: bool) -> Result<u64> {
        self.defect.expire_sessions(&self.good, first, dry_run).await
    }
}

#[async_trait]
impl<F: StoreDefect> CommentStore for DefectiveStore<F> {
    async fn threads(&self, slug: &Slug, before: Option<EventId>, limit: NonZeroUsize) -> Result<ThreadPage> {
        self.defect.threads(&self.good, slug, before, limit).await
    }
    async fn thread(
        &self,
        slug: &Slug,
        head: EventId,
        after: Option<EventId>,
        limit: NonZeroUsize,
    ) -> Result<Option<Thread>> {
        self.defect.thread(&self.good, slug, head, after, limit).await
    }
    async fn newest_comments(&self, slug: &Slug, limit: NonZeroUsize) -> Result<Vec<Comment>> {
        self.defect.newest_comments(&self.good, slug, limit).await
    }
    async fn recent_comments(
        &self,
        only: Option<Visibility>,
        before: Option<EventId>,
        limit: NonZeroUsize,
    ) -> Result<Vec<Comment>> {
        self.defect.recent_comments(&self.good, only, before, limit).await
    }
    async fn comment(&self, id: EventId) -> Result<Option<Comment>> {
        self.defect.comment(&self.good, id).await
    }
    async fn reply_count(&self, parent: EventId) -> Result<usize> {
        self.defect.reply_count(&self.good, parent).await
    }
}

#[async_trait]
impl<F: StoreDefect> SaltStore for DefectiveStore<F> {
    async fn salt(&self, day: Day, fresh: [u8; 32]) -> Result<[u8; 32]> {
        self.defect.salt(&self.good, day, fresh).await
    }
}

/// Orders likes and verdicts by their arrival, not by their stamp.
pub(crate) struct OrdersByArrival;

#[async_trait]
impl StoreDefect for OrdersByArrival {
    async fn apply(&self, good: &MemoryStore, events: &[Event]) -> Result<Vec<Update>> {
        static ARRIVED: AtomicI64 = AtomicI64::new(1_800_000_000_000);
        let mut events = events.to_vec();
        for event in &mut events {
            event.at = Timestamp::from_millis(ARRIVED.fetch_add(1, Ordering::Relaxed));
        }
        good.apply(&events).await
    }
}

pub(crate) struct NeverExpires;

#[async_trait]
impl StoreDefect for NeverExpires {
    async fn expire(&self, _: &MemoryStore, _: Timestamp) -> Result<()> {
        Ok(())
    }
}
