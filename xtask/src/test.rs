//! `cargo xtask test`: all tests.

use std::path::Path;

use crate::{
    blog, faults,
    run::{self, Steps, WASM, WORKSPACE},
    size, tools,
};

/// Installs missing tools, builds, checks the size of the bundle and runs every test.
pub(crate) fn test(root: &Path, steps: &mut Steps) -> anyhow::Result<()> {
    steps.run("tools", tools::ensure_test_tools)?;
    blog::bundle(root, steps)?;
    steps.run("size of the bundle", || size::check(&run::target(root).join("site")))?;

    let mut core = run::cargo(root);
    core.args(["check", "--package", "horizon-core", "--target", WASM]);
    steps.run("core for wasm32", || run::run(&mut core))?;

    let mut build = run::cargo(root);
    build
        .arg("build")
        .args(WORKSPACE)
        .args(["--bins", "--examples", "--tests"]);
    steps.run("build", || run::run(&mut build))?;

    let mut test = run::cargo(root);
    test.arg("test")
        .args(WORKSPACE)
        .arg("--no-fail-fast")
        .env("HORIZON_WEB_BIN", blog::binary(root, "debug", "horizon-web"))
        .env(
            "HORIZON_ACCUMULATOR_BIN",
            blog::binary(root, "debug", "horizon-accumulator"),
        );
    steps.run("tests", || run::run(&mut test))?;

    steps.run("faults", || {
        faults::run_built(root, "debug", &[faults::SHORT.to_owned()])
    })
}
