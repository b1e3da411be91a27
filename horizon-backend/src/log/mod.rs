mod dropped;
mod limit;
mod line;
#[cfg(feature = "metrics")]
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

use self::limit::RateLimit;
use self::queue::LineQueue;
use self::writer::QueueWriter;

#[cfg(feature = "metrics")]
pub use self::metrics::register_log_metrics;

/// The queue of the started log.
static QUEUE: OnceLock<Arc<LineQueue>> = OnceLock::new();

/// The filter without a valid `RUST_LOG`.
const DEFAULT_FILTER: &str = "info";

/// Logs to standard error, filtered by `RUST_LOG` (`EnvFilter` syntax, default `info`, also if it is empty).
///
/// Logging neither blocks nor fails: a thread writes the lines, and one that cannot be written is dropped and counted
/// (`register_log_metrics` with feature `metrics`). A line has at most 4,096 bytes; control characters are escaped,
/// so that input cannot forge lines. Each log statement of level `info` and above may log 50 lines in 10 seconds; a
/// summary counts the others. A panic is logged in one line, with a backtrace if `RUST_BACKTRACE` is set.
///
/// Keep the guard until the end of `main`: dropping it waits up to one second for queued lines.
///
/// ```no_run
/// let _log = horizon_backend::start_log(); // at the start of `main`
/// tracing::info!("it works");
/// ```
///
/// # Panics
/// The process already has a `tracing` subscriber.
pub fn start_log() -> LogGuard {
    let queue = Arc::new(LineQueue::default());
    let limit = RateLimit::default();
    let lines = fmt::layer()
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(QueueWriter::new(Arc::clone(&queue)))
        .log_internal_errors(false);
    let is_unset = std::env::var_os(EnvFilter::DEFAULT_ENV).is_none_or(|text| text.is_empty());
    let filter = (!is_unset).then(EnvFilter::try_from_default_env).and_then(Result::ok);
    let is_readable = is_unset || filter.is_some();
    let filter = filter.unwrap_or_else(|| EnvFilter::new(DEFAULT_FILTER));
    registry().with(lines).with(limit.clone()).with(filter).init();
    if output::start(Arc::clone(&queue), limit.clone()) {
        panics::log_panics(Arc::clone(&queue), limit.clone());
        QUEUE.get_or_init(|| Arc::clone(&queue));
    }
    if !is_readable {
        tracing::warn!("RUST_LOG is invalid, using `{DEFAULT_FILTER}`");
    }
    LogGuard { queue, limit }
}

/// Flushes the log when it is dropped; see [`start_log`].
#[must_use = "dropping it at the end of `main` writes the last lines"]
pub struct LogGuard {
    queue: Arc<LineQueue>,
    limit: RateLimit,
}

impl Drop for LogGuard {
    fn drop(&mut self) {
        self.limit.next_window();
        self.queue.flush();
    }
}

impl std::fmt::Debug for LogGuard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LogGuard")
    }
}

/// Writes a line to standard error, after the queued lines of the log. Errors are ignored.
#[cfg(feature = "program")]
pub(super) fn write_line(text: &str) {
    use std::io::Write as _;

    match QUEUE.get() {
        Some(queue) => queue.push(format!("{text}\n"), true),
        None => {
            let _ = writeln!(std::io::stderr(), "{text}");
        }
    }
}
