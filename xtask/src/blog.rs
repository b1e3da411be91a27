//! The README's first command: build the blog and serve it.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    bundle,
    run::{self, Steps},
    tools,
};

/// Builds the browser's files.
pub(crate) fn bundle(root: &Path, steps: &mut Steps) -> anyhow::Result<()> {
    steps.take("wasm target", tools::ensure_wasm_target)?;
    steps.take("bundle", || bundle::bundle(root))
}

/// Builds the blog and becomes its server.
pub(crate) fn blog(root: &Path, steps: &mut Steps, flags: &[String]) -> anyhow::Result<()> {
    bundle(root, steps)?;
    let mut build = run::cargo(root);
    build.args(["build", "--release", "--package", "horizon-web"]);
    steps.take("server", || run::run(&mut build))?;
    let mut server = Command::new(binary(root, "release", "horizon-web"));
    become_program(server.args(flags).current_dir(root))
}

/// The program of this name that a build with this profile made.
pub(crate) fn binary(root: &Path, profile: &str, name: &str) -> PathBuf {
    let file = format!("{name}{}", std::env::consts::EXE_SUFFIX);
    run::target(root).join(profile).join(file)
}

/// Replaces this process, so that every signal reaches the server itself.
#[cfg(unix)]
fn become_program(command: &mut Command) -> anyhow::Result<()> {
    use std::os::unix::process::CommandExt;

    Err(anyhow::Error::new(command.exec()).context("the server does not start"))
}

/// Waits for the program; the console hands Ctrl-C to both.
#[cfg(not(unix))]
fn become_program(command: &mut Command) -> anyhow::Result<()> {
    run::run(command)
}
