use std::sync::Arc;

use async_trait::async_trait;

use super::{Violation, expect_eq, located};
use crate::{CommentStore, Event, Result, SaltStore, Stats, StatsStore, StatsStoreExt, Timestamp, Topic, Update};

/// A store with all three ports.
pub trait Store: StatsStore + CommentStore + SaltStore {}

impl<S: StatsStore + CommentStore + SaltStore> Store for S {}

/// Gives the checks access to a new store.
///
/// The checks call [`open`](Self::open) before every call of the store and keep nothing of the previous one, so that a
/// harness may reopen the store in between. `Arc<dyn Store>` is a harness that always returns the same store;
/// [`FileStoreHarness`](super::FileStoreHarness) is for a store in a file.
///
/// A harness for several processes that share a database:
///
/// ```
/// use std::sync::Arc;
/// use async_trait::async_trait;
/// use horizon_core::{Result, testing::{Store, StoreHarness}};
///
/// struct RoundRobin(Vec<Arc<dyn Store>>);
///
/// #[async_trait]
/// impl StoreHarness for RoundRobin {
///     async fn open(&mut self) -> Result<Arc<dyn Store>> {
///         self.0.rotate_left(1);
///         Ok(self.0[0].clone())
///     }
/// }
/// ```
#[async_trait]
pub trait StoreHarness: Send {
    /// Returns the store with its data. A cancelled call may still run: if it locks the store, retry until it ends.
    async fn open(&mut self) -> Result<Arc<dyn Store>>;

    /// Returns another handle of the store, as a second accumulator has one, or `None` if only one process may open the
    /// store. It is used at the same time as one from [`open`](Self::open).
    async fn open_another(&mut self) -> Result<Option<Arc<dyn Store>>> {
        Ok(None)
    }

    /// Turns the data into those of a store that kept no reports so far, as they are after its migration. Returns
    /// whether it did: a store that always kept reports does nothing.
    async fn make_undated(&mut self) -> Result<bool> {
        Ok(false)
    }

    /// Adds one to the stored total of the visits of a topic, and to nothing else. Returns whether it did. The checks
    /// then expect that [`Reports::verify`](crate::reports::Reports::verify) finds it.
    async fn damage_total(&mut self, topic: &Topic) -> Result<bool> {
        let _ = topic;
        Ok(false)
    }
}

#[async_trait]
impl StoreHarness for Arc<dyn Store> {
    async fn open(&mut self) -> Result<Arc<dyn Store>> {
        Ok(Arc::clone(self))
    }

    async fn open_another(&mut self) -> Result<Option<Arc<dyn Store>>> {
        Ok(Some(Arc::clone(self)))
    }
}

#[track_caller]
pub(super) fn apply(
    harness: &mut dyn StoreHarness,
    events: &[Event],
) -> impl Future<Output = Result<Vec<Update>, Violation>> {
    located(async move { Ok(harness.open().await?.apply(events).await?) })
}

#[track_caller]
pub(super) fn total(harness: &mut dyn StoreHarness, topic: &Topic) -> impl Future<Output = Result<Stats, Violation>> {
    located(async move { Ok(harness.open().await?.total(topic).await?.stats) })
}

#[track_caller]
pub(super) fn expire(harness: &mut dyn StoreHarness, now: Timestamp) -> impl Future<Output = Result<(), Violation>> {
    located(async move { Ok(harness.open().await?.expire(now).await?) })
}

#[track_caller]
pub(super) fn expect_visits(
    what: &str,
    harness: &mut dyn StoreHarness,
    want: u64,
) -> impl Future<Output = Result<(), Violation>> {
    located(async move { expect_eq(what, &total(harness, &Topic::Site).await?.visits, &want) })
}

#[track_caller]
pub(super) fn expect_likes(
    what: &str,
    harness: &mut dyn StoreHarness,
    want: u64,
) -> impl Future<Output = Result<(), Violation>> {
    located(async move { expect_eq(what, &total(harness, &Topic::Site).await?.likes, &want) })
}
