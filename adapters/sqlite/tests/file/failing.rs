//! Readiness while writes fail: a full disk, a damaged file, a dropped table.

use std::fs;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::Command;

use super::*;

/// How large the small disk is, as `mount` reads it.
const SIZE: &str = "size=8m";

/// A disk in memory, unmounted when it is dropped. Making it needs root, by itself or through sudo.
struct SmallDisk {
    // Unmounted before the folder is removed.
    _mounted: Unmount,
    folder: TempDir,
}

/// Unmounts what is mounted at a path when it is dropped.
pub(super) struct Unmount(pub(super) PathBuf);

impl SmallDisk {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        as_root(&["mount", "-t", "tmpfs", "-o", SIZE, "tmpfs"], folder.path());
        as_root(&["chmod", "0777"], folder.path());
        Self {
            _mounted: Unmount(folder.path().into()),
            folder,
        }
    }
}

impl Drop for Unmount {
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

/// Writes until the disk is full.
async fn fill(store: &SqliteStats) -> u64 {
    for number in 0..10_000 {
        if store.apply(&batch(number * 1_000)).await.is_err() {
            return number * 1_000;
        }
    }
    panic!("the disk is never full");
}

#[tokio::test]
async fn a_store_is_not_ready_while_its_log_fills_the_disk_and_ready_once_a_write_succeeds() {
    let disk = SmallDisk::new();
    let ballast = disk.folder.path().join("ballast");
    fs::write(&ballast, vec![1; 2 << 20]).unwrap();
    let store = SqliteStats::open(disk.folder.path().join("horizon.db")).unwrap();
    let failed = fill(&store).await;
    for _ in 0..20 {
        assert!(store.check_writable().await.unwrap_err().is_retryable());
    }
    fs::remove_file(&ballast).unwrap();
    store.apply(&batch(failed)).await.unwrap();
    store.check_writable().await.unwrap();
    assert_eq!(visits(&store, &Topic::Site).await, failed + 1_000);
}

/// Overwrites everything behind the first page, which holds the schema.
fn damage(path: &Path) {
    let length = fs::metadata(path).unwrap().len();
    let file = fs::OpenOptions::new().write(true).open(path).unwrap();
    let garbage = vec![0xa5; usize::try_from(length).unwrap() - 4096];
    file.write_all_at(&garbage, 4096).unwrap();
}

#[tokio::test]
async fn a_store_is_not_ready_after_a_write_met_a_damaged_page() {
    let file = File::new();
    let store = file.open();
    store.apply(&batch(0)).await.unwrap();
    drop(store);
    damage(&file.path());
    let store = file.open();
    assert!(store.apply(&batch(1_000)).await.is_err());
    for _ in 0..3 {
        assert!(!store.check_writable().await.unwrap_err().is_retryable());
    }
}

#[tokio::test]
async fn a_store_is_not_ready_after_a_read_met_a_damaged_page() {
    let file = File::new();
    let store = file.open();
    store.apply(&batch(0)).await.unwrap();
    drop(store);
    damage(&file.path());
    let store = file.open();
    store.check_writable().await.unwrap();
    assert!(store.total(&Topic::Site).await.is_err());
    assert!(store.check_writable().await.is_err());
    let refused = store.apply(&batch(1_000)).await.unwrap_err();
    assert!(refused.is_retryable(), "{refused}");
    assert!(refused.to_string().contains("writes are refused"), "{refused}");
}

#[tokio::test]
async fn a_store_is_not_ready_after_a_write_missed_a_table() {
    let file = File::new();
    let store = file.open();
    file.sql().execute_batch("DROP TABLE counted").unwrap();
    assert!(store.apply(&batch(0)).await.is_err());
    assert!(store.check_writable().await.is_err());
}

#[tokio::test]
async fn a_store_that_refused_a_row_is_ready() {
    let file = File::new();
    let store = file.open();
    spoil(&file, "ABORT");
    assert!(store.apply(&[hit(&page("bad"), 1)]).await.is_err());
    store.check_writable().await.unwrap();
}
