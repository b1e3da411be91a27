//! The rig that opens a store again waits for what may pass, and for nothing else.

use horizon_core::testing::{FileStoreHarness, StoreHarness};
use horizon_core::{Error, Result};
use horizon_memory::MemoryStats;

/// A store that cannot be opened as often as there are errors, the last one first.
fn failing(mut errors: Vec<Error>) -> impl FnMut() -> Result<MemoryStats> {
    move || errors.pop().map_or_else(|| Ok(MemoryStats::new()), Err)
}

#[tokio::test]
async fn a_store_that_is_locked_is_tried_again() {
    let locked = || Error::unavailable("locked");
    let mut rig = FileStoreHarness::keep_open(failing(vec![locked(), locked()]));
    assert!(rig.open().await.is_ok());
}

#[tokio::test]
async fn a_store_that_will_not_open_is_not_tried_again() {
    let mut rig = FileStoreHarness::keep_open(failing(vec![Error::permanent("no store")]));
    assert_eq!(rig.open().await.err().unwrap().to_string(), "no store");
}
