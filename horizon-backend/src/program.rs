use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::anyhow;
use futures::FutureExt as _;
use horizon_core::panic_message;
use tokio::runtime::Runtime;

use crate::log;

/// How long threads may go on that wait for the system, such as for the address of a host.
const LAST_THREADS: Duration = Duration::from_secs(1);

/// Does a program's work on a thread for each core, and says on standard error why it failed. A panic of the work is a
/// failure like any other.
///
/// Once it is done, threads that wait for the system have one more second.
///
/// ```
/// use std::process::ExitCode;
/// use horizon_backend::run_program;
///
/// fn main() -> ExitCode {
///     let code = run_program("my-counter", async { Ok(()) });
///     assert_eq!(code, ExitCode::SUCCESS);
///     code
/// }
/// ```
pub fn run_program(program: &str, work: impl Future<Output = anyhow::Result<()>>) -> ExitCode {
    match block_on(work) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            log::say(&format!("{program}: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn block_on(work: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    let runtime = Runtime::new()?;
    runtime.block_on(async { ignore_file_size_signal() });
    let outcome = runtime.block_on(AssertUnwindSafe(work).catch_unwind());
    // Dropping it would wait for such threads however long they take.
    runtime.shutdown_timeout(LAST_THREADS);
    outcome.unwrap_or_else(|panic| Err(anyhow!("it panicked: {}", panic_message(&*panic))))
}

/// Lets a write beyond the limit of a file's size (`ulimit -f`) fail as any other, instead of ending the process.
#[cfg(unix)]
fn ignore_file_size_signal() {
    use tokio::signal::unix::{SignalKind, signal};

    // A handler stays for as long as the process runs, also when nobody listens.
    if let Err(error) = signal(SignalKind::from_raw(libc::SIGXFSZ)) {
        tracing::warn!(%error, "a file that reaches its size limit (ulimit -f) will end this process");
    }
}

#[cfg(not(unix))]
fn ignore_file_size_signal() {}
