//! The statistics of SQLite's query planner.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

use horizon_core::{Draft, Event, EventKind, ReaderId, Slug, Stamp, StatsStore, Timestamp};
use horizon_sqlite::SqliteStore;
use rusqlite::Connection;

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

/// Returns the number of indexes on comments with statistics.
fn analyzed(path: &std::path::Path) -> i64 {
    let db = Connection::open(path).unwrap();
    let count = db.query_row("SELECT count(*) FROM sqlite_stat1 WHERE tbl = 'comments'", [], |row| {
        row.get(0)
    });
    count.unwrap_or(0)
}

/// Opens a store and adds one comment.
async fn open(path: &std::path::Path) -> SqliteStore {
    let store = SqliteStore::open(path).unwrap();
    let kind = EventKind::Comment {
        reader: ReaderId::from_u128(7),
        draft: Draft::new("Ada", "Hello", None).unwrap(),
        pending: false,
    };
    let topic = Slug::new("hello").unwrap().into();
    let event = Event::new(Stamp::new(NOW, [1; 10]), topic, kind);
    store.apply(&[event]).await.unwrap();
    store
}

#[tokio::test]
async fn statistics_are_gathered_when_the_store_opens() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("horizon.db");
    open(&path).await.close().await.unwrap();
    assert_eq!(analyzed(&path), 0);
    SqliteStore::open(&path).unwrap().close().await.unwrap();
    assert!(analyzed(&path) > 0);
}

#[tokio::test]
async fn statistics_are_gathered_while_the_store_stays_open() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("horizon.db");
    let store = open(&path).await;
    store.expire(NOW).await.unwrap();
    assert!(analyzed(&path) > 0);
}
