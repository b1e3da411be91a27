//! The benchmarks: EventHorizon compared with other servers and with its targets.

use std::{path::Path, process::Command};

use crate::{
    blog,
    run::{self, Steps},
    tools,
};

/// The program that is measured.
const PRODUCT: [&str; 1] = ["horizon-web"];

/// The load generator, the servers to compare with, and the program that measures.
const TOOLS: [&str; 3] = ["horizon-viewers", "horizon-bench-peers", "horizon-bench-runner"];

/// Builds everything and runs the benchmarks that `flags` select.
pub(crate) fn bench(root: &Path, steps: &mut Steps, flags: &[String]) -> anyhow::Result<()> {
    steps.run("tools", tools::ensure_bench_tools)?;
    blog::bundle(root, steps)?;
    // Two builds, because crates that are built together share features: the product is measured with its own.
    steps.run("build", || build(root, &PRODUCT))?;
    steps.run("build of the tools", || build(root, &TOOLS))?;
    let mut bench = Command::new(blog::binary(root, "release", "horizon-bench-runner"));
    bench.args(flags).current_dir(root);
    // The program runs cargo for one of the benchmarks.
    run::remove_xtask_variables(&mut bench);
    steps.run("benchmarks", || run::run(&mut bench))
}

fn build(root: &Path, packages: &[&str]) -> anyhow::Result<()> {
    let mut build = run::cargo(root);
    build.args(["build", "--release"]);
    build.args(packages.iter().flat_map(|name| ["--package", name]));
    run::run(&mut build)
}
