//! The fault run: real processes are killed, paused and starved under load, and afterwards what is stored is held
//! against what was acknowledged.
//!
//! For each fault there is a stage of its own: a redis-server, two web nodes, two accumulators, all of them real. Readers
//! write over HTTP and publishers through the pipe, each event with an id and until it is acknowledged; viewers keep live
//! streams open. With `--sabotage` one part is replaced by a broken one, and the run has to notice.

mod alarms;
mod classes;
mod counts;
mod crowd;
mod defect;
mod diary;
mod faults;
mod load;
mod node;
mod oracle;
mod readers;
mod report;
mod scale;
mod stage;
mod stand_in;
mod stream;
mod trial;
mod viewers;

use std::{path::PathBuf, process::ExitCode};

use clap::{Args, Parser, Subcommand};

use crate::{classes::Class, stand_in::Place};

#[derive(Debug, Parser)]
#[command(about, args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    stand_in: Option<StandIn>,
    #[command(flatten)]
    run: Run,
}

/// Which faults, how many, and where the result goes.
#[derive(Debug, Args)]
struct Run {
    /// Smaller numbers of everything, two stages at a time.
    #[arg(long)]
    short: bool,
    /// One class of faults, or several; without it all of them.
    #[arg(long, value_name = "CLASS")]
    only: Vec<Class>,
    /// Replaces a part by a broken one in each class, and fails unless that is noticed.
    #[arg(long)]
    sabotage: bool,
    /// Writes the table to this file too.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// What this program is when it stands in for a part of the product.
#[derive(Debug, Subcommand)]
enum StandIn {
    /// A web node.
    #[command(hide = true)]
    Web(Place),
    /// An accumulator.
    #[command(hide = true)]
    Accumulator(Place),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let work = async {
        match &cli.stand_in {
            Some(StandIn::Web(place)) => stand_in::web(place).await,
            Some(StandIn::Accumulator(place)) => stand_in::accumulator(place).await,
            None => trial::run(&cli.run).await,
        }
    };
    horizon_backend::run_program("horizon-faults", work)
}
