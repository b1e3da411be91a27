use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

/// Sends the log to standard error. `RUST_LOG` says how much; `info` without it.
pub fn start_log() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr)
        .init();
}
