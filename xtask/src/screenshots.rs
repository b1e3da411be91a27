//! The README's pictures.

use std::path::Path;

use crate::{
    blog,
    run::{self, Steps},
    tools,
};

/// Builds the blog, lets real browsers visit it, and takes its pictures.
pub(crate) fn screenshots(root: &Path, steps: &mut Steps) -> anyhow::Result<()> {
    steps.take("tools", tools::ensure_test_tools)?;
    blog::bundle(root, steps)?;

    let mut build = run::cargo(root);
    build.args(["build", "--package", "horizon-web"]);
    steps.take("server", || run::run(&mut build))?;

    let mut take = run::cargo(root);
    take.args([
        "run",
        "--package",
        "horizon-web-tests",
        "--example",
        "screenshots",
        "--",
        "docs/images",
    ])
    .env("HORIZON_WEB_BIN", blog::binary(root, "debug", "horizon-web"));
    steps.take("screenshots", || run::run(&mut take))
}
