//! The database file: shared, locked, damaged, closed.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test that cannot be set up fails"
)]

#[cfg(all(test, unix))]
mod access;
#[cfg(test)]
mod lost;
#[cfg(test)]
mod ownership;
#[cfg(test)]
mod readiness;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use futures::FutureExt;
use horizon_core::{
    DEDUPE_WINDOW, Event, EventKind, ReaderId, SaltStore, Slug, Stamp, StatsStore, StatsStoreExt, Timestamp, Topic,
};
use horizon_sqlite::SqliteStore;
use rusqlite::Connection;
use tempfile::TempDir;
use tokio::runtime::Runtime;

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

/// A database in its own folder.
struct TempDatabase(TempDir);

impl TempDatabase {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder for the test"))
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("horizon.db")
    }

    fn open(&self) -> SqliteStore {
        SqliteStore::open(self.path()).expect("the store opens")
    }

    /// Opens a second connection.
    fn sql(&self) -> Connection {
        Connection::open(self.path()).expect("the file is a database")
    }
}

fn page(slug: &str) -> Topic {
    Slug::new(slug).expect("a slug").into()
}

fn hit(topic: &Topic, number: u64) -> Event {
    let mut random = [0; 10];
    random[2..].copy_from_slice(&number.to_be_bytes());
    Event::new(Stamp::new(NOW, random), topic.clone(), EventKind::visit(None))
}

async fn visits(store: &SqliteStore, topic: &Topic) -> u64 {
    store.total(topic).await.expect("the store reads").stats.visits
}

/// Makes every insert of the topic `bad` fail with the conflict resolution `how`.
fn fail_inserts(file: &TempDatabase, how: &str) {
    let sql = format!(
        "CREATE TRIGGER fail_inserts BEFORE INSERT ON topics WHEN NEW.name = 'blog:bad'
         BEGIN SELECT RAISE({how}, 'rejected'); END"
    );
    file.sql().execute_batch(&sql).unwrap();
}

#[tokio::test]
async fn an_error_rolls_back_only_the_batch_of_its_caller() {
    let file = TempDatabase::new();
    let store = file.open();
    fail_inserts(&file, "ABORT");
    let good: Vec<_> = (0..20).map(|number| [hit(&page("good"), number)]).collect();
    let bad = [hit(&Topic::Site, 100), hit(&page("bad"), 101), hit(&page("other"), 102)];
    let (failed, counted) = tokio::join!(
        store.apply(&bad),
        futures::future::join_all(good.iter().map(|batch| store.apply(batch)))
    );
    assert!(!failed.unwrap_err().is_retryable());
    assert!(counted.iter().all(Result::is_ok));
    assert_eq!(visits(&store, &page("good")).await, 20);
    assert_eq!(visits(&store, &Topic::Site).await, 0);
    assert_eq!(visits(&store, &page("other")).await, 0);
}

#[tokio::test]
async fn a_failed_batch_changes_nothing_and_later_batches_succeed() {
    let file = TempDatabase::new();
    let store = file.open();
    fail_inserts(&file, "ABORT");
    let bad = [hit(&Topic::Site, 100), hit(&page("bad"), 101)];
    assert!(!store.apply(&bad).await.unwrap_err().is_retryable());
    assert_eq!(visits(&store, &Topic::Site).await, 0);
    store.apply(&bad[..1]).await.unwrap();
    assert_eq!(visits(&store, &Topic::Site).await, 1);
}

#[tokio::test]
async fn a_rolled_back_transaction_fails_all_of_its_callers_and_no_batch_is_counted_in_part() {
    let file = TempDatabase::new();
    let store = file.open();
    fail_inserts(&file, "ROLLBACK");
    let good: Vec<_> = (0..20).map(|number| [hit(&page("good"), number)]).collect();
    let bad = [hit(&page("bad"), 100)];
    let (failed, mut counted) = tokio::join!(
        store.apply(&bad),
        futures::future::join_all(good.iter().map(|batch| store.apply(batch)))
    );
    assert!(failed.is_err());
    counted.retain(Result::is_ok);
    assert_eq!(visits(&store, &page("good")).await, counted.len() as u64);
    for batch in &good {
        store.apply(batch).await.unwrap();
    }
    assert_eq!(visits(&store, &page("good")).await, 20);
}

#[tokio::test]
async fn two_stores_on_one_file_count_each_event_once() {
    let file = TempDatabase::new();
    let stores = [Arc::new(file.open()), Arc::new(file.open())];
    let mut tasks = Vec::new();
    for (turn, store) in stores.iter().cycle().take(8).cloned().enumerate() {
        tasks.push(tokio::spawn(async move {
            for step in 0..50 {
                let number = (step * 7 + turn as u64 * 13) % 50;
                store.apply(&[hit(&Topic::Site, number)]).await.unwrap();
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(visits(&stores[0], &Topic::Site).await, 50);
    assert_eq!(stores[0].total(&Topic::Site).await.unwrap().revision, 50);
}

#[test]
fn a_new_file_may_be_opened_concurrently() {
    let file = TempDatabase::new();
    let path = file.path();
    let threads: Vec<_> = (0..8)
        .map(|_| {
            let path = path.clone();
            thread::spawn(move || SqliteStore::open(path).map(drop))
        })
        .collect();
    for thread in threads {
        thread.join().unwrap().unwrap();
    }
}

#[tokio::test]
async fn a_locked_file_is_a_retryable_error_after_a_bounded_wait() {
    let file = TempDatabase::new();
    let store = file.open();
    store.check_writable().await.unwrap();
    let other = file.sql();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    assert!(store.check_writable().await.unwrap_err().is_retryable());
    assert_eq!(
        visits(&store, &Topic::Site).await,
        0,
        "readers do not wait for a writer"
    );
    other.execute_batch("ROLLBACK").unwrap();
    store.check_writable().await.unwrap();
}

#[test]
fn a_read_on_a_stopped_runtime_neither_hangs_nor_occupies_a_thread() {
    let file = TempDatabase::new();
    let store = Arc::new(file.open());
    let ended = Runtime::new().unwrap();
    let handle = ended.handle().clone();
    ended.shutdown_background();
    for _ in 0..10 {
        let (store, handle, (done, is_done)) = (Arc::clone(&store), handle.clone(), mpsc::channel());
        thread::spawn(move || {
            let _entered = handle.enter();
            let read = || store.totals(&[Topic::Site]).now_or_never().is_some();
            let _ = done.send(catch_unwind(AssertUnwindSafe(read)).unwrap_or(false));
        });
        assert!(!is_done.recv_timeout(Duration::from_secs(20)).expect("it hangs"));
    }
    let read = async { assert_eq!(visits(&store, &Topic::Site).await, 0) };
    Runtime::new().unwrap().block_on(read);
}

#[test]
fn a_text_file_and_a_missing_folder_are_refused_by_name() {
    let file = TempDatabase::new();
    let missing = file.0.path().join("missing").join("horizon.db");
    std::fs::write(file.path(), "this is a text file, and a long one at that: ".repeat(100)).unwrap();
    for path in [file.path(), missing] {
        let error = SqliteStore::open(&path).unwrap_err();
        assert!(!error.is_retryable());
        assert!(error.to_string().contains(&path.display().to_string()), "{error}");
    }
}

#[tokio::test]
async fn a_dropped_store_leaves_only_the_database_file() {
    let file = TempDatabase::new();
    let store = file.open();
    store.apply(&[hit(&Topic::Site, 1)]).await.unwrap();
    assert_eq!(visits(&store, &Topic::Site).await, 1);
    drop(store);
    let left: Vec<_> = std::fs::read_dir(file.0.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(left, ["horizon.db"]);
}

#[tokio::test]
async fn calls_to_a_closed_store_fail_permanently() {
    let file = TempDatabase::new();
    let store = file.open();
    store.close().await.unwrap();
    assert!(!store.apply(&[hit(&Topic::Site, 1)]).await.unwrap_err().is_retryable());
    assert!(
        !store
            .is_liked_by(&Topic::Site, ReaderId::from_u128(1))
            .await
            .unwrap_err()
            .is_retryable()
    );
}

#[tokio::test]
async fn expire_erases_more_rows_than_fit_one_transaction() {
    let file = TempDatabase::new();
    let store = file.open();
    let events: Vec<_> = (0..10_001).map(|number| hit(&Topic::Site, number)).collect();
    store.apply(&events).await.unwrap();
    store
        .expire(NOW.plus(DEDUPE_WINDOW + Duration::from_millis(1)))
        .await
        .unwrap();
    let count: i64 = file
        .sql()
        .query_row("SELECT count(*) FROM counted_events", [], |row| row.get(0))
        .unwrap();
    assert_eq!(count, 0);
    assert_eq!(visits(&store, &Topic::Site).await, 10_001);
}

#[tokio::test]
async fn expired_rows_are_not_left_in_the_log() {
    let (file, secret) = (TempDatabase::new(), [0xa7; 32]);
    let store = file.open();
    store.salt(NOW.day(), secret).await.unwrap();
    store
        .expire(NOW.plus(Duration::from_secs(3 * 24 * 3600)))
        .await
        .unwrap();
    for entry in std::fs::read_dir(file.0.path()).unwrap() {
        let path = entry.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        assert!(!bytes.windows(32).any(|window| window == secret), "{}", path.display());
    }
}
