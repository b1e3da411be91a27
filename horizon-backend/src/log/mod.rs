mod limit;
mod line;
mod metrics;
mod output;
mod panics;
mod queue;
mod writer;

use std::io::IsTerminal as _;
use std::sync::{Arc, OnceLock};

use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, fmt, registry};

use self::limit::Limit;
use self::queue::Queue;
use self::writer::Lines;

pub use self::metrics::register_log_metrics;

/// The lines that wait for standard error, once the log was started.
static QUEUE: OnceLock<Arc<Queue>> = OnceLock::new();

/// What is logged without `RUST_LOG`, and where it cannot be read.
const DEFAULT_FILTER: &str = "info";

/// Sends the log to standard error. `RUST_LOG` says how much, in the syntax of `tracing-subscriber`'s `EnvFilter`;
/// without it `info`. Colours show on a terminal alone.
///
/// Logging never blocks the caller and never fails: a thread writes, and a line that cannot be written is dropped and
/// counted (see [`register_log_metrics`]). A line has at most 4,096 bytes, and control characters in it are escaped, so
/// that nobody can forge a line. From `info` upwards each place in the code logs at most 50 lines in 10 seconds; then
/// one line says how many were suppressed. A panic is one line of this log, and a backtrace where `RUST_BACKTRACE` asks
/// for one.
///
/// Keep the guard until the end of `main`: dropping it waits up to one second for what is queued.
///
/// ```no_run
/// let _log = horizon_backend::start_log(); // once, at the start of `main`
/// tracing::info!("it works");
/// ```
///
/// # Panics
/// The process has a log already.
pub fn start_log() -> LogGuard {
    let queue = Arc::new(Queue::default());
    let limit = Limit::default();
    let lines = fmt::layer()
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(Lines::new(Arc::clone(&queue)))
        .log_internal_errors(false);
    let filter = EnvFilter::try_from_default_env();
    let is_readable = filter.is_ok() || std::env::var_os(EnvFilter::DEFAULT_ENV).is_none();
    let filter = filter.unwrap_or_else(|_| EnvFilter::new(DEFAULT_FILTER));
    registry().with(lines).with(limit.clone()).with(filter).init();
    if output::start(Arc::clone(&queue), limit.clone()) {
        panics::log_panics(Arc::clone(&queue), limit.clone());
        QUEUE.get_or_init(|| Arc::clone(&queue));
    }
    if !is_readable {
        tracing::warn!("RUST_LOG cannot be read; the log shows `{DEFAULT_FILTER}` and above");
    }
    LogGuard { queue, limit }
}

/// Waits for what is queued when it is dropped, up to one second; see [`start_log`].
///
/// ```no_run
/// let log = horizon_backend::start_log();
/// drop(log); // at the end of `main`
/// ```
#[must_use = "without it the last lines of the log are lost"]
pub struct LogGuard {
    queue: Arc<Queue>,
    limit: Limit,
}

impl Drop for LogGuard {
    fn drop(&mut self) {
        // What was suppressed since the last window is said too.
        self.limit.next_window();
        self.queue.flush();
    }
}

impl std::fmt::Debug for LogGuard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LogGuard")
    }
}

/// Says something on standard error, in turn with the log if there is one. Nothing happens if that fails.
#[cfg(feature = "program")]
pub(super) fn say(text: &str) {
    use std::io::Write as _;

    match QUEUE.get() {
        Some(queue) => queue.push(format!("{text}\n"), true),
        None => {
            let _ = writeln!(std::io::stderr(), "{text}");
        }
    }
}
