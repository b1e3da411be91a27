//! The measurements: EventHorizon beside other servers, and against its aims.

use std::{path::Path, process::Command};

use crate::{
    blog,
    run::{self, Steps},
    tools,
};

/// What is measured.
const PRODUCT: [&str; 1] = ["horizon-web"];

/// What makes the load, what EventHorizon is measured beside, and what measures.
const INSTRUMENTS: [&str; 3] = ["horizon-viewers", "horizon-peers", "horizon-bench"];

/// Builds everything and measures what `flags` ask for.
pub(crate) fn bench(root: &Path, steps: &mut Steps, flags: &[String]) -> anyhow::Result<()> {
    steps.take("tools", tools::ensure_bench_tools)?;
    blog::bundle(root, steps)?;
    // Apart, because crates that are built together share their features, and the product is measured as it is run.
    steps.take("build", || build(root, &PRODUCT))?;
    steps.take("build of the instruments", || build(root, &INSTRUMENTS))?;
    let mut bench = Command::new(blog::binary(root, "release", "horizon-bench"));
    bench.args(flags).current_dir(root);
    // It runs cargo for one of the benchmarks.
    run::forget_xtask(&mut bench);
    steps.take("measurements", || run::run(&mut bench))
}

fn build(root: &Path, packages: &[&str]) -> anyhow::Result<()> {
    let mut build = run::cargo(root);
    build.args(["build", "--release"]);
    build.args(packages.iter().flat_map(|name| ["--package", name]));
    run::run(&mut build)
}
