//! Checks the crates with each of their Cargo features alone, and without any.

use std::path::Path;

use anyhow::Context;
use serde_json::Value;

use crate::run::{self, print_line};

/// The crates whose features applications choose.
const CRATES: [&str; 2] = ["eventhorizon", "horizon-axum"];

/// Lints the crates without features, and with each feature alone.
pub(crate) fn check(root: &Path) -> anyhow::Result<()> {
    for package in CRATES {
        for feature in std::iter::once(String::new()).chain(features(root, package)?) {
            let mut clippy = run::cargo(root);
            clippy.args(["clippy", "--quiet", "--locked", "--package", package]);
            clippy.args(["--no-default-features", "--features", &feature]);
            clippy.args(["--", "-D", "warnings"]);
            run::run(&mut clippy)?;
            let with = if feature.is_empty() { "no feature" } else { &feature };
            print_line(&format!("{package} compiles with {with}"));
        }
    }
    Ok(())
}

/// Runs the tests of `eventhorizon` that hold without any feature.
pub(crate) fn test(root: &Path) -> anyhow::Result<()> {
    let mut test = run::cargo(root);
    test.args(["test", "--locked", "--package", "eventhorizon"]);
    test.args(["--no-default-features", "--test", "features"]);
    run::run(&mut test)
}

/// Returns the features of a package, without `default`.
fn features(root: &Path, package: &str) -> anyhow::Result<Vec<String>> {
    let metadata = run::output(run::cargo(root).args(["metadata", "--no-deps", "--format-version", "1"]))?;
    let metadata: Value = serde_json::from_str(&metadata).context("`cargo metadata` returned no JSON")?;
    let mut packages = metadata.get("packages").and_then(Value::as_array).into_iter().flatten();
    let found = packages.find(|found| found.get("name").is_some_and(|name| name == package));
    let features = found.and_then(|package| package.get("features")?.as_object());
    let features = features.with_context(|| format!("`cargo metadata` lists no features of {package}"))?;
    Ok(features.keys().filter(|name| *name != "default").cloned().collect())
}
