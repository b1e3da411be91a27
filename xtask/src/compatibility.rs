//! Checks that our crates resolve together with other database crates, and work with every rusqlite they accept.
//!
//! `libsqlite3-sys` may be linked once per program, so a narrow range of rusqlite versions would exclude other crates.

use std::{fs, path::Path};

use anyhow::Context;

use crate::run::{self, print_line};

/// Dependencies that applications use together with `horizon-axum`: a name, and the line of the manifest.
const DATABASES: [(&str, &str); 9] = [
    (
        "sqlx 0.8 with SQLite",
        r#"sqlx = { version = "0.8", features = ["runtime-tokio", "sqlite"] }"#,
    ),
    (
        "sqlx 0.9 with SQLite",
        r#"sqlx = { version = "0.9", features = ["runtime-tokio", "sqlite"] }"#,
    ),
    (
        "sqlx 0.8 with PostgreSQL",
        r#"sqlx = { version = "0.8", features = ["runtime-tokio", "postgres", "macros"] }"#,
    ),
    (
        "sqlx 0.9 with PostgreSQL",
        r#"sqlx = { version = "0.9", features = ["runtime-tokio", "postgres", "macros"] }"#,
    ),
    (
        "sea-orm 1 with SQLite and PostgreSQL",
        r#"sea-orm = { version = "1", features = ["sqlx-sqlite", "sqlx-postgres", "runtime-tokio"] }"#,
    ),
    (
        "sea-orm 2 with SQLite and PostgreSQL",
        r#"sea-orm = { version = "2", features = ["sqlx-sqlite", "sqlx-postgres", "runtime-tokio"] }"#,
    ),
    (
        "diesel 2 with SQLite",
        r#"diesel = { version = "2", features = ["sqlite"] }"#,
    ),
    ("rusqlite 0.32", r#"rusqlite = "0.32""#),
    ("rusqlite 0.37", r#"rusqlite = "0.37""#),
];

/// Resolves a small application for each of [`DATABASES`], without compiling it.
pub(crate) fn resolve(root: &Path) -> anyhow::Result<()> {
    let folder = run::target(root).join("compatibility/resolve");
    fs::create_dir_all(folder.join("src")).with_context(|| format!("{} cannot be created", folder.display()))?;
    fs::write(folder.join("src/lib.rs"), "")?;
    for (name, dependency) in DATABASES {
        let manifest = format!(
            "[package]\nname = \"application\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n\
             [dependencies]\n\
             horizon-axum = {{ path = {:?}, features = [\"redis\"] }}\n{dependency}\n",
            root.join("integrations/axum"),
        );
        fs::write(folder.join("Cargo.toml"), manifest)?;
        let mut resolve = run::cargo(root);
        resolve.current_dir(&folder).args(["generate-lockfile", "--quiet"]);
        run::run(&mut resolve).with_context(|| format!("horizon-axum does not resolve together with {name}"))?;
        print_line(&format!("horizon-axum resolves together with {name}"));
    }
    Ok(())
}

/// Tests `horizon-sqlite` with the oldest rusqlite that it accepts, and with the newest unless Cargo.lock has it.
pub(crate) fn rusqlite_versions(root: &Path) -> anyhow::Result<()> {
    let oldest = oldest_rusqlite(root)?;
    let copy = run::target(root).join("compatibility/workspace");
    copy_workspace(root, &copy)?;
    update_rusqlite(&copy, &["--precise", &oldest])?;
    test_sqlite(root, &copy)?;
    fs::copy(root.join("Cargo.lock"), copy.join("Cargo.lock"))?;
    update_rusqlite(&copy, &[])?;
    if fs::read(root.join("Cargo.lock"))? == fs::read(copy.join("Cargo.lock"))? {
        print_line("Cargo.lock has the newest rusqlite, so the tests of the workspace cover it");
        return Ok(());
    }
    test_sqlite(root, &copy)
}

/// Returns the lower bound of rusqlite in Cargo.toml, such as `0.32.0`.
fn oldest_rusqlite(root: &Path) -> anyhow::Result<String> {
    let manifest = fs::read_to_string(root.join("Cargo.toml"))?;
    let line = manifest.lines().find(|line| line.starts_with("rusqlite = "));
    let range = line.and_then(|line| line.split('"').nth(1));
    let oldest = range.and_then(|range| range.strip_prefix(">=")?.split(',').next());
    let oldest = oldest.context("Cargo.toml has no rusqlite version of the form `>=OLDEST, <NEXT`")?;
    Ok(format!("{oldest}.0"))
}

/// Copies the files of the repository, so that the copy can have its own Cargo.lock. Replaces an earlier copy.
fn copy_workspace(root: &Path, copy: &Path) -> anyhow::Result<()> {
    if copy.exists() {
        fs::remove_dir_all(copy).with_context(|| format!("{} cannot be removed", copy.display()))?;
    }
    for name in run::tracked_files(root, "")? {
        let (from, to) = (root.join(&name), copy.join(&name));
        fs::create_dir_all(to.parent().unwrap_or(copy))?;
        fs::copy(&from, &to).with_context(|| format!("{} cannot be copied", from.display()))?;
    }
    Ok(())
}

fn update_rusqlite(copy: &Path, version: &[&str]) -> anyhow::Result<()> {
    let mut update = run::cargo(copy);
    update.args(["update", "--package", "rusqlite"]).args(version);
    run::run(&mut update)
}

fn test_sqlite(root: &Path, copy: &Path) -> anyhow::Result<()> {
    let mut test = run::cargo(copy);
    test.args(["test", "--locked", "--package", "horizon-sqlite", "--lib", "--tests"])
        .env("CARGO_TARGET_DIR", run::target(root).join("compatibility/target"));
    run::run(&mut test)
}
