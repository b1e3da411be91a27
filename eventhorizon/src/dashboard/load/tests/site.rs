use std::{sync::Arc, time::Duration};

use horizon_core::{
    CommentStore, Day, Event, Ports, SaltStore, Slug, StatsStore, Timestamp,
    reports::{DayRange, Query, SiteTimeZone, Table},
    testing::{RandomVisits, ReportAnswer, ReportModel},
};
use horizon_memory::{MemoryBus, MemoryPresence, MemoryStore};
use horizon_redis::{RedisConfig, RedisStore, testing::RedisServer};
use horizon_sqlite::SqliteStore;
use tempfile::TempDir;

use crate::{
    Horizon, PageDescription, ReportAccess,
    dashboard::{load::load, model::Dashboard, state::DashboardState},
};

/// A site, and a model of what it counted.
pub(super) struct DashboardSite {
    pub(super) name: &'static str,
    pub(super) horizon: Horizon,
    pub(super) model: ReportModel,
    pub(super) first_session_day: Option<Day>,
    _folder: Option<TempDir>,
    _redis: Option<RedisServer>,
}

/// The noon of a day, in UTC.
pub(super) fn noon(day: &str) -> Timestamp {
    let day: Day = day.parse().unwrap();
    SiteTimeZone::utc().day_start(day).plus(Duration::from_secs(12 * 3_600))
}

/// Returns random events from `start` to `end`: a batch every `step` days.
pub(super) fn events(start: Timestamp, end: Timestamp, step: u64) -> Vec<Event> {
    let mut random = RandomVisits::new(7, start);
    let mut events = Vec::new();
    while random.now() < end {
        events.extend(random.batch());
        random.continue_at(random.now().plus(Duration::from_secs(step * 24 * 3_600 + 1_234)));
    }
    events.retain(|event| event.at <= end);
    events
}

impl DashboardSite {
    pub(super) async fn in_memory(zone: &str, now: Timestamp, events: &[Event]) -> Self {
        Self::new("memory", Arc::new(MemoryStore::new()), zone, now, events).await
    }

    pub(super) async fn in_sqlite(zone: &str, now: Timestamp, events: &[Event]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(folder.path().join("site.db")).unwrap();
        let site = Self::new("sqlite", Arc::new(store), zone, now, events).await;
        Self {
            _folder: Some(folder),
            ..site
        }
    }

    pub(super) async fn in_redis(zone: &str, now: Timestamp, events: &[Event]) -> Self {
        let redis = RedisServer::start(&[]).await.unwrap();
        let store = RedisStore::connect(&RedisConfig::new(&redis.url()).unwrap()).unwrap();
        let site = Self::new("redis", Arc::new(store), zone, now, events).await;
        Self {
            _redis: Some(redis),
            ..site
        }
    }

    /// Counts the events in a store without an accumulator, which would close days by its own clock.
    async fn new<S: StatsStore + CommentStore + SaltStore + 'static>(
        name: &'static str,
        store: Arc<S>,
        zone: &str,
        now: Timestamp,
        events: &[Event],
    ) -> Self {
        let zone = SiteTimeZone::new(zone).unwrap();
        store.reports().unwrap().set_time_zone(&zone).await.unwrap();
        let mut model = ReportModel::new(zone.clone());
        for batch in events.chunks(50) {
            store.apply(batch).await.unwrap();
            model.apply(batch);
        }
        let bus = MemoryBus::new(store.clone()).0;
        let ports = Ports::with_store(Arc::new(MemoryPresence::default()), Arc::new(bus), store);
        let builder = Horizon::from_ports(ports)
            .clock(move || now)
            .time_zone(zone)
            .describe_pages(describe);
        Self {
            name,
            horizon: builder.start(|_: &Slug| true).await.unwrap(),
            model,
            first_session_day: None,
            _folder: None,
            _redis: None,
        }
    }

    /// Erases the sessions before a day.
    pub(super) async fn erase_sessions(&mut self, first: &str) {
        let first: Day = first.parse().unwrap();
        let reports = self.horizon.ports().stats.reports().unwrap();
        reports.expire_sessions(first, false).await.unwrap();
        self.first_session_day = reports.status().await.unwrap().first_session_day;
        assert_eq!(self.first_session_day, Some(first));
    }

    pub(super) async fn load(&self, url: &str) -> Dashboard {
        let (state, notes) = DashboardState::parse(url);
        load(&self.horizon, state, notes, &ReportAccess::Full).await.unwrap()
    }

    pub(super) async fn load_public(&self, url: &str) -> Dashboard {
        let (state, notes) = DashboardState::parse(url);
        load(&self.horizon, state, notes, &ReportAccess::Public).await.unwrap()
    }

    /// Returns the answer of the model, or `None` if a store like this one has none.
    pub(super) fn table(&self, query: &Query) -> Option<Table> {
        let capabilities = self.horizon.ports().stats.reports().unwrap().capabilities();
        match self.model.answer(query, &capabilities, self.first_session_day) {
            ReportAnswer::Table(table) => Some(table),
            _ => None,
        }
    }
}

fn describe(slug: &Slug) -> Option<PageDescription> {
    let published = match slug.as_str() {
        "hello" => "2024-01-01",
        "docs/intro" => "2026-08-05",
        "/" => return None,
        _ => return Some(PageDescription::new("A page")),
    };
    let title = format!("The title of {slug}");
    Some(PageDescription::new(title).published(published.parse::<Day>().unwrap()))
}

pub(super) fn range(first: &str, last: &str) -> DayRange {
    DayRange::new(first.parse().unwrap(), last.parse().unwrap())
}
