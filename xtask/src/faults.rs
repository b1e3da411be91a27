//! The fault run: what was acknowledged is counted, whatever is killed.

use std::{path::Path, process::Command};

use crate::{
    blog,
    run::{self, Steps, WORKSPACE},
    tools,
};

/// The programs of the run: two of the product, and the one that kills them.
const PROGRAMS: [&str; 3] = ["horizon-web", "horizon-accumulator", "horizon-faults"];

/// What asks for the form that fits into every change.
pub(crate) const SHORT: &str = "--short";

/// Builds everything and plays what `flags` ask for.
pub(crate) fn faults(root: &Path, steps: &mut Steps, flags: &[String]) -> anyhow::Result<()> {
    steps.take("tools", tools::ensure_redis)?;
    blog::bundle(root, steps)?;
    let mut build = run::cargo(root);
    build.arg("build");
    let profile = if flags.iter().any(|flag| flag == SHORT) {
        // As the tests build it, so that nothing is built twice.
        build.args(WORKSPACE).args(["--bins", "--examples", "--tests"]);
        "debug"
    } else {
        build.arg("--release");
        build.args(PROGRAMS.iter().flat_map(|name| ["--package", name]));
        "release"
    };
    steps.take("build", || run::run(&mut build))?;
    steps.take("faults", || play(root, profile, flags))
}

/// Plays what `flags` ask for with the programs that a build with this profile made.
pub(crate) fn play(root: &Path, profile: &str, flags: &[String]) -> anyhow::Result<()> {
    let program = |name| blog::binary(root, profile, name);
    let mut play = Command::new(program("horizon-faults"));
    play.args(flags)
        .env("HORIZON_WEB_BIN", program("horizon-web"))
        .env("HORIZON_ACCUMULATOR_BIN", program("horizon-accumulator"));
    run::run(&mut play)
}
