//! What a change must pass, the quick checks first.

use std::path::Path;

use crate::{
    check, compatibility, crates,
    run::{self, Steps, WASM, WORKSPACE, say},
    test, tools,
};

/// Runs every check.
pub(crate) fn ci(root: &Path, steps: &mut Steps) -> anyhow::Result<()> {
    check::lint(root, steps)?;

    steps.take("cargo-deny", || deny(root))?;
    steps.take("oldest Rust", || crates::oldest_rust(root))?;
    steps.take("counts of crates", || crates::count(root))?;
    steps.take("other crates", || compatibility::resolve(root))?;

    steps.take("wasm target", tools::ensure_wasm_target)?;
    // In the bundle's own profile, so that what runs on this machine is built once for both.
    let mut hydrate = run::cargo(root);
    hydrate.args(["clippy", "--package", "horizon-hydrate", "--target", WASM]);
    hydrate.args(["--profile", "wasm", "--", "-D", "warnings"]);
    steps.take("clippy of the islands", || run::run(&mut hydrate))?;

    let mut doc = run::cargo(root);
    doc.arg("doc")
        .args(WORKSPACE)
        .arg("--no-deps")
        .env("RUSTDOCFLAGS", "-D warnings");
    steps.take("rustdoc", || run::run(&mut doc))?;

    test::test(root, steps)?;
    steps.take("oldest rusqlite", || compatibility::rusqlite_versions(root))?;
    steps.take("packages", || crates::package(root))
}

fn deny(root: &Path) -> anyhow::Result<()> {
    tools::ensure_cargo_deny(root)?;
    run::run(run::cargo(root).args(["deny", "check", "--hide-inclusion-graph", "bans", "licenses", "sources"]))?;
    if run::run(run::cargo(root).args(["deny", "--log-level", "off", "fetch", "db"])).is_err() {
        say("The database of advisories could not be fetched, so known vulnerabilities were not looked for.");
        return Ok(());
    }
    run::run(run::cargo(root).args(["deny", "check", "--disable-fetch", "advisories"]))
}
