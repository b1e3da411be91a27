//! Programs in which real browsers visit the blog.

use std::path::Path;

use crate::{
    blog,
    run::{self, Steps},
    tools,
};

/// Takes the README's pictures.
pub(crate) fn screenshots(root: &Path, steps: &mut Steps) -> anyhow::Result<()> {
    visit(root, steps, "debug", "screenshots", &["docs/images"])
}

/// Says how long it takes until a post's numbers are live.
pub(crate) fn time_to_live(root: &Path, steps: &mut Steps) -> anyhow::Result<()> {
    visit(root, steps, "release", "time_to_live", &[])
}

/// Builds the blog, its server with this profile, and runs the example of the tests that visits it.
fn visit(root: &Path, steps: &mut Steps, profile: &str, example: &str, arguments: &[&str]) -> anyhow::Result<()> {
    steps.take("tools", tools::ensure_test_tools)?;
    blog::bundle(root, steps)?;

    let mut build = run::cargo(root);
    build.args(["build", "--package", "horizon-web"]);
    if profile == "release" {
        build.arg("--release");
    }
    steps.take("server", || run::run(&mut build))?;

    let mut visits = run::cargo(root);
    visits
        .args(["run", "--package", "horizon-e2e", "--example", example, "--"])
        .args(arguments)
        .env("HORIZON_WEB_BIN", blog::binary(root, profile, "horizon-web"));
    steps.take(example, || run::run(&mut visits))
}
