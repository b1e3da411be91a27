//! Finds type names that several files define: one type name means one thing.
//!
//! Reads lines instead of a syntax tree, which suffices for code that rustfmt has formatted.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use crate::{allowed, run};

/// Names that each crate may define, by Rust's conventions.
const CONVENTIONAL: [&str; 2] = ["Error", "Result"];

/// The folder of applications that are no part of the workspace. Each defines its own names.
const APPLICATIONS: &str = "examples/apps/";

/// The files that define each name.
type Definitions = BTreeMap<String, BTreeSet<String>>;

/// Returns the type names that several files define and the lists of exceptions do not allow.
pub(crate) fn problems(root: &Path) -> anyhow::Result<Vec<String>> {
    let mut definitions = Definitions::new();
    let files = run::tracked_files(root, ".rs")?;
    for path in files.into_iter().filter(|path| !path.starts_with(APPLICATIONS)) {
        for name in defined_types(&fs::read_to_string(root.join(&path))?) {
            definitions.entry(name).or_default().insert(path.clone());
        }
    }
    let mut problems = Vec::new();
    let repeated = repeated(definitions);
    for problem in allowed::compare(root, "type-names.txt", &repeated.keys().cloned().collect())? {
        let name = problem.split(':').next().unwrap_or_default();
        let files: Vec<&str> = repeated.get(name).into_iter().flatten().map(String::as_str).collect();
        problems.push(format!("{problem} {}", files.join(" ")).trim_end().to_owned());
    }
    Ok(problems)
}

fn repeated(definitions: Definitions) -> Definitions {
    let is_repeated =
        |name: &String, files: &mut BTreeSet<String>| files.len() > 1 && !CONVENTIONAL.contains(&name.as_str());
    definitions
        .into_iter()
        .filter_map(|(name, mut files)| is_repeated(&name, &mut files).then_some((name, files)))
        .collect()
}

/// Returns the names of all structs, enums, unions, traits and type aliases outside `#[cfg(test)]`.
fn defined_types(source: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut lines = source.lines();
    while let Some(line) = lines.next() {
        if line.trim() == "#[cfg(test)]" {
            skip_item(&mut lines);
        } else if let Some(name) = defined_type(line) {
            names.insert(name.to_owned());
        }
    }
    names
}

/// Skips the next item. Its end is known because rustfmt puts the closing brace below the start of its first line.
fn skip_item<'a>(lines: &mut impl Iterator<Item = &'a str>) {
    let item = lines.find(|line| !line.trim_start().starts_with("#["));
    if let Some(item) = item.filter(|item| item.ends_with('{')) {
        let indentation = item.len() - item.trim_start().len();
        let end = format!("{:indentation$}}}", "");
        lines.find(|line| *line == end);
    }
}

fn defined_type(line: &str) -> Option<&str> {
    let mut item = line.trim_start();
    // An indented `type` is an associated type, whose name the trait decides.
    let is_indented = item.len() < line.len();
    if let Some(public) = item.strip_prefix("pub") {
        let public = public
            .strip_prefix('(')
            .and_then(|rest| rest.split_once(')'))
            .map_or(public, |(_, rest)| rest);
        item = public.trim_start();
    }
    let (keyword, rest) = item.strip_prefix("unsafe ").unwrap_or(item).split_once(' ')?;
    let is_type = match keyword {
        "struct" | "enum" | "union" | "trait" => true,
        "type" => !is_indented,
        _ => false,
    };
    let name = rest.split(|c: char| !c.is_alphanumeric() && c != '_').next();
    name.filter(|name| is_type && !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_of_all_kinds_are_found_except_those_of_tests() {
        let source = [
            "pub struct Public<T>(T);",
            "enum Private {}",
            "pub(crate) trait Port: Send {",
            "    type Associated;",
            "}",
            "type Alias = u8;",
            "// A struct of words.",
            "mod inner {",
            "    struct Inner;",
            "}",
            "#[cfg(test)]",
            "#[path = \"x.rs\"]",
            "mod tests {",
            "    struct Fake {",
            "    }",
            "}",
            "unsafe trait Unsafe {}",
        ];
        let names: Vec<_> = defined_types(&source.join("\n")).into_iter().collect();
        assert_eq!(names, ["Alias", "Inner", "Port", "Private", "Public", "Unsafe"]);
    }

    #[test]
    fn a_name_in_two_files_is_repeated_unless_conventional() {
        let files = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<BTreeSet<_>>();
        let definitions = Definitions::from([
            ("Page".to_owned(), files(&["a.rs", "b.rs"])),
            ("Once".to_owned(), files(&["a.rs"])),
            ("Error".to_owned(), files(&["a.rs", "b.rs"])),
        ]);
        assert_eq!(repeated(definitions).into_keys().collect::<Vec<_>>(), ["Page"]);
    }
}
