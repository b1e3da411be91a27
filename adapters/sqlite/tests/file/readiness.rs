//! Readiness on a full disk, with a damaged file, and without a table.

use std::fs;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::Command;

use super::*;

/// The size of the small disk, as an option of `mount`.
const SIZE: &str = "size=8m";

/// A disk in memory, unmounted on drop. Mounting it needs root or sudo.
struct SmallDisk {
    // Unmounted before the folder is removed.
    _mount: Mount,
    folder: TempDir,
}

/// A mount, unmounted on drop.
pub(super) struct Mount(pub(super) PathBuf);

impl SmallDisk {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        as_root(&["mount", "-t", "tmpfs", "-o", SIZE, "tmpfs"], folder.path());
        as_root(&["chmod", "0777"], folder.path());
        Self {
            _mount: Mount(folder.path().into()),
            folder,
        }
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        as_root(&["umount", "--lazy"], &self.0);
    }
}

pub(super) fn as_root(command: &[&str], path: &Path) {
    let run = |words: &[&str]| Command::new(words[0]).args(&words[1..]).arg(path).output();
    let done = run(command).is_ok_and(|output| output.status.success())
        || run(&[&["sudo", "-n"], command].concat()).is_ok_and(|output| output.status.success());
    assert!(done, "{command:?} does not work: it needs root");
}

fn batch(first: u64) -> Vec<Event> {
    (0..1_000).map(|number| hit(&Topic::Site, first + number)).collect()
}

/// Writes until the disk is full. Returns the number of events that were written.
async fn fill(store: &SqliteStore) -> u64 {
    for number in 0..10_000 {
        if store.apply(&batch(number * 1_000)).await.is_err() {
            return number * 1_000;
        }
    }
    panic!("the disk did not fill up");
}

#[tokio::test]
async fn a_store_is_not_ready_on_a_full_disk_and_ready_after_a_write_succeeds() {
    let disk = SmallDisk::new();
    let ballast = disk.folder.path().join("ballast");
    fs::write(&ballast, vec![1; 2 << 20]).unwrap();
    let store = SqliteStore::open(disk.folder.path().join("horizon.db")).unwrap();
    let failed = fill(&store).await;
    for _ in 0..20 {
        assert!(store.check_writable().await.unwrap_err().is_retryable());
    }
    fs::remove_file(&ballast).unwrap();
    store.apply(&batch(failed)).await.unwrap();
    store.check_writable().await.unwrap();
    assert_eq!(visits(&store, &Topic::Site).await, failed + 1_000);
}

/// Overwrites the first page of each table and index. The schema stays readable.
fn damage(file: &TempDatabase) {
    let sql = file.sql();
    let mut roots = sql
        .prepare("SELECT rootpage FROM sqlite_schema WHERE rootpage > 0")
        .unwrap();
    let roots: Vec<i64> = roots
        .query_map([], |row| row.get(0))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    let file = fs::OpenOptions::new().write(true).open(file.path()).unwrap();
    for root in roots {
        let offset = u64::try_from(root - 1).unwrap() * 4096;
        file.write_all_at(&[0xa5; 4096], offset).unwrap();
    }
}

#[tokio::test]
async fn a_store_is_not_ready_after_a_write_read_a_damaged_page() {
    let file = TempDatabase::new();
    let store = file.open();
    store.apply(&batch(0)).await.unwrap();
    drop(store);
    damage(&file);
    let store = file.open();
    assert!(store.apply(&batch(1_000)).await.is_err());
    for _ in 0..3 {
        assert!(!store.check_writable().await.unwrap_err().is_retryable());
    }
}

#[tokio::test]
async fn a_store_is_not_ready_after_a_read_of_a_damaged_page() {
    let file = TempDatabase::new();
    let store = file.open();
    store.apply(&batch(0)).await.unwrap();
    drop(store);
    damage(&file);
    let store = file.open();
    store.check_writable().await.unwrap();
    assert!(store.total(&Topic::Site).await.is_err());
    assert!(store.check_writable().await.is_err());
    let error = store.apply(&batch(1_000)).await.unwrap_err();
    assert!(error.is_retryable(), "{error}");
    assert!(error.to_string().contains("writes are rejected"), "{error}");
}

#[tokio::test]
async fn a_store_is_not_ready_after_a_write_without_a_table() {
    let file = TempDatabase::new();
    let store = file.open();
    file.sql().execute_batch("DROP TABLE counted_events").unwrap();
    assert!(store.apply(&batch(0)).await.is_err());
    assert!(store.check_writable().await.is_err());
}

#[tokio::test]
async fn a_store_is_ready_after_a_rejected_row() {
    let file = TempDatabase::new();
    let store = file.open();
    fail_inserts(&file, "ABORT");
    assert!(store.apply(&[hit(&page("bad"), 1)]).await.is_err());
    store.check_writable().await.unwrap();
}
