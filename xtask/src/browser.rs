//! Programs that drive a real browser through the blog.

use std::path::Path;

use crate::{
    blog,
    run::{self, Steps},
    tools,
};

/// Takes the screenshots of the README.
pub(crate) fn screenshots(root: &Path, steps: &mut Steps) -> anyhow::Result<()> {
    run_example(root, steps, "debug", "screenshots", &["docs/images"])?;
    run_example(root, steps, "debug", "dashboard_pictures", &["docs/images"])
}

/// Measures the time until a post's numbers are live.
pub(crate) fn time_to_live(root: &Path, steps: &mut Steps) -> anyhow::Result<()> {
    run_example(root, steps, "release", "time_to_live", &[])
}

/// Builds the bundle and the server, the server with `profile`, and runs an example of `tests/e2e` against them.
fn run_example(root: &Path, steps: &mut Steps, profile: &str, example: &str, arguments: &[&str]) -> anyhow::Result<()> {
    steps.run("tools", tools::ensure_test_tools)?;
    blog::bundle(root, steps)?;

    let mut build = run::cargo(root);
    build.args(["build", "--package", "horizon-web"]);
    if profile == "release" {
        build.arg("--release");
    }
    steps.run("server", || run::run(&mut build))?;

    let mut run = run::cargo(root);
    run.args(["run", "--package", "horizon-e2e", "--example", example, "--"])
        .args(arguments)
        .env("HORIZON_WEB_BIN", blog::binary(root, profile, "horizon-web"));
    steps.run(example, || run::run(&mut run))
}
