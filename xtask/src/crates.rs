//! The crates that others depend on: that they can be packaged, what they bring along, and the Rust that they need.

use std::{collections::BTreeSet, env, fs, path::Path, process::Command, time::SystemTime};

use anyhow::{Context, ensure};

use crate::run::{self, say};

/// The crates for others, in the order in which they have to be published.
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

/// How many crates the core may bring along, itself included: fewer than this.
const CORE_LIMIT: usize = 25;

/// Where readers find the counts.
const COUNTS: &str = "docs/dependencies.md";

/// Packages each crate, and builds the packages from one another as they will be downloaded.
///
/// In a folder that never was before: cargo takes a package of a name and a version for what it unpacked and built last
/// time, and here it is another one each time.
pub(crate) fn package(root: &Path) -> anyhow::Result<()> {
    let since = SystemTime::UNIX_EPOCH.elapsed().context("the clock is before 1970")?;
    let folder = run::target(root).join(format!("packages-{}", since.as_millis()));
    let mut package = run::cargo(root);
    // What is not committed yet may be tried too.
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

/// Counts what each crate brings along, and holds the page that says so to it.
pub(crate) fn count(root: &Path) -> anyhow::Result<()> {
    let told = fs::read_to_string(root.join(COUNTS)).with_context(|| format!("{COUNTS} cannot be read"))?;
    for name in CRATES {
        let counted = brings_along(root, name)?;
        say(&format!("{counted:>7} crates  {name}"));
        ensure!(
            name != "horizon-core" || counted < CORE_LIMIT,
            "{name} brings {counted} crates along, and shall bring fewer than {CORE_LIMIT}"
        );
        let row = format!("| `{name}` | {counted} |");
        ensure!(told.contains(&row), "{COUNTS} has to say `{row}`");
    }
    Ok(())
}

/// The crates that a program has with this one, itself included, with its default features on this platform.
fn brings_along(root: &Path, name: &str) -> anyhow::Result<usize> {
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
    // A crate that stands in several places is marked from the second on.
    let crates: BTreeSet<&str> = text.lines().map(|line| line.trim_end_matches(" (*)")).collect();
    Ok(crates.len())
}

/// Builds with the oldest Rust that the crates say they need. If this is that Rust, every other step does so.
pub(crate) fn oldest_rust(root: &Path) -> anyhow::Result<()> {
    let manifest = fs::read_to_string(root.join("Cargo.toml"))?;
    let line = manifest.lines().find_map(|line| line.strip_prefix("rust-version = "));
    let stated = line.context("Cargo.toml states no rust-version")?.trim_matches('"');
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = Command::new(rustc)
        .arg("--version")
        .output()
        .context("rustc does not start")?;
    let version = String::from_utf8_lossy(&version.stdout).into_owned();
    if version.starts_with(&format!("rustc {stated}.")) {
        say(&format!("this is Rust {stated}, the oldest that the crates need"));
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
    run::run(&mut check).with_context(|| format!("to have it: rustup toolchain install {stated}"))
}
