use std::future::Future;
use std::process::ExitCode;
use std::time::Duration;

use tokio::runtime::Runtime;

/// How long threads may go on that wait for the system, such as for the address of a host.
const LAST_THREADS: Duration = Duration::from_secs(1);

/// Does a program's work on a thread for each core, and says on standard error why it failed.
///
/// Once it is done, threads that wait for the system have one more second.
///
/// ```
/// use std::process::ExitCode;
/// use horizon_accumulator::process::run;
///
/// fn main() -> ExitCode {
///     let code = run("my-counter", async { Ok(()) });
///     assert_eq!(code, ExitCode::SUCCESS);
///     code
/// }
/// ```
pub fn run(program: &str, work: impl Future<Output = anyhow::Result<()>>) -> ExitCode {
    match block_on(work) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            #[expect(
                clippy::print_stderr,
                reason = "the last words of a process that cannot go on belong on standard error"
            )]
            {
                eprintln!("{program}: {error:#}");
            }
            ExitCode::FAILURE
        }
    }
}

fn block_on(work: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    let runtime = Runtime::new()?;
    let outcome = runtime.block_on(work);
    // Dropping it would wait for such threads however long they take.
    runtime.shutdown_timeout(LAST_THREADS);
    outcome
}
