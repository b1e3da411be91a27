//! The conformance suites of the three ports.
//!
//! The suites contain the checks. This file opens the stores. `cargo test -p write-an-adapter` then
//! runs one test per promise of a port, named after the promise.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

use std::path::PathBuf;

use horizon_core::{Event, EventKind, Result, Stamp, StatsStore, StatsStoreExt, Timestamp, Topic};
use tempfile::TempDir;
use write_an_adapter::RedbStats;

fn path(folder: &TempDir) -> PathBuf {
    folder.path().join("store.redb")
}

/// Returns a function that opens a store in its own folder. Dropping the function removes the folder.
fn open() -> impl FnMut() -> Result<RedbStats> {
    let folder = tempfile::tempdir().unwrap();
    move || RedbStats::open(path(&folder))
}

mod kept_open {
    use horizon_core::testing::FileStoreHarness;

    async fn make() -> FileStoreHarness {
        FileStoreHarness::keep_open(super::open())
    }

    horizon_core::store_suite!(make);
}

/// Dropping and opening the store before every call proves that confirmed writes are in the file.
mod reopened_between_any_two_calls {
    use horizon_core::testing::FileStoreHarness;

    async fn make() -> FileStoreHarness {
        FileStoreHarness::reopen_before_each_call(super::open())
    }

    horizon_core::store_suite!(make);
}

/// Tests of the file, which the suites cannot know.
mod the_file {
    use super::*;

    fn hit(number: u8) -> Event {
        let stamp = Stamp::new(Timestamp::from_millis(1_800_000_000_000), [number; 10]);
        Event::new(stamp, Topic::Site, EventKind::visit(None))
    }

    #[tokio::test]
    async fn totals_survive_reopening_the_store() {
        let folder = tempfile::tempdir().unwrap();
        let store = RedbStats::open(path(&folder)).unwrap();
        let counted = store.apply(&[hit(1), hit(2)]).await.unwrap();
        drop(store);
        let store = RedbStats::open(path(&folder)).unwrap();
        assert_eq!(store.totals(&[Topic::Site]).await.unwrap(), counted);
        store.apply(&[hit(2), hit(3)]).await.unwrap();
        assert_eq!(store.total(&Topic::Site).await.unwrap().stats.visits, 3);
    }

    #[test]
    fn a_file_that_another_store_has_open_is_a_retryable_error() {
        let folder = tempfile::tempdir().unwrap();
        let first = RedbStats::open(path(&folder)).unwrap();
        assert!(RedbStats::open(path(&folder)).unwrap_err().is_retryable());
        drop(first);
        RedbStats::open(path(&folder)).unwrap();
    }

    #[test]
    fn the_error_for_a_text_file_has_its_path_and_the_cause() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(path(&folder), "a long text file: ".repeat(400)).unwrap();
        let error = RedbStats::open(path(&folder)).unwrap_err();
        assert!(!error.is_retryable());
        assert!(error.to_string().contains("store.redb"), "{error}");
        assert!(std::error::Error::source(&error).is_some());
    }
}

/// A site in one call.
mod a_site {
    use eventhorizon::{Horizon, Secret, Slug};

    use super::*;

    #[tokio::test]
    async fn likes_survive_a_restart() {
        let mut open = open();
        for likes in 1..=2 {
            let secret = Secret::new("a sentence of at least 32 characters").unwrap();
            let builder = Horizon::from_store(open().unwrap()).secret(secret);
            let horizon = builder.start(|_: &Slug| true).await.unwrap();
            let bread = horizon.page("bread").await.unwrap();
            let ada = horizon.caller([192, 0, 2, 1].into(), [("user-agent", "Firefox")]);
            assert_eq!(horizon.like(&bread, &ada).await.unwrap().view.likes, likes);
            horizon.close().await.unwrap();
        }
    }
}
