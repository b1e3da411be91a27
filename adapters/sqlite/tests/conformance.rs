//! SQLite passes the conformance suites of a store, also when it is reopened between any two calls.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

use horizon_core::Result;
use horizon_sqlite::SqliteStore;

/// Returns a function that opens a store in its own folder. Dropping the function removes the folder.
fn open() -> impl FnMut() -> Result<SqliteStore> {
    let folder = tempfile::tempdir().unwrap();
    move || SqliteStore::open(folder.path().join("horizon.db"))
}

mod kept_open {
    use horizon_core::testing::FileStoreHarness;

    async fn make() -> FileStoreHarness {
        FileStoreHarness::keep_open(super::open())
    }

    horizon_core::store_suite!(make, reports);
}

mod reopened_between_any_two_calls {
    use horizon_core::testing::FileStoreHarness;

    async fn make() -> FileStoreHarness {
        FileStoreHarness::reopen_before_each_call(super::open())
    }

    horizon_core::store_suite!(make, reports);
}
