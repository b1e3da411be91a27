use std::{fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use tokio::time::sleep;

use super::{Store, StoreHarness};
use crate::Result;

/// How long to wait before a store that could not be opened is tried again.
const RETRY: Duration = Duration::from_millis(1);

/// A harness for a store on a file: kept open, or opened anew before every call.
///
/// It tries again for as long as opening fails with an error that may pass, such as a lock.
///
/// ```
/// use horizon_core::testing::FileStoreHarness;
/// # use horizon_core::Result;
/// # use horizon_memory::MemoryStats;
/// # struct Folder;
/// # impl Folder {
/// #     fn new() -> Self { Self }
/// #     fn path(&self) -> &str { "numbers" }
/// # }
/// # struct Yours;
/// # impl Yours { fn open(_: &str) -> Result<MemoryStats> { Ok(MemoryStats::new()) } }
///
/// async fn make() -> FileStoreHarness {
///     let folder = Folder::new(); // for this check alone; it goes when the closure goes
///     FileStoreHarness::before_every_call(move || Yours::open(folder.path()))
/// }
/// horizon_core::store_suite!(make);
/// ```
pub struct FileStoreHarness {
    /// Stands before what opens it, so that it is closed before its folder goes.
    store: Option<Arc<dyn Store>>,
    open: Box<dyn FnMut() -> Result<Arc<dyn Store>> + Send>,
    before_every_call: bool,
}

impl FileStoreHarness {
    /// Opens the store once.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use std::sync::Arc;
    /// # use horizon_core::testing::{FileStoreHarness, StoreHarness};
    /// # use horizon_memory::MemoryStats;
    /// let mut harness = FileStoreHarness::never(|| Ok(MemoryStats::new()));
    /// assert!(Arc::ptr_eq(&harness.open().await?, &harness.open().await?));
    /// # Ok(())
    /// # }
    /// ```
    pub fn keep_open<S: Store + 'static>(open: impl FnMut() -> Result<S> + Send + 'static) -> Self {
        Self::new(open, false)
    }

    /// Drops the store before every call and opens it anew: what was answered with Ok must be in the file.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use std::sync::Arc;
    /// # use horizon_core::testing::{FileStoreHarness, StoreHarness};
    /// # use horizon_memory::MemoryStats;
    /// let mut harness = FileStoreHarness::before_every_call(|| Ok(MemoryStats::new()));
    /// assert!(!Arc::ptr_eq(&harness.open().await?, &harness.open().await?));
    /// # Ok(())
    /// # }
    /// ```
    pub fn reopen_before_each_call<S: Store + 'static>(open: impl FnMut() -> Result<S> + Send + 'static) -> Self {
        Self::new(open, true)
    }

    fn new<S: Store + 'static>(mut open: impl FnMut() -> Result<S> + Send + 'static, before_every_call: bool) -> Self {
        Self {
            store: None,
            open: Box::new(move || Ok(Arc::new(open()?))),
            before_every_call,
        }
    }
}

#[async_trait]
impl StoreHarness for FileStoreHarness {
    async fn open(&mut self) -> Result<Arc<dyn Store>> {
        if self.before_every_call {
            self.store = None;
        }
        loop {
            if let Some(store) = &self.store {
                return Ok(Arc::clone(store));
            }
            match (self.open)() {
                Err(error) if error.is_retryable() => sleep(RETRY).await,
                opened => self.store = Some(opened?),
            }
        }
    }
}

impl fmt::Debug for FileStoreHarness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reopening")
            .field("before_every_call", &self.before_every_call)
            .finish_non_exhaustive()
    }
}
