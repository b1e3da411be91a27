//! Compares EventHorizon with other servers and with its targets, and writes a table of each.
//!
//! One server runs at a time on its own core; the load generator uses another core. `cargo xtask bench` builds
//! everything and starts this program.

mod aim;
mod bench_part;
mod beside;
mod blog;
mod compare;
mod ingestion;
mod load;
mod machine;
mod measure;
mod outage;
mod pages;
mod posts;
mod report;
mod run;
mod size;
mod subject;
mod text;
mod weight;

use std::path::PathBuf;

use clap::Parser;

use crate::bench_part::BenchPart;

/// What to measure, and where the result goes.
#[derive(Debug, Parser)]
#[command(about)]
struct Cli {
    /// 1,000 viewers instead of 10,000, and less time for each part.
    #[arg(long)]
    quick: bool,
    /// One part, or several; without it all of them.
    #[arg(long, value_name = "NAME")]
    only: Vec<BenchPart>,
    /// Compares this build with another `horizon-web` binary: CPU and bytes of a join, a delivery and a page.
    #[arg(long, value_name = "FILE", conflicts_with = "only")]
    compare: Option<PathBuf>,
    /// Writes the tables to this file too.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    run::run(&Cli::parse()).await
}

/// Prints a line of progress.
#[expect(clippy::print_stderr, reason = "this program talks to a person")]
fn say(line: &str) {
    eprintln!("{line}");
}
