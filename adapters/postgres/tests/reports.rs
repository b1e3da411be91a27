//! Reports of a store in PostgreSQL: which of them wait, and what is kept and packed.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

use std::{sync::Arc, time::Duration};

use horizon_core::reports::{DayRange, Dimension, Metric, Query, ReportError, Reports, Table};
use horizon_core::{Event, EventKind, Stamp, StatsStore, StatsStoreExt, Timestamp, Topic, Visit, VisitorKey};
use horizon_postgres::{PostgresConfig, PostgresStore};
use horizon_test_support::{TestDatabase, wait_until};

/// 2027-01-15T08:00:00Z.
const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

const DAY: Duration = Duration::from_secs(24 * 3600);

/// The sessions from which on a part is full.
const PART_SESSIONS: usize = 10_000;

const BLOCKED: &str =
    "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'eventhorizon.topic_days'::regclass";

struct Fixture {
    database: TestDatabase,
    store: Arc<PostgresStore>,
    events: u64,
}

impl Fixture {
    async fn new() -> Self {
        let database = TestDatabase::create().await.unwrap();
        let store = store(&database);
        let events = 0;
        Self {
            database,
            store,
            events,
        }
    }

    /// Returns a visit of the site.
    fn visit(&mut self, at: Timestamp, visitor: Option<u128>) -> Event {
        self.events += 1;
        let mut random = [0; 10];
        random[2..].copy_from_slice(&self.events.to_be_bytes());
        let visit = Visit::of(visitor.map(VisitorKey::from_u128));
        Event::new(Stamp::new(at, random), Topic::Site, EventKind::Visit(visit))
    }

    async fn number(&self, sql: &str) -> i64 {
        let rows = self.database.execute(sql).await.unwrap();
        rows.first().unwrap().parse().unwrap()
    }

    /// Waits until this number of reports wait for the lock of the table.
    async fn wait_until_blocked(&self, reports: i64) {
        let is_blocked = async || {
            let blocked = self.number(BLOCKED).await;
            anyhow::ensure!(blocked == reports, "{blocked} wait");
            Ok(())
        };
        wait_until("the reports wait for the lock", is_blocked).await.unwrap();
    }

    /// Starts a query that reads the days of the site.
    fn start_query(&self) -> tokio::task::JoinHandle<Result<Table, ReportError>> {
        let store = Arc::clone(&self.store);
        tokio::spawn(async move { store.query(&query(Dimension::Day)).await })
    }
}

fn store(database: &TestDatabase) -> Arc<PostgresStore> {
    Arc::new(PostgresStore::new(&PostgresConfig::new(database.url()).unwrap()).unwrap())
}

fn query(dimension: Dimension) -> Query {
    let days = DayRange::new(NOW.day(), NOW.day());
    Query::new(days).metrics([Metric::Visits]).dimensions([dimension])
}

#[tokio::test]
async fn two_reports_run_at_once_and_those_that_nobody_waits_for_end() {
    let mut fixture = Fixture::new().await;
    let visit = fixture.visit(NOW, Some(1));
    fixture.store.apply(&[visit]).await.unwrap();
    let blocker = fixture.database.connect().await.unwrap();
    let lock = "BEGIN; LOCK TABLE eventhorizon.topic_days";
    blocker.batch_execute(lock).await.unwrap();
    let queries = [fixture.start_query(), fixture.start_query()];
    fixture.wait_until_blocked(2).await;

    let third = fixture.store.query(&query(Dimension::Source)).await.unwrap_err();
    assert!(third.is_retryable(), "{third:?}");

    for query in queries {
        query.abort();
        assert!(query.await.unwrap_err().is_cancelled());
    }
    let table = fixture.store.query(&query(Dimension::Source)).await.unwrap();
    assert_eq!(table.rows.len(), 1);
    // The server ends them, too, although the lock is still held.
    fixture.wait_until_blocked(0).await;
    blocker.batch_execute("ROLLBACK").await.unwrap();
    assert_eq!(fixture.start_query().await.unwrap().unwrap().rows.len(), 1);
}

#[test]
fn a_runtime_ends_while_a_report_runs() {
    let runtime = || {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap()
    };
    let watcher = runtime();
    let fixture = watcher.block_on(Fixture::new());
    watcher.block_on(fixture.store.total(&Topic::Site)).unwrap();
    let blocker = watcher.block_on(fixture.database.connect()).unwrap();
    let lock = blocker.batch_execute("BEGIN; LOCK TABLE eventhorizon.topic_days");
    watcher.block_on(lock).unwrap();
    let other = runtime();
    let config = PostgresConfig::new(fixture.database.url()).unwrap();
    let ended = other.spawn(async move {
        let store = PostgresStore::new(&config).unwrap();
        store.query(&query(Dimension::Day)).await
    });
    other.block_on(fixture.wait_until_blocked(1));
    // Dropping the runtime waits for its threads.
    drop(other);
    let error = watcher.block_on(ended).unwrap_err();
    assert!(error.is_cancelled());
}

#[tokio::test]
async fn two_stores_pack_and_erase_at_the_same_time_and_keep_every_session_once() {
    let mut fixture = Fixture::new().await;
    let others: Vec<_> = (0..3).map(|_| store(&fixture.database)).collect();
    for day in 0..4 {
        let visits: Vec<_> = (0..50).map(|n| fixture.visit(NOW.plus(DAY * day), Some(n))).collect();
        fixture.store.apply(&visits).await.unwrap();
    }
    let now = NOW.plus(DAY * 9);
    let expire = others.iter().map(|store| store.expire(now));
    for expired in futures::future::join_all(expire).await {
        expired.unwrap();
    }
    assert_eq!(fixture.store.verify().await.unwrap(), []);
    let packed = "SELECT sum(count) FROM eventhorizon.packed_sessions";
    assert_eq!(fixture.number(packed).await, 200);
    for table in ["sessions", "visitor_states"] {
        let rows = format!("SELECT count(*) FROM eventhorizon.{table}");
        assert_eq!(fixture.number(&rows).await, 0, "{table}");
    }
}

#[tokio::test]
async fn ids_are_erased_thirty_days_after_their_events() {
    let mut fixture = Fixture::new().await;
    let (own, mut other) = (fixture.visit(NOW, None), fixture.visit(NOW, None));
    // An id that does not have the time of its event.
    other.id = horizon_core::EventId::from_u128(7);
    fixture.store.apply(&[own, other]).await.unwrap();
    let ids = "SELECT count(*) * 10 + count(at) FROM eventhorizon.event_ids";
    assert_eq!(fixture.number(ids).await, 21);
    fixture.store.expire(NOW.plus(DAY * 30)).await.unwrap();
    assert_eq!(fixture.number(ids).await, 21);
    fixture
        .store
        .expire(NOW.plus(DAY * 30 + Duration::from_millis(1)))
        .await
        .unwrap();
    assert_eq!(fixture.number(ids).await, 0);
}

#[tokio::test]
async fn a_large_day_is_packed_in_parts_with_all_sessions_of_a_visitor() {
    let mut fixture = Fixture::new().await;
    // Three sessions of each of 4,000 visitors, and ten without a visitor.
    for hour in 0..3 {
        let at = NOW.plus(Duration::from_secs(3600) * hour);
        let visits: Vec<_> = (0..4_000).map(|n| fixture.visit(at, Some(n))).collect();
        fixture.store.apply(&visits).await.unwrap();
    }
    let without: Vec<_> = (0..10).map(|_| fixture.visit(NOW, None)).collect();
    fixture.store.apply(&without).await.unwrap();
    fixture.store.expire(NOW.plus(DAY * 4)).await.unwrap();
    let parts = "SELECT max(count) * 100000::bigint + min(count) FROM eventhorizon.packed_sessions";
    let full = i64::try_from(PART_SESSIONS + 2).unwrap();
    assert_eq!(fixture.number(parts).await, full * 100_000 + 12_010 - full);
    assert_eq!(fixture.store.verify().await.unwrap(), []);
    // Late ones join a part with room.
    let late: Vec<_> = (0..3).map(|_| fixture.visit(NOW, None)).collect();
    fixture.store.apply(&late).await.unwrap();
    fixture.store.expire(NOW.plus(DAY * 4)).await.unwrap();
    assert_eq!(fixture.number(parts).await, full * 100_000 + 12_013 - full);
    assert_eq!(fixture.store.verify().await.unwrap(), []);
}
