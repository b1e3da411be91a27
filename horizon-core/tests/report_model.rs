//! The model of reports passes the checks of a store with reports, so the numbers in the checks are those of the model.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard};

use async_trait::async_trait;
use horizon_core::reports::{
    Capabilities, Discrepancy, FirstDay, Query, ReportError, ReportStatus, Reports, SiteTimeZone, Table,
};
use horizon_core::testing::{ReportAnswer, ReportModel, Store};
use horizon_core::{
    Comment, CommentStore, Day, Error, Event, EventId, ReaderId, Result, SaltStore, Slug, StatsStore, Thread,
    ThreadPage, Timestamp, Topic, Update, Visibility,
};
use horizon_memory::MemoryStore;

/// A store whose totals and reports are those of the model.
struct ModelStore {
    capabilities: Capabilities,
    state: Mutex<ModelState>,
    /// For the ports that are not tested.
    other: MemoryStore,
}

struct ModelState {
    model: ReportModel,
    zone: SiteTimeZone,
    first_session_day: Option<Day>,
}

impl ModelState {
    fn set_time_zone(&mut self, zone: &SiteTimeZone) -> Result<()> {
        if self.model.open_since().is_none() {
            self.model = ReportModel::new(zone.clone());
            self.zone = zone.clone();
        }
        if self.zone == *zone {
            return Ok(());
        }
        Err(Error::permanent("another time zone is stored"))
    }
}

impl ModelStore {
    fn state(&self) -> MutexGuard<'_, ModelState> {
        self.state.lock().unwrap()
    }
}

#[async_trait]
impl Reports for ModelStore {
    async fn set_time_zone(&self, zone: &SiteTimeZone) -> Result<()> {
        self.state().set_time_zone(zone)?;
        self.other.set_time_zone(zone).await
    }

    async fn query(&self, query: &Query) -> Result<Table, ReportError> {
        let state = self.state();
        match state.model.answer(query, &self.capabilities(), state.first_session_day) {
            ReportAnswer::Table(table) => Ok(table),
            ReportAnswer::Refused(refusal) => Err(refusal.into()),
            ReportAnswer::RowsExpired(day) => Err(ReportError::RowsExpired { first: FirstDay(day) }),
            _ => Err(Error::permanent("an unknown answer").into()),
        }
    }

    fn capabilities(&self) -> Capabilities {
        self.capabilities
    }

    async fn status(&self) -> Result<ReportStatus> {
        let state = self.state();
        let mut status = ReportStatus::new(state.zone.clone());
        status.open_since = state.model.open_since();
        status.late_events = state.model.late_events();
        status.first_session_day = state.first_session_day;
        Ok(status)
    }

    async fn verify(&self) -> Result<Vec<Discrepancy>> {
        Ok(Vec::new())
    }

    async fn expire_sessions(&self, first: Day, dry_run: bool) -> Result<u64> {
        let mut state = self.state();
        let open = state.model.open_since().filter(|_| self.capabilities.has_session_rows);
        let Some(open) = open else { return Ok(0) };
        let first = first.min(state.zone.day_of(open));
        let erased = state
            .first_session_day
            .map_or(0, |day| state.model.sessions_before(day));
        let count = state.model.sessions_before(first).saturating_sub(erased);
        if !dry_run && count > 0 {
            state.first_session_day = state.first_session_day.max(Some(first));
        }
        Ok(count)
    }
}

#[async_trait]
impl StatsStore for ModelStore {
    async fn apply(&self, events: &[Event]) -> Result<Vec<Update>> {
        self.state().model.apply(events);
        let topics: BTreeSet<Topic> = events.iter().map(|event| event.topic.clone()).collect();
        self.totals(&topics.into_iter().collect::<Vec<_>>()).await
    }

    async fn totals(&self, topics: &[Topic]) -> Result<Vec<Update>> {
        let state = self.state();
        let update = |topic: &Topic| Update::new(topic.clone(), state.model.totals(topic), 1);
        Ok(topics.iter().map(update).collect())
    }

    async fn is_liked_by(&self, topic: &Topic, reader: ReaderId) -> Result<bool> {
        self.other.is_liked_by(topic, reader).await
    }

    async fn expire(&self, now: Timestamp) -> Result<()> {
        self.state().model.expire(now);
        self.other.expire(now).await
    }

    fn reports(&self) -> Option<&dyn Reports> {
        Some(self)
    }
}

#[async_trait]
impl CommentStore for ModelStore {
    async fn threads(&self, slug: &Slug, before: Option<EventId>, limit: NonZeroUsize) -> Result<ThreadPage> {
        self.other.threads(slug, before, limit).await
    }

    async fn thread(
        &self,
        slug: &Slug,
        head: EventId,
        after: Option<EventId>,
        limit: NonZeroUsize,
    ) -> Result<Option<Thread>> {
        self.other.thread(slug, head, after, limit).await
    }

    async fn newest_comments(&self, slug: &Slug, limit: NonZeroUsize) -> Result<Vec<Comment>> {
        self.other.newest_comments(slug, limit).await
    }

    async fn recent_comments(
        &self,
        only: Option<Visibility>,
        before: Option<EventId>,
        limit: NonZeroUsize,
    ) -> Result<Vec<Comment>> {
        self.other.recent_comments(only, before, limit).await
    }

    async fn comment(&self, id: EventId) -> Result<Option<Comment>> {
        self.other.comment(id).await
    }

    async fn reply_count(&self, parent: EventId) -> Result<usize> {
        self.other.reply_count(parent).await
    }
}

#[async_trait]
impl SaltStore for ModelStore {
    async fn salt(&self, day: Day, fresh: [u8; 32]) -> Result<[u8; 32]> {
        self.other.salt(day, fresh).await
    }
}

fn store(capabilities: Capabilities) -> Arc<dyn Store> {
    let zone = SiteTimeZone::utc();
    let state = ModelState {
        model: ReportModel::new(zone.clone()),
        zone,
        first_session_day: None,
    };
    Arc::new(ModelStore {
        capabilities,
        state: Mutex::new(state),
        other: MemoryStore::new(),
    })
}

mod with_all_capabilities {
    use super::{Arc, Capabilities, Store, store};

    async fn make() -> Arc<dyn Store> {
        store(Capabilities::ALL)
    }

    horizon_core::reports_suite!(make);
}

mod without_session_rows {
    use horizon_core::reports::{Dimension, Metric};

    use super::{Arc, Capabilities, Store, store};

    const METRICS: [Metric; 5] = [
        Metric::Visitors,
        Metric::Visits,
        Metric::Pageviews,
        Metric::Seconds,
        Metric::Events,
    ];

    const DIMENSIONS: [Dimension; 4] = [Dimension::Day, Dimension::Page, Dimension::Event, Dimension::Source];

    async fn make() -> Arc<dyn Store> {
        store(Capabilities::new(&METRICS, &DIMENSIONS, false))
    }

    horizon_core::reports_suite!(make);
}
