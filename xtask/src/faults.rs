//! The fault run: checks that acknowledged events are counted, whichever process is killed.

use std::{path::Path, process::Command};

use crate::{
    blog,
    run::{self, Steps, WORKSPACE},
    tools,
};

/// The two programs to test, and the one that injects faults into them.
const PROGRAMS: [&str; 3] = ["horizon-web", "horizon-accumulator", "horizon-faults"];

/// The flag for a run that is short enough for CI.
pub(crate) const SHORT: &str = "--short";

/// Builds everything and runs the faults that `flags` select.
pub(crate) fn faults(root: &Path, steps: &mut Steps, flags: &[String]) -> anyhow::Result<()> {
    steps.run("tools", || {
        tools::ensure_redis().and_then(|()| tools::ensure_postgres())
    })?;
    blog::bundle(root, steps)?;
    let mut build = run::cargo(root);
    build.arg("build");
    let profile = if flags.iter().any(|flag| flag == SHORT) {
        // The same build as for the tests, so that nothing is built twice.
        build.args(WORKSPACE).args(["--bins", "--examples", "--tests"]);
        "debug"
    } else {
        build.arg("--release");
        build.args(PROGRAMS.iter().flat_map(|name| ["--package", name]));
        "release"
    };
    steps.run("build", || run::run(&mut build))?;
    steps.run("faults", || run_built(root, profile, flags))
}

/// Runs the faults that `flags` select with the programs built with `profile`.
pub(crate) fn run_built(root: &Path, profile: &str, flags: &[String]) -> anyhow::Result<()> {
    let program = |name| blog::binary(root, profile, name);
    let mut faults = Command::new(program("horizon-faults"));
    faults
        .args(flags)
        .env("HORIZON_WEB_BIN", program("horizon-web"))
        .env("HORIZON_ACCUMULATOR_BIN", program("horizon-accumulator"));
    run::run(&mut faults)
}
