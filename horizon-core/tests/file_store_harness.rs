//! `FileStoreHarness` retries only retryable errors.

use horizon_core::testing::{FileStoreHarness, StoreHarness};
use horizon_core::{Error, Result};
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
