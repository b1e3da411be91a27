//! What a test has logged.

use std::{cell::RefCell, io, sync::Once};

thread_local! {
    /// What this thread has logged. Each test has a thread, which also runs its tasks.
    static LOG: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Writes to [`LOG`].
struct ThreadLog;

impl io::Write for ThreadLog {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LOG.with_borrow_mut(|log| log.extend_from_slice(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Captures what this thread logs from now on.
pub(super) fn capture_log() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        tracing_subscriber::fmt()
            .with_writer(|| ThreadLog)
            .with_ansi(false)
            .init();
    });
}

/// Returns how often this thread has logged the text.
pub(super) fn count_in_log(text: &str) -> usize {
    LOG.with_borrow(|log| String::from_utf8_lossy(log).matches(text).count())
}
