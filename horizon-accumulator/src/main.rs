//! `horizon-accumulator`: reads the configuration and runs the library.

use std::process::ExitCode;

use clap::{CommandFactory, Parser, error::ErrorKind};
use horizon_accumulator::{Arguments, Work, count_stdin, serve};

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let work = arguments.work().unwrap_or_else(|sentence| {
        let complaint = Arguments::command().error(ErrorKind::ValueValidation, sentence);
        complaint.exit()
    });
    let _log = horizon_backend::start_log();
    horizon_backend::run_program("horizon-accumulator", async {
        match &work {
            Work::Lines(store) => count_stdin(store).await,
            Work::Service(service) => serve(service, horizon_backend::shutdown_signal()).await,
        }
    })
}
