//! `horizon-accumulator`: counts events from Redis as a service, or from JSON lines on standard input. Its commands
//! read the reports.

mod arguments;
mod expire;
mod lines;
mod report;
mod service;
mod stdin;
mod verify;

use std::process::ExitCode;

use clap::{CommandFactory as _, error::ErrorKind};

use crate::arguments::{Arguments, Mode, ReportCommand};

fn main() -> ExitCode {
    let mode = horizon_backend::parse_arguments::<Arguments>()
        .mode()
        .unwrap_or_else(|message| {
            let error = Arguments::command().error(ErrorKind::ValueValidation, message);
            error.exit()
        });
    let _log = horizon_backend::start_log();
    horizon_backend::run_program("horizon-accumulator", async {
        match &mode {
            Mode::Lines(store, time_zone) => stdin::count_stdin(store, time_zone).await,
            Mode::Service(config) => service::run(config, horizon_backend::shutdown_signal()).await,
            Mode::Command(store, ReportCommand::Report(arguments)) => report::run(store, arguments).await,
            Mode::Command(store, ReportCommand::Verify) => verify::run(store).await,
            Mode::Command(store, ReportCommand::ExpireSessions(arguments)) => expire::run(store, arguments).await,
        }
    })
}
