//! `horizon-web`: the server of the blog.

use std::process::ExitCode;

use horizon_web::config::{Cli, Command};
use mimalloc::MiMalloc;

/// Returns the memory of released grammars to the system, which glibc keeps: see decision 40.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    let cli: Cli = horizon_backend::parse_arguments();
    let _log = cli.command.is_none().then(horizon_backend::start_log);
    horizon_backend::run_program("horizon-web", async {
        match &cli.command {
            Some(Command::Check(args)) => horizon_web::check(args),
            None => horizon_web::run(&cli.serve, horizon_backend::shutdown_signal()).await,
        }
    })
}
