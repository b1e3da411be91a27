use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rusqlite::{Connection, Result};

/// The number of instructions of SQLite's virtual machine between two checks whether a read is cancelled: a few
/// microseconds.
const INSTRUCTIONS_PER_CHECK: i32 = 1_000;

thread_local! {
    /// The read that this thread runs.
    static CURRENT: RefCell<Option<ReadState>> = const { RefCell::new(None) };
}

/// Whether the caller of a read has stopped waiting.
#[derive(Clone, Default)]
pub(super) struct ReadState(Arc<AtomicBool>);

impl ReadState {
    pub(super) fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Runs the read, unless its caller has stopped waiting. If the caller stops waiting meanwhile, its statements on a
    /// connection with [`check_cancelled`] fail.
    pub(super) fn run<T>(&self, read: impl FnOnce() -> T) -> Option<T> {
        if self.is_cancelled() {
            return None;
        }
        CURRENT.set(Some(self.clone()));
        let result = read();
        CURRENT.set(None);
        Some(result)
    }
}

/// Cancels a read when it is dropped.
pub(super) struct CancelOnDrop(pub(super) ReadState);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.0.store(true, Ordering::Relaxed);
    }
}

/// Makes the statements of a connection fail if the read that the thread runs is cancelled.
pub(super) fn check_cancelled(db: &mut Connection) -> Result<()> {
    let is_cancelled = || CURRENT.with_borrow(|read| read.as_ref().is_some_and(ReadState::is_cancelled));
    db.progress_handler(INSTRUCTIONS_PER_CHECK, Some(is_cancelled))
        .into_result()
}

/// What `progress_handler` returns: nothing in older versions of rusqlite.
trait IntoResult {
    fn into_result(self) -> Result<()>;
}

impl IntoResult for () {
    fn into_result(self) -> Result<()> {
        Ok(self)
    }
}

impl IntoResult for Result<()> {
    fn into_result(self) -> Result<()> {
        self
    }
}
