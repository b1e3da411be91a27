//! Files deleted, renamed or replaced while the store is open.

use std::fs;
use std::path::Path;

use super::*;

/// Asserts that writes fail and that the store is not ready.
async fn assert_refuses(store: &SqliteStore, number: u64) {
    let error = store.apply(&[hit(&Topic::Site, number)]).await.unwrap_err();
    assert!(error.is_retryable(), "queued events must be kept: {error}");
    assert!(error.to_string().contains("until a restart"), "{error}");
    let not_ready = store.check_writable().await.unwrap_err();
    assert!(not_ready.to_string().contains("until a restart"), "{not_ready}");
}

async fn open_with_one_visit(file: &TempDatabase) -> SqliteStore {
    let store = file.open();
    store.apply(&[hit(&Topic::Site, 1)]).await.unwrap();
    store
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    PathBuf::from(format!("{}{suffix}", path.display()))
}

#[tokio::test]
async fn nothing_is_acknowledged_after_the_database_was_deleted() {
    let file = TempDatabase::new();
    let store = open_with_one_visit(&file).await;
    for suffix in ["", "-wal", "-shm"] {
        fs::remove_file(with_suffix(&file.path(), suffix)).unwrap();
    }
    assert_refuses(&store, 2).await;
    drop(store);
    assert_eq!(fs::read_dir(file.0.path()).unwrap().count(), 0, "closing made a file");
}

#[tokio::test]
async fn a_replacement_of_the_open_database_is_neither_read_nor_written() {
    let file = TempDatabase::new();
    let store = open_with_one_visit(&file).await;
    for suffix in ["", "-wal", "-shm"] {
        fs::remove_file(with_suffix(&file.path(), suffix)).unwrap();
    }
    let other = file.open();
    other.apply(&[hit(&page("other"), 7)]).await.unwrap();
    assert_refuses(&store, 2).await;
    assert!(
        store.total(&page("other")).await.is_err(),
        "a reader opened the other file"
    );
    drop(store);
    assert!(with_suffix(&file.path(), "-wal").exists(), "the other's log is deleted");
    other.apply(&[hit(&page("other"), 8)]).await.unwrap();
    assert_eq!(visits(&other, &page("other")).await, 2);
}

#[tokio::test]
async fn many_reads_of_a_deleted_database_succeed() {
    let file = TempDatabase::new();
    let store = open_with_one_visit(&file).await;
    assert_eq!(visits(&store, &Topic::Site).await, 1);
    fs::remove_file(file.path()).unwrap();
    assert_refuses(&store, 2).await;
    let reads = (0..100).map(|_| visits(&store, &Topic::Site));
    assert_eq!(futures::future::join_all(reads).await, [1; 100]);
}

#[tokio::test]
async fn acknowledged_events_survive_the_deletion_of_the_log_or_of_its_index() {
    for suffix in ["-wal", "-shm"] {
        let file = TempDatabase::new();
        let store = open_with_one_visit(&file).await;
        fs::remove_file(with_suffix(&file.path(), suffix)).unwrap();
        assert_refuses(&store, 2).await;
        // The file is complete before the store closes, as after a crash.
        let saved = TempDatabase::new();
        fs::copy(file.path(), saved.path()).unwrap();
        assert_eq!(visits(&saved.open(), &Topic::Site).await, 1, "{suffix}");
        drop(store);
        assert_eq!(visits(&file.open(), &Topic::Site).await, 1, "{suffix}");
    }
}

#[tokio::test]
async fn a_log_that_replaced_the_open_one_is_not_deleted() {
    let file = TempDatabase::new();
    let store = open_with_one_visit(&file).await;
    let log = with_suffix(&file.path(), "-wal");
    fs::rename(&log, with_suffix(&log, ".moved")).unwrap();
    fs::write(&log, "another program's").unwrap();
    assert_refuses(&store, 2).await;
    drop(store);
    assert_eq!(fs::read_to_string(&log).unwrap(), "another program's");
}

#[tokio::test]
async fn after_its_folder_was_renamed_the_store_refuses_writes_until_it_is_opened_again() {
    let file = TempDatabase::new();
    let folder = file.0.path().join("data");
    fs::create_dir(&folder).unwrap();
    let path = folder.join("horizon.db");
    let store = SqliteStore::open(&path).unwrap();
    store.apply(&[hit(&Topic::Site, 1)]).await.unwrap();
    fs::rename(&folder, file.0.path().join("elsewhere")).unwrap();
    assert_refuses(&store, 2).await;
    fs::rename(file.0.path().join("elsewhere"), &folder).unwrap();
    assert_refuses(&store, 3).await;
    drop(store);
    let again = SqliteStore::open(&path).unwrap();
    assert_eq!(visits(&again, &Topic::Site).await, 1);
}

#[cfg(unix)]
#[tokio::test]
async fn a_changed_symbolic_link_is_detected() {
    let file = TempDatabase::new();
    let (link, other) = (file.0.path().join("link.db"), file.0.path().join("other.db"));
    drop(SqliteStore::open(&other).unwrap());
    drop(file.open());
    std::os::unix::fs::symlink(file.path(), &link).unwrap();
    let store = SqliteStore::open(&link).unwrap();
    store.apply(&[hit(&Topic::Site, 1)]).await.unwrap();
    fs::remove_file(&link).unwrap();
    std::os::unix::fs::symlink(&other, &link).unwrap();
    assert_refuses(&store, 2).await;
}
