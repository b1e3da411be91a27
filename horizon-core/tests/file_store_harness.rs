//! `FileStoreHarness` retries only retryable errors.

use std::sync::Arc;

use horizon_core::testing::{FileStoreHarness, StoreHarness};
use horizon_core::{Error, Result, Topic};
use horizon_memory::MemoryStore;

/// Returns a function that fails with the errors, the last one first, and then opens a store.
fn failing(mut errors: Vec<Error>) -> impl FnMut() -> Result<MemoryStore> {
    move || errors.pop().map_or_else(|| Ok(MemoryStore::new()), Err)
}

#[tokio::test]
async fn opening_a_locked_store_is_retried() {
    let locked = || Error::unavailable("locked");
    let mut harness = FileStoreHarness::keep_open(failing(vec![locked(), locked()]));
    assert!(harness.open().await.is_ok());
}

#[tokio::test]
async fn a_permanent_error_is_returned() {
    let mut harness = FileStoreHarness::keep_open(failing(vec![Error::permanent("no store")]));
    assert_eq!(harness.open().await.err().unwrap().to_string(), "no store");
}

#[tokio::test]
async fn the_file_is_changed_while_the_store_is_closed() {
    let mut harness = FileStoreHarness::keep_open(failing(Vec::new()));
    assert!(!harness.damage_total(&Topic::Site).await.unwrap());
    assert!(!harness.make_undated().await.unwrap());
    let mut harness = FileStoreHarness::keep_open(failing(Vec::new()))
        .damage_total_with(|_| Ok(()))
        .make_undated_with(|| Err(Error::permanent("a damaged file")));
    let store = Arc::downgrade(&harness.open().await.unwrap());
    assert!(harness.damage_total(&Topic::Site).await.unwrap());
    assert!(store.upgrade().is_none());
    assert!(harness.make_undated().await.is_err());
}
