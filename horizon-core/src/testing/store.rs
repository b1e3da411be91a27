use std::sync::Arc;

use async_trait::async_trait;

use super::{Violation, expect_eq};
use crate::{CommentStore, Event, Result, SaltStore, Stats, StatsStore, StatsStoreExt, Timestamp, Topic, Update};

/// A store with all its ports.
///
/// ```
/// use std::sync::Arc;
/// use horizon_core::testing::Store;
/// use horizon_memory::MemoryStats;
///
/// let store: Arc<dyn Store> = Arc::new(MemoryStats::new()); // it has all three ports
/// # drop(store);
/// ```
pub trait Store: StatsStore + CommentStore + SaltStore {}

impl<S: StatsStore + CommentStore + SaltStore> Store for S {}

/// How the checks reach a fresh store.
///
/// They ask before every single call, so that a harness may close the store and open it again between
/// any two. They hold nothing of the last answer then. An `Arc<dyn Store>` is a harness that does nothing,
/// [`FileStoreHarness`](super::Reopening) is one for a store on a file.
///
/// One for processes that share what they store, which are asked in turn:
///
/// ```
/// use std::sync::Arc;
/// use async_trait::async_trait;
/// use horizon_core::{Result, testing::{Store, StoreHarness}};
///
/// struct InTurn(Vec<Arc<dyn Store>>);
///
/// #[async_trait]
/// impl StoreHarness for InTurn {
///     async fn open(&mut self) -> Result<Arc<dyn Store>> {
///         self.0.rotate_left(1);
///         Ok(self.0[0].clone())
///     }
/// }
/// ```
#[async_trait]
pub trait StoreHarness: Send {
    /// The store, as it was left. A call that a check gave up may still be at work: if that locks the
    /// store, try again until it is done.
    async fn open(&mut self) -> Result<Arc<dyn Store>>;
}

#[async_trait]
impl StoreHarness for Arc<dyn Store> {
    async fn open(&mut self) -> Result<Arc<dyn Store>> {
        Ok(Arc::clone(self))
    }
}

pub(super) async fn apply(harness: &mut dyn StoreHarness, events: &[Event]) -> Result<Vec<Update>, Violation> {
    Ok(harness.open().await?.apply(events).await?)
}

pub(super) async fn total(harness: &mut dyn StoreHarness, topic: &Topic) -> Result<Stats, Violation> {
    Ok(harness.open().await?.total(topic).await?.stats)
}

pub(super) async fn expire(harness: &mut dyn StoreHarness, now: Timestamp) -> Result<(), Violation> {
    Ok(harness.open().await?.expire(now).await?)
}

pub(super) async fn expect_visits(what: &str, harness: &mut dyn StoreHarness, want: u64) -> Result<(), Violation> {
    expect_eq(what, &total(harness, &Topic::Site).await?.visits, &want)
}

pub(super) async fn expect_likes(what: &str, harness: &mut dyn StoreHarness, want: u64) -> Result<(), Violation> {
    expect_eq(what, &total(harness, &Topic::Site).await?.likes, &want)
}
