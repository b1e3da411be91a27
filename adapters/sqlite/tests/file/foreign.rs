//! Files that are not the store's own are refused, and stay what they are.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::Path;

use super::*;

/// All files of the test's folder and what is in them, but for a `-shm`: those who read a log keep their locks there.
fn contents(file: &File) -> BTreeMap<OsString, Vec<u8>> {
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

/// Opens the file and returns the refusal, which must be final, name the file and leave everything as it was.
fn refusal(file: &File) -> String {
    let before = contents(file);
    let error = SqliteStats::open(file.path()).unwrap_err();
    assert!(contents(file) == before, "the files were changed");
    assert!(!error.is_retryable(), "{error}");
    let text = error.to_string();
    assert!(text.contains(&file.path().display().to_string()), "{text}");
    text
}

#[test]
fn a_database_of_another_program_is_refused_and_not_changed() {
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
        let file = File::new();
        file.sql().execute_batch(sql).unwrap();
        let text = refusal(&file);
        assert!(text.contains("belongs to another program"), "{sql}: {text}");
    }
}

#[test]
fn what_another_program_has_only_in_its_log_counts_and_stays_there() {
    let file = File::new();
    let other = file.sql();
    other
        .execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0;
             CREATE TABLE notes (text TEXT); PRAGMA application_id = 77",
        )
        .unwrap();
    let text = refusal(&file);
    assert!(text.contains("application id 0x4d"), "{text}");
    // As a crash leaves it.
    let crashed = File::new();
    for suffix in ["", "-wal", "-shm"] {
        let name = format!("horizon.db{suffix}");
        fs::copy(file.0.path().join(&name), crashed.0.path().join(&name)).unwrap();
    }
    let text = refusal(&crashed);
    assert!(text.contains("application id 0x4d"), "{text}");
}

/// Copies a database in use without the index of its log, as a backup program may.
fn copied_without_index(file: &File) -> File {
    let copy = File::new();
    for suffix in ["", "-wal"] {
        let name = format!("horizon.db{suffix}");
        fs::copy(file.0.path().join(&name), copy.0.path().join(&name)).unwrap();
    }
    assert!(fs::metadata(copy.0.path().join("horizon.db-wal")).unwrap().len() > 0);
    copy
}

#[test]
fn no_index_is_made_beside_another_programs_log() {
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
        let file = File::new();
        let other = file.sql();
        other.execute_batch(&sql.replace("WAL;", log)).unwrap();
        let text = refusal(&copied_without_index(&file));
        assert!(text.contains(expected), "{sql}: {text}");
    }
}

#[test]
fn a_log_with_a_torn_end_counts_up_to_its_last_commit() {
    let file = File::new();
    let other = file.sql();
    other
        .execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0;
             PRAGMA application_id = 77; CREATE TABLE notes (text TEXT)",
        )
        .unwrap();
    let copy = copied_without_index(&file);
    let log = copy.0.path().join("horizon.db-wal");
    let bytes = fs::read(&log).unwrap();
    fs::write(&log, &bytes[..bytes.len() - 100]).unwrap();
    assert!(refusal(&copy).contains("0x4d"));
}

#[test]
fn a_file_of_a_newer_version_is_refused_and_not_changed() {
    let file = File::new();
    drop(file.open());
    file.sql().pragma_update(None, "user_version", 99).unwrap();
    let text = refusal(&file);
    assert!(text.contains("has version 99"), "{text}");
}

#[test]
fn a_file_that_lacks_a_part_of_its_schema_is_refused_and_not_changed() {
    for (sql, missing) in [
        ("DROP TABLE salts", "lacks the table `salts`"),
        (
            "ALTER TABLE topics DROP COLUMN visits",
            "lacks the column `topics.visits`",
        ),
        ("DROP INDEX comments_threads", "lacks the index `comments_threads`"),
        ("DROP TRIGGER comments_add", "lacks the trigger `comments_add`"),
    ] {
        let file = File::new();
        drop(file.open());
        file.sql().execute_batch(sql).unwrap();
        let text = refusal(&file);
        assert!(text.contains(missing), "{text}");
    }
}

#[test]
fn an_empty_file_and_an_empty_database_become_new_stores() {
    for sql in ["", "PRAGMA journal_mode = WAL", "VACUUM"] {
        let file = File::new();
        fs::write(file.path(), "").unwrap();
        file.sql().execute_batch(sql).unwrap();
        drop(file.open());
    }
}

#[tokio::test]
async fn a_store_of_the_first_days_without_a_mark_still_opens() {
    let file = File::new();
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
async fn a_store_that_was_killed_opens_with_what_is_in_its_log() {
    let file = File::new();
    let store = file.open();
    store.apply(&[hit(&Topic::Site, 1)]).await.unwrap();
    let killed = copied_without_index(&file);
    assert_eq!(visits(&killed.open(), &Topic::Site).await, 1);
}

#[test]
fn a_path_with_every_kind_of_character_opens() {
    let file = File::new();
    let path = file.0.path().join("a?b#c%20d e&f=ü.db");
    drop(SqliteStats::open(&path).unwrap());
    drop(SqliteStats::open(&path).unwrap());
    assert!(path.exists());
}

#[cfg(unix)]
#[test]
fn a_file_with_two_names_is_refused() {
    let file = File::new();
    drop(file.open());
    fs::hard_link(file.path(), file.0.path().join("second.db")).unwrap();
    let text = refusal(&file);
    assert!(text.contains("2 names"), "{text}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_file_that_is_mounted_by_itself_is_refused_and_one_in_a_mounted_folder_is_not() {
    let (file, other) = (File::new(), File::new());
    drop(file.open());
    fs::write(other.path(), "").unwrap();
    let mount = |from: &Path, to: &Path| {
        failing::as_root(&["mount", "--bind", &from.display().to_string()], to);
        failing::Unmount(to.into())
    };
    let mounted = mount(&file.path(), &other.path());
    let text = refusal(&other);
    assert!(text.contains("mount the folder"), "{text}");
    drop(mounted);
    let _mounted = mount(file.0.path(), other.0.path());
    drop(other.open());
}
