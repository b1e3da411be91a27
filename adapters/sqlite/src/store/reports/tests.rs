mod concurrency;
mod migration;
mod retention;
mod verification;

use std::time::Duration;

use horizon_core::reports::{Discrepancy, Reports};
use horizon_core::{
    ContextValue, Event, EventKind, Slug, Stamp, StatsStore, StatsStoreExt, Timestamp, Topic, Visit, VisitCause,
    VisitContext, VisitorKey,
};
use rusqlite::Connection;
use tempfile::TempDir;

use crate::SqliteStore;

/// 2027-01-15T08:00:00Z.
const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

const MINUTE: Duration = Duration::from_secs(60);

/// A store in its own folder, and its events.
struct ReportFixture {
    folder: TempDir,
    store: SqliteStore,
    events: u64,
}

impl ReportFixture {
    fn new() -> Self {
        Self::open(tempfile::tempdir().unwrap())
    }

    fn open(folder: TempDir) -> Self {
        let store = SqliteStore::open(folder.path().join("horizon.db")).unwrap();
        Self {
            folder,
            store,
            events: 0,
        }
    }

    /// Opens a second connection.
    fn sql(&self) -> Connection {
        Connection::open(self.folder.path().join("horizon.db")).unwrap()
    }

    fn number(&self, sql: &str) -> i64 {
        self.sql().query_row(sql, [], |row| row.get(0)).unwrap()
    }

    fn event(&mut self, at: Timestamp, topic: Topic, kind: EventKind) -> Event {
        self.events += 1;
        let mut random = [0; 10];
        random[2..].copy_from_slice(&self.events.to_be_bytes());
        Event::new(Stamp::new(at, random), topic, kind)
    }

    async fn apply(&mut self, at: Timestamp, topic: Topic, kind: EventKind) {
        let event = self.event(at, topic, kind);
        self.store.apply(&[event]).await.unwrap();
    }

    /// Applies the two events of a visitor on a page.
    async fn visit(&mut self, at: Timestamp, visitor: u128, slug: &str, cause: VisitCause, seconds: u32) {
        let mut visit = Visit::of(Some(VisitorKey::from_u128(visitor)));
        visit.cause = Some(cause);
        visit.seconds = Some(seconds);
        self.apply(at, page(slug), EventKind::Visit(visit.clone())).await;
        visit.page = Some(Slug::new(slug).unwrap());
        if cause == VisitCause::Open {
            let mut context = VisitContext::default();
            context.source = Some(ContextValue::new("google"));
            visit.context = Some(Box::new(context));
        }
        self.apply(at, Topic::Site, EventKind::Visit(visit)).await;
    }

    async fn visits(&self, topic: Topic) -> u64 {
        self.store.total(&topic).await.unwrap().stats.visits
    }

    async fn verify(&self) -> Vec<Discrepancy> {
        self.store.verify().await.unwrap()
    }
}

fn page(slug: &str) -> Topic {
    Slug::new(slug).unwrap().into()
}
