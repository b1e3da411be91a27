//! The measurements: EventHorizon beside other servers, and against its aims.

use std::{path::Path, process::Command};

use crate::{
    blog,
    run::{self, Steps},
    tools,
};

/// The packages of the run: the product, what makes the load, what it is measured beside, and what measures.
const PACKAGES: [&str; 4] = ["horizon-web", "horizon-viewers", "horizon-peers", "horizon-bench"];

/// Builds everything and measures what `flags` ask for.
pub(crate) fn bench(root: &Path, steps: &mut Steps, flags: &[String]) -> anyhow::Result<()> {
    steps.take("tools", tools::ensure_bench_tools)?;
    blog::bundle(root, steps)?;
    let mut build = run::cargo(root);
    build.args(["build", "--release"]);
    build.args(PACKAGES.iter().flat_map(|name| ["--package", name]));
    steps.take("build", || run::run(&mut build))?;
    let mut bench = Command::new(blog::binary(root, "release", "horizon-bench"));
    bench.args(flags).current_dir(root);
    steps.take("measurements", || run::run(&mut bench))
}
