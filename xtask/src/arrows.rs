//! Checks that dependencies between our crates point in one direction, as ARCHITECTURE.md draws them.

use std::path::Path;

use anyhow::{Context, ensure};
use serde_json::Value;

use crate::run::{self, WASM};

/// The arrows of the drawing: a crate, and the crates directly below it. A crate may depend on every crate that it
/// reaches along the arrows. An entry is the folder of a crate. An entry that ends with a slash is a folder of several
/// crates.
const ARROWS: [(&str, &[&str]); 12] = [
    ("horizon-core", &[]),
    ("adapters/", &["horizon-core"]),
    ("horizon-backend", &["adapters/"]),
    ("eventhorizon", &["horizon-backend"]),
    ("horizon-accumulator", &["horizon-backend"]),
    ("integrations/", &["eventhorizon"]),
    ("horizon-web/texts", &[]),
    ("horizon-web/posts", &["horizon-core", "horizon-web/texts"]),
    ("horizon-web/pictures", &["horizon-web/posts"]),
    ("horizon-web/app", &["horizon-web/posts"]),
    ("horizon-web/hydrate", &["horizon-web/app"]),
    (
        "horizon-web/server",
        &["horizon-web/app", "horizon-web/pictures", "integrations/"],
    ),
];

/// Folders whose crates may depend on all of our crates. No other crate may depend on these.
const EXEMPT: [&str; 4] = ["tests/", "benches", "examples/", "xtask"];

/// The only crates of ours in the browser's bundle.
const IN_BROWSER: [&str; 2] = ["horizon-hydrate", "horizon-app"];

/// Returns every dependency between our crates that points in a wrong direction.
pub(crate) fn problems(root: &Path) -> anyhow::Result<Vec<String>> {
    let metadata = run::output(run::cargo(root).args(["metadata", "--no-deps", "--format-version", "1"]))?;
    let metadata = serde_json::from_str(&metadata).context("`cargo metadata` returned no JSON")?;
    let mut problems = wrong_arrows(&metadata, root)?;
    let mut tree = run::cargo(root);
    tree.args(["tree", "--locked", "--package", "horizon-hydrate", "--target", WASM]);
    tree.args(["--edges", "normal", "--prefix", "none"]);
    problems.extend(strangers_in_browser(&run::output(&mut tree)?, root));
    Ok(problems)
}

fn wrong_arrows(metadata: &Value, root: &Path) -> anyhow::Result<Vec<String>> {
    let packages = metadata["packages"]
        .as_array()
        .context("`cargo metadata` lists no packages")?;
    ensure!(!packages.is_empty(), "`cargo metadata` lists no packages");
    let mut problems = Vec::new();
    for package in packages {
        let manifest = package["manifest_path"].as_str().unwrap_or_default();
        let folder = Path::new(manifest)
            .parent()
            .and_then(|folder| folder.strip_prefix(root).ok());
        let from = folder.context("a manifest is outside the workspace")?;
        if EXEMPT.iter().any(|exempt| from.starts_with(exempt)) {
            continue;
        }
        let dependencies = package["dependencies"].as_array().into_iter().flatten();
        for dependency in dependencies.filter(|dependency| dependency["kind"] != "dev") {
            let path = dependency["path"]
                .as_str()
                .and_then(|path| Path::new(path).strip_prefix(root).ok());
            if let Some(to) = path.filter(|to| !may_depend(from, to)) {
                problems.push(format!("{} must not depend on {}", from.display(), to.display()));
            }
        }
    }
    Ok(problems)
}

fn may_depend(from: &Path, to: &Path) -> bool {
    let arrows = ARROWS.iter().find(|(entry, _)| contains(entry, from));
    arrows.is_some_and(|(_, below)| below.iter().any(|entry| reaches(entry, to)))
}

/// Returns whether `to` is the crate of this entry or below it.
fn reaches(entry: &str, to: &Path) -> bool {
    let arrows = ARROWS.iter().find(|(from, _)| *from == entry);
    contains(entry, to) || arrows.is_some_and(|(_, below)| below.iter().any(|entry| reaches(entry, to)))
}

fn contains(entry: &str, folder: &Path) -> bool {
    match entry.strip_suffix('/') {
        Some(parent) => folder.parent() == Some(Path::new(parent)),
        None => folder == Path::new(entry),
    }
}

/// Finds in the output of `cargo tree` our crates that the browser must not load.
fn strangers_in_browser(tree: &str, root: &Path) -> Vec<String> {
    let ours = format!("({}", root.display());
    let lines = tree.lines().filter(|line| line.contains(&ours));
    let names = lines.filter_map(|line| line.split(' ').next());
    let strangers = names.filter(|name| !IN_BROWSER.contains(name));
    strangers
        .map(|name| format!("horizon-hydrate on {WASM} must not depend on {name}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn problems(folder: &str, dependency: &str, kind: Option<&str>) -> Vec<String> {
        let metadata = json!({"packages": [{
            "manifest_path": format!("/w/{folder}/Cargo.toml"),
            "dependencies": [
                {"path": format!("/w/{dependency}"), "kind": kind},
                {"path": null, "kind": null},
            ],
        }]});
        wrong_arrows(&metadata, Path::new("/w")).unwrap()
    }

    #[test]
    fn a_crate_may_depend_on_every_crate_below_it() {
        for (from, to) in [
            ("adapters/redis", "horizon-core"),
            ("eventhorizon", "horizon-core"),
            ("horizon-accumulator", "adapters/redis"),
            ("horizon-web/server", "integrations/axum"),
            ("horizon-web/server", "horizon-web/posts"),
            ("horizon-web/hydrate", "horizon-web/app"),
            ("horizon-web/app", "horizon-web/posts"),
            ("horizon-web/posts", "horizon-core"),
            ("tests/e2e", "horizon-accumulator"),
        ] {
            assert_eq!(problems(from, to, None), [""; 0], "{from} → {to}");
        }
    }

    #[test]
    fn dependencies_upward_sideways_and_on_unknown_crates_are_problems() {
        for (from, to) in [
            ("horizon-core", "adapters/memory"),
            ("adapters/redis", "adapters/memory"),
            ("horizon-backend", "eventhorizon"),
            ("horizon-accumulator", "eventhorizon"),
            ("integrations/axum", "horizon-accumulator"),
            ("horizon-web/server", "horizon-accumulator"),
            ("horizon-web/posts", "integrations/axum"),
            ("horizon-web/posts", "eventhorizon"),
            ("horizon-web/posts", "adapters/memory"),
            ("horizon-web/app", "eventhorizon"),
            ("integrations/axum", "horizon-web/posts"),
            ("eventhorizon", "tests/support"),
            ("new-crate", "horizon-core"),
        ] {
            assert_eq!(problems(from, to, None), [format!("{from} must not depend on {to}")]);
            assert_eq!(problems(from, to, Some("dev")), [""; 0], "dev-dependencies are exempt");
        }
    }

    #[test]
    fn the_browser_loads_no_server_crate() {
        let tree =
            "horizon-hydrate v0.1.0 (/w/horizon-web/hydrate)\nserde v1.0.0\neventhorizon v0.1.0 (/w/eventhorizon)\n";
        let found = strangers_in_browser(tree, Path::new("/w"));
        assert_eq!(
            found,
            ["horizon-hydrate on wasm32-unknown-unknown must not depend on eventhorizon"]
        );
    }
}
