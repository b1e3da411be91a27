//! The API of the reports, with clients that know only its documents: one that is written from the published reference
//! of Plausible, and the examples of `docs/reports-api.md`. Both get the numbers that `horizon-accumulator report`
//! prints.

mod document;
mod plausible;
mod site;

use std::{path::Path, process::Output};

use anyhow::{Context, ensure};
use horizon_test_support::process;
use serde_json::Value;
use tokio::process::Command;

use site::{ServedReports, TOKEN};

/// Runs a program, and returns what it prints.
///
/// # Errors
/// The program is not installed, or fails.
async fn run(command: &mut Command, name: &str) -> anyhow::Result<String> {
    let output = command.kill_on_drop(true).output().await;
    let Output { status, stdout, stderr } = output.with_context(|| format!("`{name}` does not start: install it"))?;
    let (stdout, stderr) = (
        String::from_utf8(stdout)?,
        String::from_utf8_lossy(&stderr).into_owned(),
    );
    ensure!(status.success(), "`{name}` failed with {status}: {stderr}{stdout}");
    Ok(stdout)
}

/// Returns the report that `horizon-accumulator report --format json` prints beside the running site.
async fn printed_report(database: &Path, arguments: &[&str]) -> anyhow::Result<Value> {
    let mut accumulator = process::program("horizon-accumulator", "HORIZON_ACCUMULATOR_BIN")?;
    let store = format!("sqlite:{}", database.display());
    let command = accumulator.env("HORIZON_STORE", store).arg("report").args(arguments);
    let json = run(command.args(["--format", "json"]), "horizon-accumulator").await?;
    Ok(serde_json::from_str(&json)?)
}
