//! Compares EventHorizon with other servers and with its targets, and writes a table of each.
//!
//! One server runs at a time on its own core; the load generator uses another core. `cargo xtask bench` builds
//! everything and starts this program.

mod aim;
mod bench_part;
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
mod servers;
mod size;
mod subject;
mod text;
mod weight;

use std::path::PathBuf;

use clap::Parser;

use crate::bench_part::BenchPart;

/// The command line.
#[derive(Debug, Parser)]
#[command(about)]
struct BenchArguments {
    /// 1,000 viewers instead of 10,000, and less time for each part.
    #[arg(long)]
    quick: bool,
    /// Measures only these parts.
    #[arg(long, value_name = "NAME")]
    only: Vec<BenchPart>,
    /// Compares this build with another `horizon-web` binary: CPU and bytes of a join, a delivery and a page.
    #[arg(long, value_name = "FILE", conflicts_with = "only")]
    compare: Option<PathBuf>,
    /// Also writes the tables to this file.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    run::run(&BenchArguments::parse()).await
}

/// Prints a progress line.
#[expect(clippy::print_stderr, reason = "this program talks to a person")]
fn print_progress(line: &str) {
    eprintln!("{line}");
}
