//! The published crates: their packages, and their oldest Rust.

use std::{env, fs, path::Path, process::Command, time::SystemTime};

use anyhow::Context;

use crate::run::{self, print_line};

/// The published crates, in the order in which they have to be published.
pub(crate) const PUBLISHED: [&str; 10] = [
    "horizon-core",
    "horizon-context",
    "horizon-memory",
    "horizon-sqlite",
    "horizon-redis",
    "horizon-postgres",
    "horizon-backend",
    "horizon-accumulator",
    "eventhorizon",
    "horizon-axum",
];

/// Packages each crate, and builds the packages with each other as dependencies.
///
/// Uses a new folder each time, because cargo does not rebuild a package with a known name and version.
pub(crate) fn package(root: &Path) -> anyhow::Result<()> {
    let now = SystemTime::UNIX_EPOCH.elapsed().context("the clock is before 1970")?;
    let folder = run::target(root).join(format!("packages-{}", now.as_millis()));
    let mut package = run::cargo(root);
    package
        .args(["package", "--locked", "--allow-dirty", "--target-dir"])
        .arg(&folder);
    for name in PUBLISHED {
        package.args(["--package", name]);
    }
    let packaged = run::run(&mut package);
    fs::remove_dir_all(&folder).with_context(|| format!("{} cannot be removed", folder.display()))?;
    packaged
}

/// Checks the crates with the oldest Rust they support, unless that is the Rust of every other step.
pub(crate) fn oldest_rust(root: &Path) -> anyhow::Result<()> {
    let manifest = fs::read_to_string(root.join("Cargo.toml"))?;
    let line = manifest.lines().find_map(|line| line.strip_prefix("rust-version = "));
    let stated = line.context("Cargo.toml has no rust-version")?.trim_matches('"');
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = Command::new(rustc)
        .arg("--version")
        .output()
        .context("rustc does not start")?;
    let version = String::from_utf8_lossy(&version.stdout).into_owned();
    if version.starts_with(&format!("rustc {stated}.")) {
        print_line(&format!("this is Rust {stated}, the oldest supported version"));
        return Ok(());
    }
    let mut check = Command::new("cargo");
    check
        .current_dir(root)
        .arg(format!("+{stated}"))
        .args(["check", "--locked"]);
    for name in PUBLISHED {
        check.args(["--package", name]);
    }
    run::run(&mut check).with_context(|| format!("if it is missing: rustup toolchain install {stated}"))
}
