//! Panics are lines of the log: the standard hook would block as long as nobody reads standard error.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::panic::{self, PanicHookInfo};
use std::sync::Arc;
use std::thread;

use tracing::Level;

use super::limit::Limit;
use super::line::one_line;
use super::queue::Queue;

/// What the lines of all panics are counted as.
const PLACE: &str = "panics";

/// The most bytes of a backtrace: 65,536.
const BACKTRACE_BYTES: usize = 65_536;

/// Logs each panic from now on, whatever `RUST_LOG` says.
pub(super) fn log_panics(queue: Arc<Queue>, limit: Limit) {
    panic::set_hook(Box::new(move |panic| {
        if limit.admit(PLACE, Level::ERROR) {
            queue.push(describe(panic), true);
        }
    }));
}

fn describe(panic: &PanicHookInfo<'_>) -> String {
    let thread = thread::current();
    let place = panic.location().map_or_else(String::new, ToString::to_string);
    let message = panic.payload_as_str().unwrap_or("no message");
    let name = thread.name().unwrap_or("unnamed");
    let mut text = one_line(&format!("thread '{name}' panicked at {place}: {message}"), false);
    let backtrace = Backtrace::capture();
    if backtrace.status() == BacktraceStatus::Captured {
        let frames = backtrace.to_string();
        text.push_str(frames.get(..BACKTRACE_BYTES).unwrap_or(&frames));
    }
    text
}
