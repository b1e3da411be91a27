//! Logs panics without blocking, unlike the standard hook.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::panic::{self, PanicHookInfo};
use std::sync::Arc;
use std::thread;

use tracing::Level;

use super::limit::RateLimit;
use super::line::one_line;
use super::queue::LineQueue;

/// The statement that all panics count as in the rate limit.
const STATEMENT: &str = "panics";

/// The longest backtrace: 65,536 bytes.
const MAX_BACKTRACE_BYTES: usize = 65_536;

/// Logs each panic from now on, regardless of `RUST_LOG`.
pub(super) fn log_panics(queue: Arc<LineQueue>, limit: RateLimit) {
    panic::set_hook(Box::new(move |panic| {
        if limit.admit(STATEMENT, Level::ERROR) {
            queue.push(describe(panic), true);
        }
    }));
}

fn describe(panic: &PanicHookInfo<'_>) -> String {
    let thread = thread::current();
    let location = panic.location().map_or_else(String::new, ToString::to_string);
    let message = panic.payload_as_str().unwrap_or("no message");
    let name = thread.name().unwrap_or("unnamed");
    let mut text = one_line(&format!("thread '{name}' panicked at {location}: {message}"), false);
    let backtrace = Backtrace::capture();
    if backtrace.status() == BacktraceStatus::Captured {
        let frames = backtrace.to_string();
        text.push_str(frames.get(..MAX_BACKTRACE_BYTES).unwrap_or(&frames));
    }
    text
}
