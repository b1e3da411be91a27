//! The proof that the store keeps every promise of its three ports, and that the file keeps them too.
//!
//! The suites bring the checks. This file says how they reach a fresh store, which is the rig; one
//! macro names the suites of all three ports. `cargo test -p write-an-adapter` then runs one test for
//! each promise; the name of a test that fails is the promise that was broken.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

use std::path::PathBuf;

use horizon_core::{Event, EventKind, Result, Stamp, StatsStore, StatsStoreExt, Timestamp, Topic};
use tempfile::TempDir;
use write_an_adapter::RedbStats;

/// Where the store of a test stands.
fn file(folder: &TempDir) -> PathBuf {
    folder.path().join("numbers.redb")
}

/// Opens a store in a folder of its own, which is there for as long as what opens it.
fn open() -> impl FnMut() -> Result<RedbStats> {
    let folder = tempfile::tempdir().unwrap();
    move || RedbStats::open(file(&folder))
}

/// Every promise, on a store that stays open.
mod kept_open {
    use horizon_core::testing::FileStoreHarness;

    async fn make() -> FileStoreHarness {
        FileStoreHarness::keep_open(super::open())
    }

    horizon_core::store_suite!(make);
}

/// Every promise again, with the store dropped and opened anew between any two calls: whatever it
/// answered with Ok has to be in the file.
mod reopened_between_any_two_calls {
    use horizon_core::testing::FileStoreHarness;

    async fn make() -> FileStoreHarness {
        FileStoreHarness::reopen_before_each_call(super::open())
    }

    horizon_core::store_suite!(make);
}

/// What no suite can know, because it is about this database: the file.
mod the_file {
    use super::*;

    fn hit(number: u8) -> Event {
        let stamp = Stamp::new(Timestamp::from_millis(1_800_000_000_000), [number; 10]);
        Event::new(stamp, Topic::Site, EventKind::Visit { visitor: None })
    }

    #[tokio::test]
    async fn what_was_counted_is_there_after_the_store_was_dropped_and_opened_again() {
        let folder = tempfile::tempdir().unwrap();
        let store = RedbStats::open(file(&folder)).unwrap();
        let counted = store.apply(&[hit(1), hit(2)]).await.unwrap();
        drop(store);
        let store = RedbStats::open(file(&folder)).unwrap();
        assert_eq!(store.get(&[Topic::Site]).await.unwrap(), counted);
        store.apply(&[hit(2), hit(3)]).await.unwrap();
        assert_eq!(store.total(&Topic::Site).await.unwrap().stats.visits, 3);
    }

    #[test]
    fn a_file_that_another_store_has_open_is_worth_another_try() {
        let folder = tempfile::tempdir().unwrap();
        let first = RedbStats::open(file(&folder)).unwrap();
        assert!(RedbStats::open(file(&folder)).unwrap_err().is_retryable());
        drop(first);
        RedbStats::open(file(&folder)).unwrap();
    }

    #[test]
    fn what_is_no_database_is_refused_by_its_name_and_with_its_cause() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(file(&folder), "a text file, and no short one: ".repeat(400)).unwrap();
        let error = RedbStats::open(file(&folder)).unwrap_err();
        assert!(!error.is_retryable());
        assert!(error.to_string().contains("numbers.redb"), "{error}");
        assert!(std::error::Error::source(&error).is_some());
    }
}
