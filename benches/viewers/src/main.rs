//! The program `viewers`. The documentation of the crate describes its use.

use std::{io::Write, process::ExitCode};

use anyhow::Context;
use clap::Parser;
use horizon_viewers::Options;

// One thread: the program shares the machine with the server that it measures.
#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match measure(Options::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Print the error without the backtrace of an error from `main`. If writing to
            // standard error fails, the exit code still reports it.
            let _ = writeln!(std::io::stderr(), "viewers: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn measure(options: Options) -> anyhow::Result<()> {
    let json = options.json.clone();
    let report = horizon_viewers::run(options).await?;
    if let Some(path) = json {
        std::fs::write(&path, serde_json::to_vec_pretty(&report)?)
            .with_context(|| format!("{} cannot be written", path.display()))?;
    }
    std::io::stdout().write_all(report.table()?.as_bytes())?;
    Ok(())
}
