//! The Nu Html Checker, which `cargo xtask test` installs.

use std::{collections::BTreeMap, env, ffi::OsStr, fs, path::PathBuf};

use anyhow::{Context, ensure};
use serde::Deserialize;
use tempfile::TempDir;
use tokio::process::Command;

/// What the checker reports.
#[derive(Debug, Deserialize)]
struct CheckerReport {
    messages: Vec<CheckerMessage>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct CheckerMessage {
    url: String,
    last_line: Option<u32>,
    message: String,
    #[serde(default)]
    extract: String,
}

/// Checks HTML documents with the Nu Html Checker. Returns each error with the name of its page.
///
/// # Errors
/// The checker is not installed or does not start.
pub async fn html_errors(pages: &BTreeMap<String, String>) -> anyhow::Result<Vec<String>> {
    let folder = TempDir::new().context("no temporary folder for pages")?;
    let mut names = BTreeMap::new();
    for (number, (name, html)) in pages.iter().enumerate() {
        let file = format!("{number}.html");
        fs::write(folder.path().join(&file), html).context("a page cannot be written")?;
        names.insert(file, name.as_str());
    }
    let mut java = Command::new("java");
    java.arg("-jar")
        .arg(jar()?)
        .args(["--errors-only", "--format", "json", "--exit-zero-always", "--stdout"]);
    let output = java
        .arg(folder.path())
        .output()
        .await
        .context("`java` does not start")?;
    let problems = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "the Nu Html Checker failed: {problems}");
    let report: CheckerReport = serde_json::from_slice(&output.stdout)
        .with_context(|| format!("no report of the Nu Html Checker: {problems}"))?;
    let describe = |message: &CheckerMessage| {
        let file = message.url.rsplit('/').next().unwrap_or_default();
        let page = names.get(file).copied().unwrap_or(file);
        let line = message.last_line.unwrap_or_default();
        format!(
            "{page}:{line}: {}: {}",
            message.message,
            message.extract.replace('\n', " ")
        )
    };
    Ok(report.messages.iter().map(describe).collect())
}

fn jar() -> anyhow::Result<PathBuf> {
    let this = env::current_exe()?;
    let mut folders = this.ancestors();
    let target = folders.find(|folder| folder.file_name() == Some(OsStr::new("target")));
    let jar = target
        .context("the tests are in `target`")?
        .join("npm/vnu-jar/package/build/dist/vnu.jar");
    ensure!(
        jar.exists(),
        "{} is missing: run `cargo xtask test`, which installs it",
        jar.display()
    );
    Ok(jar)
}
