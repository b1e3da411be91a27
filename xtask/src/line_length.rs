//! Checks that no line of Rust or Markdown is longer than [`LIMIT`]. rustfmt does not break comments and strings.

use std::{collections::BTreeSet, fs, path::Path};

use crate::{allowed, run};

/// The longest line, in characters; rustfmt.toml has the same number.
const LIMIT: usize = 120;

/// Returns every line that is too long, as `file:line`, unless the list of exceptions allows it.
pub(crate) fn problems(root: &Path) -> anyhow::Result<Vec<String>> {
    let mut problems = Vec::new();
    let mut files = BTreeSet::new();
    for kind in [".rs", ".md"] {
        for path in run::tracked_files(root, kind)? {
            let text = fs::read_to_string(root.join(&path))?;
            let lines = if kind == ".md" {
                long_prose(&text)
            } else {
                long_lines(&text)
            };
            if !lines.is_empty() {
                problems.extend(
                    lines
                        .iter()
                        .map(|line| format!("{path}:{line}: longer than {LIMIT} characters")),
                );
                files.insert(path);
            }
        }
    }
    let differences = allowed::compare(root, "long-lines.txt", &files)?;
    let is_reported = |problem: &String| {
        let file = problem.split(':').next().unwrap_or_default();
        differences
            .iter()
            .any(|difference| difference.split(':').next() == Some(file))
    };
    problems.retain(is_reported);
    problems.extend(
        differences
            .into_iter()
            .filter(|difference| difference.contains(": fixed")),
    );
    Ok(problems)
}

/// Returns the numbers of the lines that are too long.
fn long_lines(text: &str) -> Vec<usize> {
    let long = (1..).zip(text.lines()).filter(|(_, line)| is_long(line));
    long.map(|(number, _)| number).collect()
}

/// Like [`long_lines`], without what cannot be wrapped: front matter, code, tables and HTML.
fn long_prose(text: &str) -> Vec<usize> {
    let mut long = Vec::new();
    let mut fence: Option<&str> = text.starts_with("---\n").then_some("---");
    for (number, line) in (1..).zip(text.lines()) {
        let trimmed = line.trim_start();
        match fence {
            Some(end) if number > 1 && trimmed.starts_with(end) => fence = None,
            None if trimmed.starts_with("```") => fence = Some("```"),
            None if !trimmed.starts_with(['|', '<']) && is_long(line) => long.push(number),
            _ => {}
        }
    }
    long
}

/// Whether a line is too long without its longest URL or link target, which cannot be broken.
fn is_long(line: &str) -> bool {
    let words = line.split([' ', '(', ')', '"', '<', '>', '`']);
    let targets = words.filter(|word| word.contains("://") || line.contains(&format!("]({word})")));
    let target = targets.map(|word| word.chars().count()).max().unwrap_or(0);
    line.chars().count() - target > LIMIT
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_count_and_urls_do_not() {
        let limit = "ü".repeat(LIMIT);
        assert!(long_lines(&limit).is_empty());
        assert_eq!(long_lines(&format!("short\n{limit}!\n")), [2]);
        assert!(long_lines(&format!("// https://example.com/{limit}")).is_empty());
    }

    #[test]
    fn prose_is_checked_and_front_matter_code_and_tables_are_not() {
        let long = "word ".repeat(30);
        let text = format!("---\nsummary: {long}\n---\n{long}\n| {long} |\n```json\n{long}\n```\n{long}\n");
        assert_eq!(long_prose(&text), [4, 9]);
        assert!(long_prose(&format!("See [this]({}).\n", "x".repeat(LIMIT))).is_empty());
    }
}
