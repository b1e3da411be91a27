//! Checks that the crates bring no more dependencies than the documents say.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use anyhow::{Context, ensure};

use crate::{
    crates,
    run::{self, print_line},
};

/// The page with the limit of each crate.
const LIMITS: &str = "docs/dependencies.md";

/// The pages with a table of features, and the crate that the features belong to.
const FEATURE_TABLES: [(&str, &str); 4] = [
    ("eventhorizon/src/lib.rs", "eventhorizon"),
    ("eventhorizon/README.md", "eventhorizon"),
    ("integrations/axum/src/lib.rs", "horizon-axum"),
    ("integrations/axum/README.md", "horizon-axum"),
];

/// Counts the dependencies of each crate and of each feature, and checks that they are within the documented limits.
pub(crate) fn check(root: &Path) -> anyhow::Result<()> {
    let page = read(root, LIMITS)?;
    let rows = rows(&page);
    for name in crates::PUBLISHED {
        ensure!(
            rows.iter().any(|row| row.name == name),
            "{LIMITS} has no limit for {name}"
        );
    }
    for row in rows {
        let counted = count(root, row.name, row.features)?.len();
        print_line(&format!(
            "{counted:>7} crates of {:<3}  {}, {}",
            row.limit, row.name, row.features
        ));
        ensure!(
            counted <= row.limit,
            "{} brings {counted} crates with the features `{}`; {LIMITS} allows {}",
            row.name,
            row.features,
            row.limit
        );
    }
    let mut added = BTreeMap::new();
    for (path, package) in FEATURE_TABLES {
        check_features(root, path, package, &mut added)?;
    }
    Ok(())
}

/// Checks the table of features of one page. `added` caches the counts.
fn check_features(
    root: &Path,
    path: &str,
    package: &'static str,
    added: &mut BTreeMap<(&'static str, String), usize>,
) -> anyhow::Result<()> {
    let page = read(root, path)?.replace("//! ", "");
    let rows = rows(&page);
    ensure!(!rows.is_empty(), "{path} has no table of features");
    for LimitRow { name, limit, .. } in rows {
        let key = (package, name.to_owned());
        let counted = match added.get(&key) {
            Some(counted) => *counted,
            None => {
                let counted = count(root, package, name)?
                    .difference(&count(root, package, "none")?)
                    .count();
                print_line(&format!(
                    "{counted:>7} crates of {limit:<3}  feature {name} of {package}"
                ));
                added.insert(key, counted);
                counted
            }
        };
        ensure!(
            counted <= limit,
            "{path}: the feature `{name}` of {package} adds {counted} crates, not {limit}"
        );
    }
    Ok(())
}

/// A row of a table: a name in backticks, features or a default, any further cells, and a number.
#[derive(Debug, PartialEq, Eq)]
struct LimitRow<'a> {
    name: &'a str,
    features: &'a str,
    limit: usize,
}

/// Returns the rows whose last cell is a number.
fn rows(page: &str) -> Vec<LimitRow<'_>> {
    page.lines().filter_map(row).collect()
}

fn row(line: &str) -> Option<LimitRow<'_>> {
    let mut cells = line.strip_prefix("| `")?.strip_suffix(" |")?.split(" | ");
    Some(LimitRow {
        name: cells.next()?.strip_suffix('`')?,
        features: cells.next()?,
        limit: cells.last()?.parse().ok()?,
    })
}

/// Returns the crates of the dependency tree on this platform, the crate itself included.
///
/// `features` is `none`, `default`, `all`, or one feature.
fn count(root: &Path, package: &str, features: &str) -> anyhow::Result<BTreeSet<String>> {
    let mut tree = run::cargo(root);
    tree.args(["tree", "--locked", "--package", package]);
    tree.args(["--edges", "normal", "--prefix", "none"]);
    match features {
        "default" => &mut tree,
        "none" => tree.arg("--no-default-features"),
        "all" => tree.arg("--all-features"),
        feature => tree.args(["--no-default-features", "--features", feature]),
    };
    let text = run::output(&mut tree)?;
    // `cargo tree` marks repeated crates with `(*)`.
    let crates = text.lines().map(|line| line.trim_end_matches(" (*)").to_owned());
    Ok(crates.collect())
}

fn read(root: &Path, path: &str) -> anyhow::Result<String> {
    fs::read_to_string(root.join(path)).with_context(|| format!("{path} cannot be read"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_end_with_a_number() {
        let page = "\
| crate | features | crates |
|---|---|---|
| `horizon-core` | default | 24 |
| `log` | no | a log; `start_log` | 20 |
| `GET /live` | streams the stats |
";
        let row = |name, features, limit| LimitRow { name, features, limit };
        assert_eq!(rows(page), [row("horizon-core", "default", 24), row("log", "no", 20)]);
    }
}
