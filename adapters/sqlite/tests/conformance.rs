//! SQLite passes the conformance suites of a store, also when it is reopened between any two calls.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

use std::sync::Arc;

use horizon_core::Result;
use horizon_core::testing::FileStoreHarness;
use horizon_sqlite::SqliteStore;
use rusqlite::Connection;

const BACK_TO_4: &str = include_str!("back_to_4.sql");

/// Returns a harness of a store in its own folder, which is removed with the harness.
fn harness(new: fn(Box<dyn FnMut() -> Result<SqliteStore> + Send>) -> FileStoreHarness) -> FileStoreHarness {
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let path = {
        let folder = Arc::clone(&folder);
        move || folder.path().join("horizon.db")
    };
    let (opened, undated, damaged) = (path.clone(), path.clone(), path);
    new(Box::new(move || SqliteStore::open(opened())))
        .make_undated_with(move || {
            Connection::open(undated()).unwrap().execute_batch(BACK_TO_4).unwrap();
            Ok(())
        })
        .damage_total_with(move |topic| {
            let add = "UPDATE topics SET visits = visits + 1 WHERE name = ?";
            let changed = Connection::open(damaged())
                .unwrap()
                .execute(add, [topic.to_string()])
                .unwrap();
            assert_eq!(changed, 1, "{topic} has no totals");
            Ok(())
        })
}

mod kept_open {
    use horizon_core::testing::FileStoreHarness;

    async fn make() -> FileStoreHarness {
        super::harness(FileStoreHarness::keep_open)
    }

    horizon_core::store_suite!(make, reports);
}

mod reopened_between_any_two_calls {
    use horizon_core::testing::FileStoreHarness;

    async fn make() -> FileStoreHarness {
        super::harness(FileStoreHarness::reopen_before_each_call)
    }

    horizon_core::store_suite!(make, reports);
}
