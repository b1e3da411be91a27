//! Files of other programs are refused and not changed.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::Path;

use super::*;

/// Returns the folder's files with their content, but for `-shm`, where readers of a log have their locks.
fn contents(file: &TempDatabase) -> BTreeMap<OsString, Vec<u8>> {
    let entries = fs::read_dir(file.0.path()).unwrap().map(|entry| entry.unwrap());
    entries
        .map(|entry| (entry.file_name(), fs::read(entry.path()).unwrap()))
        .map(|(name, bytes)| {
            if name == "horizon.db-shm" {
                (name, Vec::new())
            } else {
                (name, bytes)
            }
        })
        .collect()
}

/// Opens the file and returns the error, which must be permanent, name the file and leave everything unchanged.
fn open_error(file: &TempDatabase) -> String {
    let before = contents(file);
    let error = SqliteStore::open(file.path()).unwrap_err();
    assert!(contents(file) == before, "the files were changed");
    assert!(!error.is_retryable(), "{error}");
    let text = error.to_string();
    assert!(text.contains(&file.path().display().to_string()), "{text}");
    text
}

#[test]
fn another_programs_database_is_refused_and_not_changed() {
    for sql in [
        "CREATE TABLE notes (text TEXT)",
        "CREATE TABLE notes (text TEXT); PRAGMA user_version = 2",
        "CREATE TABLE comments (id INTEGER PRIMARY KEY); PRAGMA user_version = 1",
        "CREATE TABLE notes (text TEXT); PRAGMA application_id = 0x47504b47",
        "PRAGMA application_id = 0x47504b47",
        "PRAGMA user_version = 7",
        "CREATE TABLE notes (text TEXT); PRAGMA user_version = -1",
        "PRAGMA journal_mode = WAL; CREATE TABLE notes (text TEXT)",
    ] {
        let file = TempDatabase::new();
        file.sql().execute_batch(sql).unwrap();
        let text = open_error(&file);
        assert!(text.contains("belongs to another program"), "{sql}: {text}");
    }
}

#[test]
fn the_log_of_another_program_is_read_and_not_changed() {
    let file = TempDatabase::new();
    let other = file.sql();
    other
        .execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0;
             CREATE TABLE notes (text TEXT); PRAGMA application_id = 77",
        )
        .unwrap();
    let text = open_error(&file);
    assert!(text.contains("application id 0x4d"), "{text}");
    // After a crash.
    let crashed = TempDatabase::new();
    for suffix in ["", "-wal", "-shm"] {
        let name = format!("horizon.db{suffix}");
        fs::copy(file.0.path().join(&name), crashed.0.path().join(&name)).unwrap();
    }
    let text = open_error(&crashed);
    assert!(text.contains("application id 0x4d"), "{text}");
}

/// Copies a database in use without the index of its log, as a backup program may.
fn copy_without_index(file: &TempDatabase) -> TempDatabase {
    let copy = TempDatabase::new();
    for suffix in ["", "-wal"] {
        let name = format!("horizon.db{suffix}");
        fs::copy(file.0.path().join(&name), copy.0.path().join(&name)).unwrap();
    }
    assert!(fs::metadata(copy.0.path().join("horizon.db-wal")).unwrap().len() > 0);
    copy
}

#[test]
fn no_index_is_created_for_another_programs_log() {
    let log = "PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0;";
    for (sql, expected) in [
        // Marked in the file.
        (
            "PRAGMA application_id = 77; WAL; CREATE TABLE notes (text TEXT)",
            "0x4d",
        ),
        // Marked in the log alone.
        (
            "WAL; CREATE TABLE notes (text TEXT); PRAGMA application_id = 77",
            "0x4d",
        ),
        // The last mark of the log counts.
        (
            "WAL; PRAGMA application_id = 77; CREATE TABLE notes (text TEXT); PRAGMA application_id = 78",
            "0x4e",
        ),
        // Not marked at all.
        (
            "CREATE TABLE notes (text TEXT); WAL; INSERT INTO notes VALUES ('a')",
            "open it once",
        ),
        ("WAL; CREATE TABLE notes (text TEXT)", "open it once"),
    ] {
        let file = TempDatabase::new();
        let other = file.sql();
        other.execute_batch(&sql.replace("WAL;", log)).unwrap();
        let text = open_error(&copy_without_index(&file));
        assert!(text.contains(expected), "{sql}: {text}");
    }
}

#[test]
fn a_truncated_log_is_read_up_to_its_last_commit() {
    let file = TempDatabase::new();
    let other = file.sql();
    other
        .execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0;
             PRAGMA application_id = 77; CREATE TABLE notes (text TEXT)",
        )
        .unwrap();
    let copy = copy_without_index(&file);
    let log = copy.0.path().join("horizon.db-wal");
    let bytes = fs::read(&log).unwrap();
    fs::write(&log, &bytes[..bytes.len() - 100]).unwrap();
    assert!(open_error(&copy).contains("0x4d"));
}

#[test]
fn a_file_of_a_newer_version_is_refused_and_not_changed() {
    let file = TempDatabase::new();
    drop(file.open());
    file.sql().pragma_update(None, "user_version", 99).unwrap();
    let text = open_error(&file);
    assert!(text.contains("has version 99"), "{text}");
}

#[test]
fn a_file_with_an_incomplete_schema_is_refused_and_not_changed() {
    for (sql, missing) in [
        ("DROP TABLE salts", "lacks the table `salts`"),
        (
            "DROP VIEW counted; ALTER TABLE topics DROP COLUMN visits",
            "lacks the column `topics.visits`",
        ),
        ("DROP INDEX comments_threads", "lacks the index `comments_threads`"),
        ("DROP TRIGGER comments_add", "lacks the trigger `comments_add`"),
    ] {
        let file = TempDatabase::new();
        drop(file.open());
        file.sql().execute_batch(sql).unwrap();
        let text = open_error(&file);
        assert!(text.contains(missing), "{text}");
    }
}

#[test]
fn an_empty_file_and_an_empty_database_become_new_stores() {
    for sql in ["", "PRAGMA journal_mode = WAL", "VACUUM"] {
        let file = TempDatabase::new();
        fs::write(file.path(), "").unwrap();
        file.sql().execute_batch(sql).unwrap();
        drop(file.open());
    }
}

#[tokio::test]
async fn a_file_of_a_prerelease_without_application_id_opens() {
    let file = TempDatabase::new();
    let store = file.open();
    store.apply(&[hit(&Topic::Site, 1)]).await.unwrap();
    drop(store);
    file.sql().pragma_update(None, "application_id", 0).unwrap();
    assert_eq!(visits(&file.open(), &Topic::Site).await, 1);
    let mark: i64 = file
        .sql()
        .pragma_query_value(None, "application_id", |row| row.get(0))
        .unwrap();
    assert_eq!(mark, 0x4576_487a);
}

#[tokio::test]
async fn the_file_of_a_killed_process_opens_with_its_log() {
    let file = TempDatabase::new();
    let store = file.open();
    store.apply(&[hit(&Topic::Site, 1)]).await.unwrap();
    let killed = copy_without_index(&file);
    assert_eq!(visits(&killed.open(), &Topic::Site).await, 1);
}

#[test]
fn a_path_with_special_characters_opens() {
    let file = TempDatabase::new();
    let path = file.0.path().join("a?b#c%20d e&f=ü.db");
    drop(SqliteStore::open(&path).unwrap());
    drop(SqliteStore::open(&path).unwrap());
    assert!(path.exists());
}

#[cfg(unix)]
#[test]
fn a_file_with_a_hard_link_is_refused() {
    let file = TempDatabase::new();
    drop(file.open());
    fs::hard_link(file.path(), file.0.path().join("second.db")).unwrap();
    let text = open_error(&file);
    assert!(text.contains("2 names"), "{text}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_mounted_file_is_refused_and_a_file_in_a_mounted_folder_is_not() {
    let (file, other) = (TempDatabase::new(), TempDatabase::new());
    drop(file.open());
    fs::write(other.path(), "").unwrap();
    let mount = |from: &Path, to: &Path| {
        readiness::as_root(&["mount", "--bind", &from.display().to_string()], to);
        readiness::Mount(to.into())
    };
    let mounted = mount(&file.path(), &other.path());
    let text = open_error(&other);
    assert!(text.contains("mount the folder"), "{text}");
    drop(mounted);
    let _mounted = mount(file.0.path(), other.0.path());
    drop(other.open());
}
