use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};

use horizon_core::panic_message;

/// Is told the name of a thread that panicked, and the panic's message.
pub(crate) type PanicReport = Box<dyn Fn(&str, &str) + Send + Sync>;

/// Reports a panic of the thread that writes, once it is known to whom.
#[derive(Default)]
pub(crate) struct Panics(Mutex<State>);

#[derive(Default)]
struct State {
    report: Option<PanicReport>,
    /// The thread that panicked, and the message.
    panic: Option<(&'static str, String)>,
}

impl Panics {
    /// Sets who is told. A panic that has happened already is reported at once.
    pub(crate) fn report_to(&self, report: PanicReport) {
        self.change(|state| state.report = Some(report));
    }

    /// Does the work of a thread, and reports its panic.
    pub(crate) fn watch(&self, thread: &'static str, work: impl FnOnce()) {
        let Err(panic) = catch_unwind(AssertUnwindSafe(work)) else {
            return;
        };
        let message = panic_message(&*panic).to_owned();
        tracing::error!(
            thread,
            message,
            "the thread that writes to the database panicked; nothing is written any more: restart the process"
        );
        self.change(|state| state.panic = Some((thread, message)));
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut state);
        if let State {
            report: Some(report),
            panic: Some((thread, message)),
        } = &*state
        {
            report(thread, message);
        }
    }
}
