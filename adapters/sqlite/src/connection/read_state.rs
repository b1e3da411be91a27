use std::sync::Arc;

use parking_lot::Mutex;
use rusqlite::InterruptHandle;

use crate::sql::Db;

/// The state of a read, which its caller and the thread that runs it share.
///
/// The lock is held while a read is interrupted, and the read is not over before it has locked it, too. So an interrupt
/// never hits the next read of the same connection.
#[derive(Clone, Default)]
pub(super) struct ReadState(Arc<Mutex<ReadStep>>);

#[derive(Default)]
enum ReadStep {
    #[default]
    Waiting,
    Running(InterruptHandle),
    Finished,
    /// The caller has stopped waiting.
    Cancelled,
}

impl ReadState {
    pub(super) fn is_cancelled(&self) -> bool {
        matches!(*self.0.lock(), ReadStep::Cancelled)
    }

    /// Runs the read, unless its caller has stopped waiting.
    pub(super) fn run<T>(&self, db: Db<'_>, read: impl FnOnce() -> T) -> Option<T> {
        {
            let mut step = self.0.lock();
            if matches!(*step, ReadStep::Cancelled) {
                return None;
            }
            *step = ReadStep::Running(db.interrupt_handle());
        }
        let result = read();
        *self.0.lock() = ReadStep::Finished;
        Some(result)
    }
}

/// Cancels a read when it is dropped. A running statement is interrupted; if the read is between two statements, the
/// next one still runs.
pub(super) struct CancelOnDrop(pub(super) ReadState);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        let mut step = self.0.0.lock();
        if let ReadStep::Running(handle) = &*step {
            handle.interrupt();
        }
        *step = ReadStep::Cancelled;
    }
}
