//! Events counted per second, from the benchmark `ingestion`.

use std::env;

use anyhow::{Context, ensure};
use tokio::process::Command;

/// Runs the benchmark and returns its last line.
pub(crate) async fn summary() -> anyhow::Result<String> {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["bench", "--package", "horizon-benches", "--bench", "ingestion"]);
    let output = cargo.output().await.context("`cargo` does not start")?;
    let said = String::from_utf8_lossy(&output.stdout);
    ensure!(
        output.status.success(),
        "the benchmark failed:\n{said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let last = said.lines().map(str::trim).rfind(|line| !line.is_empty());
    Ok(last.context("the benchmark printed nothing")?.to_owned())
}
