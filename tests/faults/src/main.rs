//! The fault run: kills, pauses and starves real processes under load, and compares the stored totals with the
//! acknowledged events, and all reports with a model of the events of the stream.
//!
//! Each class of faults has its own Redis server, two web nodes and two accumulators. Clients write over HTTP and
//! publishers through the event bus, each event with an id until it is acknowledged; viewers keep live streams open.
//! With `--mutants` a part is replaced by one with a deliberate defect, which the run must detect.

mod ack_log;
mod alarms;
mod classes;
mod cluster;
mod counts;
mod event_generator;
mod faults;
mod live_viewers;
mod mutant;
mod mutant_programs;
mod node_process;
mod oracle;
mod postgres;
mod publishers;
mod report;
mod report_check;
mod report_queries;
mod retrying_clients;
mod runner;
mod scale;
mod site_zone;
mod stream;
mod stream_recorder;

use std::{path::PathBuf, process::ExitCode};

use clap::{Args, Parser, Subcommand};

use crate::{classes::Class, mutant_programs::MutantOptions};

#[derive(Debug, Parser)]
#[command(about, args_conflicts_with_subcommands = true)]
struct FaultsCli {
    #[command(subcommand)]
    mutant: Option<MutantProgram>,
    #[command(flatten)]
    run: Run,
}

/// Options of a run.
#[derive(Debug, Args)]
struct Run {
    /// Uses smaller numbers and two clusters at a time, for CI.
    #[arg(long)]
    short: bool,
    /// Runs only these classes of faults.
    #[arg(long, value_name = "CLASS")]
    only: Vec<Class>,
    /// Runs each class with its mutants, and fails unless they are detected.
    #[arg(long, alias = "sabotage")]
    mutants: bool,
    /// Also writes the table to this file.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// A program of the product with a deliberate defect.
#[derive(Debug, Subcommand)]
enum MutantProgram {
    /// A web node.
    #[command(hide = true)]
    Web(MutantOptions),
    /// An accumulator.
    #[command(hide = true)]
    Accumulator(MutantOptions),
}

fn main() -> ExitCode {
    let cli = FaultsCli::parse();
    let work = async {
        match &cli.mutant {
            Some(MutantProgram::Web(options)) => mutant_programs::web(options).await,
            Some(MutantProgram::Accumulator(options)) => mutant_programs::accumulator(options).await,
            None => runner::run(&cli.run).await,
        }
    };
    horizon_backend::run_program("horizon-faults", work)
}
