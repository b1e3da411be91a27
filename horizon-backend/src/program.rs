use std::fmt::Display;
use std::future::Future;
use std::io::{self, Write as _};
use std::panic::AssertUnwindSafe;
use std::process::ExitCode;
use std::time::Duration;

use futures::FutureExt as _;
use horizon_core::panic_message;
use tokio::runtime::Runtime;

use crate::log;

/// How long blocking system calls, such as a DNS lookup, may delay the end of a program: 1 second.
const BLOCKING_TIMEOUT: Duration = Duration::from_secs(1);

/// Runs the main task of a program on a multi-threaded runtime. An error or a panic is written to standard error in one
/// line; errors are formatted with `{:#}`. The process may have as many open files as its hard limit allows.
///
/// ```
/// use std::{convert::Infallible, process::ExitCode};
///
/// let code = horizon_backend::run_program("my-counter", async { Ok::<_, Infallible>(()) });
/// assert_eq!(code, ExitCode::SUCCESS);
/// ```
pub fn run_program<E: Display>(program: &str, main: impl Future<Output = Result<(), E>>) -> ExitCode {
    match block_on(main) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            log::write_line(&format!("{program}: {error}"));
            ExitCode::FAILURE
        }
    }
}

fn block_on<E: Display>(main: impl Future<Output = Result<(), E>>) -> Result<(), String> {
    if let Err(error) = rlimit::increase_nofile_limit(u64::MAX) {
        tracing::warn!(%error, "the limit of open files cannot be raised: raise it with `ulimit -n` before the start");
    }
    let runtime = Runtime::new().map_err(|error| error.to_string())?;
    runtime.block_on(async { ignore_file_size_signal() });
    let outcome = runtime.block_on(AssertUnwindSafe(main).catch_unwind());
    // Dropping the runtime would wait for blocking calls without a limit.
    runtime.shutdown_timeout(BLOCKING_TIMEOUT);
    match outcome {
        Ok(outcome) => outcome.map_err(|error| format!("{error:#}")),
        Err(panic) => Err(format!("it panicked: {}", panic_message(&*panic))),
    }
}

/// Returns how many files and sockets this process may have open. [`run_program`] raises this limit as far as it can.
///
/// # Errors
/// The limit is unknown.
pub fn descriptor_limit() -> io::Result<u64> {
    rlimit::getrlimit(rlimit::Resource::NOFILE).map(|(soft, _)| soft)
}

/// Prints a line to standard output. If that fails, logs the line instead of ending the program.
pub fn print_line(line: &str) {
    if let Err(error) = writeln!(io::stdout(), "{line}") {
        tracing::warn!(%error, "cannot write to standard output: {line}");
    }
}

/// Makes a write beyond the file size limit (`ulimit -f`) an error instead of a signal that ends the process.
#[cfg(unix)]
fn ignore_file_size_signal() {
    use tokio::signal::unix::{SignalKind, signal};

    // The handler remains when the stream is dropped.
    if let Err(error) = signal(SignalKind::from_raw(libc::SIGXFSZ)) {
        tracing::warn!(%error, "a file that reaches the size limit (ulimit -f) will end this process");
    }
}

#[cfg(not(unix))]
fn ignore_file_size_signal() {}
