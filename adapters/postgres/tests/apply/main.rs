//! Properties of `apply` on PostgreSQL that the conformance suites do not check.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

mod beginning;
mod cutting_proxy;
mod times;

use horizon_core::{Badge, ContextValue, Draft, EventName, Slug};
use horizon_core::{Event, EventKind, Result, Stamp, StatsStore, StatsStoreExt, Timestamp, Topic, Update};
use horizon_postgres::{PostgresConfig, PostgresStore};
use horizon_test_support::{TestDatabase, wait_until};

use cutting_proxy::CuttingProxy;

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

fn store(url: &str) -> PostgresStore {
    PostgresStore::new(&PostgresConfig::new(url).unwrap()).unwrap()
}

fn visit(number: u8) -> Event {
    Event::new(Stamp::new(NOW, [number; 10]), Topic::Site, EventKind::visit(None))
}

async fn visits(store: &PostgresStore) -> u64 {
    store.total(&Topic::Site).await.unwrap().stats.visits
}

/// Repeats a call while its errors are retryable.
async fn retry(mut call: impl AsyncFnMut() -> Result<Vec<Update>>) -> Vec<Update> {
    loop {
        match call().await {
            Err(error) if error.is_retryable() => tokio::task::yield_now().await,
            outcome => return outcome.unwrap(),
        }
    }
}

#[tokio::test]
async fn an_error_in_the_middle_of_a_batch_rolls_back_all_of_it() {
    let database = TestDatabase::create().await.unwrap();
    let store = store(database.url());
    assert_eq!(visits(&store).await, 0);
    let limit = "ALTER TABLE eventhorizon.sessions ADD CONSTRAINT few CHECK (number < 1)";
    database.execute(limit).await.unwrap();
    let error = store.apply(&[visit(1), visit(2)]).await.unwrap_err();
    // The error is the first one, not that of a later statement which failed because of it.
    assert!(format!("{error:?}").contains("few"), "{error:?}");
    assert!(!error.is_retryable());
    let rows = "SELECT (SELECT count(*) FROM eventhorizon.event_ids), (SELECT count(*) FROM eventhorizon.topic_hours)";
    assert_eq!(database.execute(rows).await.unwrap(), ["0|0"]);
    let unlimited = "ALTER TABLE eventhorizon.sessions DROP CONSTRAINT few";
    database.execute(unlimited).await.unwrap();
    store.apply(&[visit(1), visit(2)]).await.unwrap();
    assert_eq!(visits(&store).await, 2);
}

#[tokio::test]
async fn a_dropped_call_counts_nothing() {
    let database = TestDatabase::create().await.unwrap();
    let store = store(database.url());
    store.apply(&[visit(1)]).await.unwrap();
    let other = database.connect().await.unwrap();
    let lock = "SET search_path = eventhorizon; BEGIN;
        SELECT pg_advisory_xact_lock(hashtextextended('eventhorizon ' || current_schema(), 0))";
    other.batch_execute(lock).await.unwrap();
    let waits = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    let is_waiting = async |expected: &str| {
        let waiting = database.execute(waits).await?;
        anyhow::ensure!(waiting == [expected], "{waiting:?}");
        Ok(())
    };
    let batch = [visit(2)];
    tokio::select! {
        applied = store.apply(&batch) => panic!("the lock does not work: {applied:?}"),
        waiting = wait_until("the call waits for the lock", || is_waiting("1")) => waiting.unwrap(),
    }
    other.batch_execute("COMMIT").await.unwrap();
    wait_until("the server has ended the call", || is_waiting("0"))
        .await
        .unwrap();
    store.apply(&[visit(3)]).await.unwrap();
    assert_eq!(visits(&store).await, 2);
    store.apply(&[visit(2)]).await.unwrap();
    assert_eq!(visits(&store).await, 3);
}

#[tokio::test]
async fn a_batch_whose_commit_was_not_confirmed_counts_once() {
    let database = TestDatabase::create().await.unwrap();
    let proxy = CuttingProxy::start(database.url()).await;
    let store = store(&proxy.url());
    store.apply(&[visit(1)]).await.unwrap();
    proxy.cut_next_commit();
    let error = store.apply(&[visit(2)]).await.unwrap_err();
    assert!(error.is_retryable(), "{error:?}");
    assert_eq!(visits(&store).await, 2, "it was committed");
    let counted = retry(async || store.apply(&[visit(2)]).await).await;
    assert_eq!(counted.first().map(|total| total.stats.visits), Some(2));
}

/// PostgreSQL cannot store U+0000. A batch with it would fail for ever.
#[test]
fn no_text_of_an_event_contains_the_character_that_postgresql_lacks() {
    let text = "a\0b";
    assert!(Draft::new("Ada", text, None).is_err() && Draft::new(text, "Hello", None).is_err());
    assert!(EventName::new(text).is_err() && Slug::new(text).is_err() && Badge::new(text).is_err());
    assert_eq!(ContextValue::new(text).as_str(), "ab");
}
