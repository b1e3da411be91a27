//! `cargo xtask test`: all tests.

use std::{path::Path, process::Command};

use crate::{
    blog, faults,
    run::{self, Steps, WASM, WORKSPACE},
    size, tools,
};

/// The tests of the suite that `cargo xtask test` also runs in Firefox: live streams, hidden tabs, likes and cookies.
const FIREFOX_SHORT: [&str; 2] = [
    "a_hidden_tab_is_not_a_viewer_until_it_is_visible_again",
    "a_cookie_that_is_not_ascii_does_not_hide_the_like",
];

/// All tests of the suite except those of prerendering, which Firefox does not do.
const FIREFOX_ALL: [&str; 2] = ["--skip", "prerendering"];

/// Installs missing tools, builds, checks the size of the bundle and runs every test.
pub(crate) fn test(root: &Path, steps: &mut Steps) -> anyhow::Result<()> {
    steps.run("tools", tools::ensure_test_tools)?;
    steps.run("schemathesis", || tools::ensure_schemathesis(root))?;
    steps.run("axe", || tools::ensure_axe(root))?;
    steps.run("Nu Html Checker", || tools::ensure_vnu(root))?;
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

    steps.run("tests", || run::run(cargo_test(root).arg("--no-fail-fast")))?;
    steps.run("tests in Firefox", || run_in_firefox(root, &FIREFOX_SHORT))?;

    steps.run("faults", || {
        faults::run_built(root, "debug", &[faults::SHORT.to_owned()])
    })
}

/// Installs missing tools, builds the blog and runs the suite of browser tests in Firefox.
pub(crate) fn test_in_firefox(root: &Path, steps: &mut Steps) -> anyhow::Result<()> {
    steps.run("tools", tools::ensure_test_tools)?;
    blog::bundle(root, steps)?;

    let mut build = run::cargo(root);
    build.arg("build").args(WORKSPACE).args(["--bin", "horizon-web"]);
    steps.run("build", || run::run(&mut build))?;

    steps.run("tests in Firefox", || run_in_firefox(root, &FIREFOX_ALL))
}

fn run_in_firefox(root: &Path, tests: &[&str]) -> anyhow::Result<()> {
    tools::ensure_geckodriver(root)?;
    let mut test = cargo_test(root);
    test.env("HORIZON_TEST_BROWSER", "firefox");
    test.args(["--test", "counting", "--"]).args(tests);
    run::run(&mut test)
}

/// Returns `cargo test` for the workspace, with the paths of the programs that tests start.
fn cargo_test(root: &Path) -> Command {
    let mut test = run::cargo(root);
    test.arg("test").args(WORKSPACE);
    for (variable, program) in [
        ("HORIZON_WEB_BIN", "horizon-web"),
        ("HORIZON_ACCUMULATOR_BIN", "horizon-accumulator"),
    ] {
        test.env(variable, blog::binary(root, "debug", program));
    }
    test
}
