//! The files contain private data: other users cannot read them, and erased salts are gone.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};

use super::*;

/// Returns the names and modes of all files.
fn modes(file: &TempDatabase) -> Vec<(String, u32)> {
    let entries = fs::read_dir(file.0.path()).unwrap().map(|entry| entry.unwrap());
    let mode = |entry: &fs::DirEntry| entry.metadata().unwrap().permissions().mode() & 0o777;
    let mut modes: Vec<_> = entries
        .map(|entry| (entry.file_name().into_string().unwrap(), mode(&entry)))
        .collect();
    modes.sort();
    modes
}

fn all_with(mode: u32) -> Vec<(String, u32)> {
    ["", "-shm", "-wal"]
        .map(|suffix| (format!("horizon.db{suffix}"), mode))
        .into()
}

fn set_mode(file: &TempDatabase, suffix: &str, mode: u32) {
    let path = file.0.path().join(format!("horizon.db{suffix}"));
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

#[test]
fn only_the_owner_can_access_a_new_database_and_its_log() {
    let file = TempDatabase::new();
    let _store = file.open();
    assert_eq!(modes(&file), all_with(0o600));
}

#[test]
fn only_the_owner_can_access_a_new_database_behind_a_symbolic_link() {
    let (file, links) = (TempDatabase::new(), TempDatabase::new());
    symlink(file.path(), links.path()).unwrap();
    let _store = links.open();
    assert_eq!(modes(&file), all_with(0o600));
}

#[test]
fn other_users_lose_their_access_to_the_files_of_an_earlier_version() {
    let file = TempDatabase::new();
    let killed = file.open();
    for suffix in ["", "-wal", "-shm"] {
        set_mode(&file, suffix, 0o644);
    }
    let _store = file.open();
    assert_eq!(modes(&file), all_with(0o600));
    drop(killed);
}

#[test]
fn a_group_keeps_access_that_somebody_gave_it() {
    for (before, after) in [(0o660, 0o660), (0o640, 0o640), (0o666, 0o660), (0o664, 0o660)] {
        let file = TempDatabase::new();
        drop(file.open());
        set_mode(&file, "", before);
        let _store = file.open();
        assert_eq!(modes(&file), all_with(after), "from {before:o}");
    }
}

#[test]
fn the_mode_of_another_programs_database_is_not_changed() {
    let file = TempDatabase::new();
    file.sql().execute_batch("CREATE TABLE notes (text TEXT)").unwrap();
    set_mode(&file, "", 0o644);
    SqliteStore::open(file.path()).unwrap_err();
    assert_eq!(modes(&file), [("horizon.db".to_owned(), 0o644)]);
}

/// Fails if one of the files contains these bytes.
fn assert_erased(file: &TempDatabase, secret: [u8; 32]) {
    for (name, _) in modes(file) {
        let bytes = fs::read(file.0.path().join(&name)).unwrap();
        assert!(!bytes.windows(32).any(|window| window == secret), "{name}");
    }
}

#[tokio::test]
async fn a_salt_that_a_new_day_erased_is_in_no_file_after_the_next_expiry() {
    let (file, secret) = (TempDatabase::new(), [0xa7; 32]);
    let store = file.open();
    let days = |days: u64| NOW.plus(Duration::from_secs(days * 24 * 3_600));
    store.salt(NOW.day(), secret).await.unwrap();
    store.salt(days(3).day(), [1; 32]).await.unwrap();
    store.expire(days(3)).await.unwrap();
    assert_erased(&file, secret);
    drop(store);
    assert_erased(&file, secret);
}
