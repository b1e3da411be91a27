//! The program `viewers`; the crate's documentation says how it is used.

use std::io::Write;

use anyhow::Context;
use clap::Parser;
use horizon_viewers::Options;

// One thread: the program shares the machine with the server that it measures.
#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let json = options.json.clone();
    let report = horizon_viewers::run(options).await?;
    if let Some(path) = json {
        std::fs::write(&path, serde_json::to_vec_pretty(&report)?)
            .with_context(|| format!("{} cannot be written", path.display()))?;
    }
    std::io::stdout().write_all(report.table()?.as_bytes())?;
    Ok(())
}
