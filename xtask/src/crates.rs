//! The published crates: their packages, the number of their dependencies, and their oldest Rust.

use std::{collections::BTreeSet, env, fs, path::Path, process::Command, time::SystemTime};

use anyhow::{Context, ensure};

use crate::run::{self, print_line};

/// The published crates, in the order in which they have to be published.
const CRATES: [&str; 8] = [
    "horizon-core",
    "horizon-memory",
    "horizon-sqlite",
    "horizon-redis",
    "horizon-backend",
    "horizon-accumulator",
    "eventhorizon",
    "horizon-axum",
];

/// `horizon-core` and its dependencies must be fewer crates than this.
const CORE_LIMIT: usize = 25;

/// The page that lists the counts.
const COUNTS: &str = "docs/dependencies.md";

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
    for name in CRATES {
        package.args(["--package", name]);
    }
    let packaged = run::run(&mut package);
    fs::remove_dir_all(&folder).with_context(|| format!("{} cannot be removed", folder.display()))?;
    packaged
}

/// Counts the dependencies of each crate, and checks that [`COUNTS`] lists the same numbers.
pub(crate) fn count(root: &Path) -> anyhow::Result<()> {
    let page = fs::read_to_string(root.join(COUNTS)).with_context(|| format!("{COUNTS} cannot be read"))?;
    for name in CRATES {
        let counted = count_tree(root, name)?;
        print_line(&format!("{counted:>7} crates  {name}"));
        ensure!(
            name != "horizon-core" || counted < CORE_LIMIT,
            "{name} has {counted} crates in its tree; the limit is fewer than {CORE_LIMIT}"
        );
        let row = format!("| `{name}` | {counted} |");
        ensure!(page.contains(&row), "{COUNTS} must contain `{row}`");
    }
    Ok(())
}

/// Returns the number of crates in the dependency tree, with default features on this platform, itself included.
fn count_tree(root: &Path, name: &str) -> anyhow::Result<usize> {
    let mut tree = run::cargo(root);
    tree.args([
        "tree",
        "--locked",
        "--package",
        name,
        "--edges",
        "normal",
        "--prefix",
        "none",
    ]);
    let text = run::output(&mut tree)?;
    // `cargo tree` marks repeated crates with `(*)`.
    let crates: BTreeSet<&str> = text.lines().map(|line| line.trim_end_matches(" (*)")).collect();
    Ok(crates.len())
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
    for name in CRATES {
        check.args(["--package", name]);
    }
    run::run(&mut check).with_context(|| format!("if it is missing: rustup toolchain install {stated}"))
}
