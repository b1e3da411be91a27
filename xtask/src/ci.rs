//! `cargo xtask ci`: every check, quick ones first.

use std::path::Path;

use crate::{
    apps, check, compatibility, compile_errors, crates, dependency_limits, features,
    run::{self, Steps, WASM, WORKSPACE, print_line},
    test, tools,
};

/// Runs every check.
pub(crate) fn ci(root: &Path, steps: &mut Steps) -> anyhow::Result<()> {
    check::lint(root, steps)?;

    steps.run("cargo-deny", || deny(root))?;
    steps.run("oldest Rust", || crates::oldest_rust(root))?;
    steps.run("dependency limits", || dependency_limits::check(root))?;
    steps.run("features", || features::check(root))?;
    steps.run("compatibility", || compatibility::resolve(root))?;

    steps.run("wasm target", tools::ensure_wasm_target)?;
    // With the profile of the bundle, so that build scripts and procedural macros are built once.
    let mut hydrate = run::cargo(root);
    hydrate.args(["clippy", "--package", "horizon-hydrate", "--target", WASM]);
    hydrate.args(["--profile", "wasm", "--", "-D", "warnings"]);
    steps.run("clippy of the islands", || run::run(&mut hydrate))?;

    let mut doc = run::cargo(root);
    doc.arg("doc")
        .args(WORKSPACE)
        .arg("--no-deps")
        .env("RUSTDOCFLAGS", "-D warnings");
    steps.run("rustdoc", || run::run(&mut doc))?;

    test::test(root, steps)?;
    steps.run("tests without features", || features::test(root))?;
    steps.run("compile errors", || compile_errors::check(root))?;
    steps.run("applications", || apps::check(root))?;
    steps.run("oldest rusqlite", || compatibility::rusqlite_versions(root))?;
    steps.run("packages", || crates::package(root))
}

fn deny(root: &Path) -> anyhow::Result<()> {
    tools::ensure_cargo_deny(root)?;
    run::run(run::cargo(root).args(["deny", "check", "--hide-inclusion-graph", "bans", "licenses", "sources"]))?;
    if run::run(run::cargo(root).args(["deny", "--log-level", "off", "fetch", "db"])).is_err() {
        print_line("The advisory database could not be fetched: known vulnerabilities were not checked.");
        return Ok(());
    }
    run::run(run::cargo(root).args(["deny", "check", "--disable-fetch", "advisories"]))
}
