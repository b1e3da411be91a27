//! `cargo xtask blog`: builds the blog and starts its server.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, ensure};

use crate::{
    bundle,
    run::{self, Steps, print_line},
    tools,
};

/// The profile of the workspace that compiles the server quickly.
const PROFILE: &str = "blog";

/// Builds the browser's files.
pub(crate) fn bundle(root: &Path, steps: &mut Steps) -> anyhow::Result<()> {
    steps.run("wasm target", tools::ensure_wasm_target)?;
    steps.run("bundle", || bundle::bundle(root))
}

/// Builds the blog and replaces this process with its server.
pub(crate) fn blog(root: &Path, steps: &mut Steps, flags: &[String]) -> anyhow::Result<()> {
    steps.run("wasm target", tools::ensure_wasm_target)?;
    steps.run("bundle and server", || build(root))?;
    let mut server = Command::new(binary(root, PROFILE, "horizon-web"));
    become_program(server.args(flags).current_dir(root))
}

/// Compiles the server while the bundle is built. Neither keeps two cores busy all the time.
fn build(root: &Path) -> anyhow::Result<()> {
    print_line("Compiling the browser's files and the server; the first time takes some minutes.");
    print_line(&format!(
        "The profile `{PROFILE}` compiles quickly. In production, use `cargo build --release`."
    ));
    let mut build = run::cargo(root);
    // The progress bars of two builds would overwrite each other.
    build.env("CARGO_TERM_PROGRESS_WHEN", "never");
    build.args(["build", "--profile", PROFILE, "--package", "horizon-web"]);
    let mut server = build.spawn().context("cargo does not start")?;
    let bundle = bundle::bundle(root);
    let status = server.wait().context("cargo cannot be awaited")?;
    bundle?;
    ensure!(status.success(), "the server does not compile");
    Ok(())
}

/// Returns the path of a program built with `profile`.
pub(crate) fn binary(root: &Path, profile: &str, name: &str) -> PathBuf {
    let file = format!("{name}{}", std::env::consts::EXE_SUFFIX);
    run::target(root).join(profile).join(file)
}

/// Replaces this process, so that signals reach the server.
#[cfg(unix)]
fn become_program(command: &mut Command) -> anyhow::Result<()> {
    use std::os::unix::process::CommandExt;

    Err(anyhow::Error::new(command.exec()).context("the server does not start"))
}

/// Runs the program; the console sends Ctrl-C to both processes.
#[cfg(not(unix))]
fn become_program(command: &mut Command) -> anyhow::Result<()> {
    run::run(command)
}
