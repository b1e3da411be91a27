//! The README's second command: everything that shows the blog works.

use std::path::Path;

use crate::{
    blog, faults,
    run::{self, Steps, WASM, WORKSPACE},
    size, tools,
};

/// Installs what is missing, builds, holds the bundle to its size and runs every test.
pub(crate) fn test(root: &Path, steps: &mut Steps) -> anyhow::Result<()> {
    steps.take("tools", tools::ensure_test_tools)?;
    blog::bundle(root, steps)?;
    steps.take("size of the bundle", || size::check(&run::target(root).join("site")))?;

    let mut core = run::cargo(root);
    core.args(["check", "--package", "horizon-core", "--target", WASM]);
    steps.take("core for wasm32", || run::run(&mut core))?;

    let mut build = run::cargo(root);
    build
        .arg("build")
        .args(WORKSPACE)
        .args(["--bins", "--examples", "--tests"]);
    steps.take("build", || run::run(&mut build))?;

    let mut test = run::cargo(root);
    test.arg("test")
        .args(WORKSPACE)
        .arg("--no-fail-fast")
        .env("HORIZON_WEB_BIN", blog::binary(root, "debug", "horizon-web"))
        .env(
            "HORIZON_ACCUMULATOR_BIN",
            blog::binary(root, "debug", "horizon-accumulator"),
        );
    steps.take("tests", || run::run(&mut test))?;

    steps.take("faults", || faults::play(root, "debug", &[faults::SHORT.to_owned()]))
}
