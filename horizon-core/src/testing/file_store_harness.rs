use std::{fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use tokio::time::sleep;

use super::{Store, StoreHarness};
use crate::{Result, Topic};

/// How long to wait before opening the store is retried.
const RETRY_INTERVAL: Duration = Duration::from_millis(1);

/// Adds one to the stored total of the visits of a topic.
type DamageTotal = Box<dyn FnMut(&Topic) -> Result<()> + Send>;

/// A harness for a store in a file: kept open, or reopened before every call.
///
/// Retries for as long as opening fails with a retryable error, such as a lock.
///
/// ```
/// use horizon_core::testing::FileStoreHarness;
/// use horizon_memory::MemoryStore; // your adapter
///
/// async fn make() -> FileStoreHarness {
///     FileStoreHarness::reopen_before_each_call(|| Ok(MemoryStore::new())) // `YourStore::open(path)`
/// }
/// ```
pub struct FileStoreHarness {
    /// Declared before `open`, so that the store is closed before its directory is removed.
    store: Option<Arc<dyn Store>>,
    open: Box<dyn FnMut() -> Result<Arc<dyn Store>> + Send>,
    reopen: bool,
    damage_total: Option<DamageTotal>,
    make_undated: Option<Box<dyn FnMut() -> Result<()> + Send>>,
}

impl FileStoreHarness {
    /// Opens the store once.
    pub fn keep_open<S: Store + 'static>(open: impl FnMut() -> Result<S> + Send + 'static) -> Self {
        Self::new(open, false)
    }

    /// Closes the store before every call and opens it again: all acknowledged data must be in the file.
    pub fn reopen_before_each_call<S: Store + 'static>(open: impl FnMut() -> Result<S> + Send + 'static) -> Self {
        Self::new(open, true)
    }

    fn new<S: Store + 'static>(mut open: impl FnMut() -> Result<S> + Send + 'static, reopen: bool) -> Self {
        Self {
            store: None,
            open: Box::new(move || Ok(Arc::new(open()?))),
            reopen,
            damage_total: None,
            make_undated: None,
        }
    }

    /// Sets how [`StoreHarness::damage_total`] changes the file. The store is closed meanwhile.
    #[must_use]
    pub fn damage_total_with(mut self, damage: impl FnMut(&Topic) -> Result<()> + Send + 'static) -> Self {
        self.damage_total = Some(Box::new(damage));
        self
    }

    /// Sets how [`StoreHarness::make_undated`] changes the file. The store is closed meanwhile.
    #[must_use]
    pub fn make_undated_with(mut self, make_undated: impl FnMut() -> Result<()> + Send + 'static) -> Self {
        self.make_undated = Some(Box::new(make_undated));
        self
    }
}

#[async_trait]
impl StoreHarness for FileStoreHarness {
    async fn open(&mut self) -> Result<Arc<dyn Store>> {
        if self.reopen {
            self.store = None;
        }
        loop {
            if let Some(store) = &self.store {
                return Ok(Arc::clone(store));
            }
            match (self.open)() {
                Err(error) if error.is_retryable() => sleep(RETRY_INTERVAL).await,
                opened => self.store = Some(opened?),
            }
        }
    }

    async fn make_undated(&mut self) -> Result<bool> {
        self.store = None;
        self.make_undated
            .as_mut()
            .map_or(Ok(false), |make_undated| make_undated().and(Ok(true)))
    }

    async fn damage_total(&mut self, topic: &Topic) -> Result<bool> {
        self.store = None;
        self.damage_total
            .as_mut()
            .map_or(Ok(false), |damage| damage(topic).and(Ok(true)))
    }
}

impl fmt::Debug for FileStoreHarness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileStoreHarness")
            .field("reopen", &self.reopen)
            .finish_non_exhaustive()
    }
}
