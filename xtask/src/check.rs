//! `cargo xtask check`: the checks that need neither a browser nor Redis.

use std::path::Path;

use anyhow::ensure;

use crate::{
    arrows, front_pages, line_length,
    run::{self, Steps, WORKSPACE, print_line},
    type_names,
};

/// The crates whose tests need neither a browser nor Redis.
const CRATES: [&str; 10] = [
    "horizon-core",
    "horizon-context",
    "horizon-memory",
    "horizon-sqlite",
    "horizon-backend",
    "eventhorizon",
    "horizon-pictures",
    "horizon-posts",
    "horizon-app",
    "xtask",
];

/// The features of [`CRATES`] under which all of their tests are compiled.
const FEATURES: &str = "horizon-core/testing,horizon-app/ssr";

/// Formats, lints and tests without servers.
pub(crate) fn check(root: &Path, steps: &mut Steps) -> anyhow::Result<()> {
    lint(root, steps)?;
    let mut test = run::cargo(root);
    test.args(["test", "--lib", "--bins", "--tests", "--features", FEATURES]);
    test.args(CRATES.iter().flat_map(|name| ["--package", name]));
    steps.run("tests without servers", || run::run(&mut test))
}

/// Checks format, structure and lints.
pub(crate) fn lint(root: &Path, steps: &mut Steps) -> anyhow::Result<()> {
    let mut fmt = run::cargo(root);
    fmt.args(["fmt", "--all", "--check"]);
    steps.run("fmt", || run::run(&mut fmt))?;

    steps.run("structure", || {
        let checks = [
            arrows::problems,
            type_names::problems,
            line_length::problems,
            front_pages::problems,
        ];
        let problems: Vec<_> = checks.iter().map(|check| check(root)).collect::<anyhow::Result<_>>()?;
        report(&problems.concat())
    })?;

    let mut clippy = run::cargo(root);
    clippy
        .arg("clippy")
        .args(WORKSPACE)
        .args(["--all-targets", "--", "-D", "warnings"]);
    steps.run("clippy", || run::run(&mut clippy))
}

fn report(problems: &[String]) -> anyhow::Result<()> {
    for problem in problems {
        print_line(problem);
    }
    ensure!(
        problems.is_empty(),
        "{} problems in the structure of the workspace",
        problems.len()
    );
    Ok(())
}
