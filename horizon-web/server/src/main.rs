//! `horizon-web`: the blog's server. Reads the configuration and runs the library.

use std::process::ExitCode;

use clap::Parser;
use horizon_web::config::{Cli, Command};

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    let outcome = match &cli.command {
        Some(Command::Check { content }) => horizon_web::check(content),
        None => {
            horizon_web::log::start();
            horizon_web::run(&cli.serve, horizon_web::signals::stop()).await
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            #[expect(
                clippy::print_stderr,
                reason = "the last words of a process that cannot start belong on standard error"
            )]
            {
                eprintln!("horizon-web: {error:#}");
            }
            ExitCode::FAILURE
        }
    }
}
