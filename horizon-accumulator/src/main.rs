//! `horizon-accumulator`: counts events from Redis as a service, or from JSON lines on standard input.

mod arguments;
mod lines;
mod service;
mod stdin;

use std::process::ExitCode;

use clap::{CommandFactory as _, error::ErrorKind};

use crate::arguments::{Arguments, Mode};

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
            Mode::Lines(store) => stdin::count_stdin(store).await,
            Mode::Service(config) => service::run(config, horizon_backend::shutdown_signal()).await,
        }
    })
}
