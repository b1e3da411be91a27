use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

/// Sends the log to standard error. `RUST_LOG` says how much, in the words of `tracing-subscriber`'s `EnvFilter`;
/// `info` without it, and where it cannot be read. Colours show on a terminal alone.
///
/// ```no_run
/// horizon_accumulator::process::start_log(); // once, at the start of `main`
/// ```
///
/// # Panics
/// The process has a log already.
pub fn start_log() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr)
        .init();
}
