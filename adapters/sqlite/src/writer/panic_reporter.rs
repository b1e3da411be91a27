use std::panic::{AssertUnwindSafe, catch_unwind};

use horizon_core::panic_message;
use parking_lot::Mutex;

/// Called with the name of a thread that panicked, and the panic's message.
pub(crate) type PanicCallback = Box<dyn Fn(&str, &str) + Send + Sync>;

/// Reports a panic of the writer thread, also to a callback that is set after it.
#[derive(Default)]
pub(crate) struct PanicReporter(Mutex<PanicState>);

#[derive(Default)]
struct PanicState {
    callback: Option<PanicCallback>,
    /// The thread that panicked, and the message.
    panic: Option<(&'static str, String)>,
}

impl PanicReporter {
    /// Sets the callback. Calls it at once if the thread has panicked.
    pub(crate) fn set_callback(&self, callback: PanicCallback) {
        self.update(|state| state.callback = Some(callback));
    }

    /// Runs the thread's work, and reports its panic.
    pub(crate) fn run(&self, thread: &'static str, work: impl FnOnce()) {
        let Err(panic) = catch_unwind(AssertUnwindSafe(work)) else {
            return;
        };
        let message = panic_message(&*panic).to_owned();
        tracing::error!(
            thread,
            message,
            "the thread that writes to the database panicked: all writes fail; restart the process"
        );
        self.update(|state| state.panic = Some((thread, message)));
    }

    fn update(&self, change: impl FnOnce(&mut PanicState)) {
        let mut state = self.0.lock();
        change(&mut state);
        if let (Some(callback), Some((thread, message))) = (&state.callback, &state.panic) {
            callback(thread, message);
        }
    }
}
