//! Checks that the front page of each library names everything that the crate exports.

use std::{collections::BTreeSet, fs, path::Path};

use anyhow::Context;

/// The front pages: comments that start with `//!`.
const PAGES: [&str; 8] = [
    "adapters/context/src/lib.rs",
    "adapters/memory/src/lib.rs",
    "adapters/postgres/src/lib.rs",
    "adapters/redis/src/lib.rs",
    "adapters/sqlite/src/lib.rs",
    "eventhorizon/src/lib.rs",
    "horizon-core/src/lib.rs",
    "integrations/axum/src/lib.rs",
];

/// Returns each exported item that a front page does not name.
pub(crate) fn problems(root: &Path) -> anyhow::Result<Vec<String>> {
    let mut problems = Vec::new();
    for path in PAGES {
        let source = fs::read_to_string(root.join(path)).with_context(|| format!("{path} cannot be read"))?;
        let missing = missing(&source);
        problems.extend(
            missing
                .iter()
                .map(|name| format!("{path}: the front page does not name `{name}`")),
        );
    }
    Ok(problems)
}

/// Returns the exported names that do not occur in backticks in the comments at the start of the file.
fn missing(source: &str) -> BTreeSet<&str> {
    let page: Vec<&str> = source.lines().filter(|line| line.starts_with("//!")).collect();
    let page = page.join("\n");
    let is_missing = |name: &&str| {
        !["`", "(", "::"]
            .iter()
            .any(|end| page.contains(&format!("`{name}{end}")))
    };
    exports(source).into_iter().filter(is_missing).collect()
}

/// Returns the names of public items and re-exports at the top level. Reads the format of rustfmt.
fn exports(source: &str) -> BTreeSet<&str> {
    let mut names = BTreeSet::new();
    for item in source.split("\npub ").skip(1) {
        match item.split_once(' ') {
            Some(("use", rest)) => names.extend(used(rest.split(';').next().unwrap_or_default())),
            Some(("const" | "fn" | "mod" | "struct" | "trait" | "enum", rest)) => {
                names.extend(rest.split(|c: char| !c.is_alphanumeric() && c != '_').next());
            }
            _ => {}
        }
    }
    names
}

/// Returns the names that a `use` without nested braces exports.
fn used(path: &str) -> Vec<&str> {
    let (prefix, list) = path.split_once('{').unwrap_or(("", path));
    let own = prefix.trim_end_matches("::").rsplit("::").next().unwrap_or_default();
    let names = list
        .trim_end_matches('}')
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty());
    let names = names.map(|name| name.rsplit("::").next().unwrap_or(name));
    names.map(|name| if name == "self" { own } else { name }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exports_that_the_page_does_not_name_are_missing() {
        let source = "\
//! [`A`], [`run`](run()) and `c::X`, but not B.

mod a;
pub use a::{
    A, B,
    c::D,
};
pub use core::{self, E};
#[cfg(feature = \"f\")]
pub use f::F;
pub mod c;

pub fn run() {
}
";
        let missing: Vec<_> = missing(source).into_iter().collect();
        assert_eq!(missing, ["B", "D", "E", "F", "core"]);
    }
}
