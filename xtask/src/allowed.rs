//! Lists of exceptions in `xtask/allowed/`, which may only shrink.

use std::{collections::BTreeSet, fs, path::Path};

use anyhow::Context;

/// Compares what a check found with the list of exceptions in `xtask/allowed/{list}`.
///
/// Returns one problem for each finding that is not listed, and one for each listed exception that is not found.
pub(crate) fn compare(root: &Path, list: &str, found: &BTreeSet<String>) -> anyhow::Result<Vec<String>> {
    let path = root.join("xtask/allowed").join(list);
    let text = fs::read_to_string(&path).with_context(|| format!("{} cannot be read", path.display()))?;
    Ok(differences(list, &text, found))
}

/// Compares the findings with the text of a list. Each line is an exception, except empty lines and lines that start
/// with `#`.
fn differences(list: &str, text: &str, found: &BTreeSet<String>) -> Vec<String> {
    let lines = text.lines().map(str::trim);
    let listed: BTreeSet<&str> = lines
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .collect();
    let new = found.iter().filter(|name| !listed.contains(name.as_str()));
    let new = new.map(|name| format!("{name}: not allowed by xtask/allowed/{list}"));
    let fixed = listed.iter().filter(|name| !found.contains(**name));
    let fixed = fixed.map(|name| format!("{name}: fixed, remove it from xtask/allowed/{list}"));
    new.chain(fixed).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_finding_and_a_fixed_exception_are_problems() {
        let found = BTreeSet::from(["Known".to_owned(), "New".to_owned()]);
        assert_eq!(
            differences("list.txt", "# A comment.\n\nFixed\nKnown\n", &found),
            [
                "New: not allowed by xtask/allowed/list.txt",
                "Fixed: fixed, remove it from xtask/allowed/list.txt",
            ]
        );
        assert!(differences("list.txt", "Known\nNew\n", &found).is_empty());
    }
}
