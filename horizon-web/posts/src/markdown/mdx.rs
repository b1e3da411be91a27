//! Removes from MDX what only its generator understands: imports and exports, component tags and expressions.
//!
//! Source of the syntax: <https://mdxjs.com/docs/what-is-mdx/>.

use std::{borrow::Cow, path::Path};

use super::{
    MarkdownSource,
    mdx_piece::{self, MdxPiece},
};
use crate::front_matter::FileIssue;

/// MDX as Markdown.
#[derive(Debug)]
pub(super) struct MdxMarkdown<'a> {
    /// With as many lines as before.
    pub(super) markdown: Cow<'a, str>,
    /// What was removed.
    pub(super) issues: Vec<FileIssue>,
}

/// Returns the Markdown of a file. Only `.mdx` files change.
pub(super) fn to_markdown(source: MarkdownSource<'_>) -> MdxMarkdown<'_> {
    if !is_mdx(source.path) {
        return MdxMarkdown {
            markdown: Cow::Borrowed(source.markdown),
            issues: Vec::new(),
        };
    }
    let mut output = MdxOutput {
        markdown: String::with_capacity(source.markdown.len()),
        line: source.first_line,
        issues: Vec::new(),
    };
    let mut at = 0;
    while let Some(rest) = source.markdown.get(at..).filter(|rest| !rest.is_empty()) {
        let (piece, length) = mdx_piece::next(source.markdown, at);
        output.push(piece, rest.get(..length).unwrap_or(rest));
        at += length;
    }
    MdxMarkdown {
        markdown: Cow::Owned(output.markdown),
        issues: output.issues,
    }
}

fn is_mdx(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("mdx"))
}

struct MdxOutput {
    markdown: String,
    /// The line of the file.
    line: usize,
    issues: Vec<FileIssue>,
}

impl MdxOutput {
    fn push(&mut self, piece: MdxPiece<'_>, text: &str) {
        match piece {
            MdxPiece::Text => {
                self.markdown.push_str(text);
                self.line += line_ends(text);
                return;
            }
            MdxPiece::Literal(literal) if !self.is_value() => self.markdown.push_str(literal),
            MdxPiece::Comment | MdxPiece::EndTag => {}
            MdxPiece::Module => self.report("imports and exports are not shown and have no effect".to_owned()),
            MdxPiece::StartTag(name) => {
                self.report(format!(
                    "the component <{name}> is not shown, only what is in it: it needs its generator"
                ));
            }
            MdxPiece::Literal(_) => self.replace_value(text),
            MdxPiece::Expression => {
                let first_line = text.lines().next().unwrap_or_default();
                self.report(format!(
                    "the expression {first_line} is not shown: it needs its generator"
                ));
                if self.is_value() {
                    self.markdown.push_str("\"\"");
                }
            }
        }
        let lines = line_ends(text);
        self.markdown.extend(std::iter::repeat_n('\n', lines));
        self.line += lines;
    }

    /// Writes a string in braces as the value of an attribute.
    fn replace_value(&mut self, text: &str) {
        let inner = text.trim_matches(['{', '}']).trim();
        let literal = inner.trim_matches(['"', '\'', '`']);
        self.markdown.extend(["\"", literal, "\""]);
    }

    /// Returns whether the next piece is the value of an attribute.
    fn is_value(&self) -> bool {
        self.markdown.ends_with('=')
    }

    fn report(&mut self, reason: String) {
        self.issues.push(FileIssue::warning(Some(self.line), reason));
    }
}

fn line_ends(text: &str) -> usize {
    text.bytes().filter(|byte| *byte == b'\n').count()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the Markdown and the lines with an issue.
    fn converted(name: &str, markdown: &str) -> (String, Vec<usize>) {
        let source = MarkdownSource {
            markdown,
            path: Path::new(name),
            first_line: 1,
            language: None,
        };
        let converted = to_markdown(source);
        let lines = converted.issues.iter().filter_map(|issue| issue.line).collect();
        (converted.markdown.into_owned(), lines)
    }

    #[test]
    fn imports_components_and_expressions_are_removed_with_their_line() {
        for (mdx, markdown, lines) in [
            ("import A from 'a';\nexport const b = 1;\n\n# A", "\n\n\n# A", vec![1]),
            ("text\nimport x", "text\nimport x", vec![]),
            ("important", "important", vec![]),
            (
                "a\n\n<Note kind=\"x > y\" data={{a: '}'}}>\n\n*b*\n\n</Note>",
                "a\n\n\n\n*b*\n\n",
                vec![3],
            ),
            ("<Tabs.Item\n  a={1}\n/>\n\n{b}", "\n\n\n\n", vec![1, 5]),
            ("<>a</> {/* note */}b{' '}c {\n1}", "a b c \n", vec![1]),
            ("<img src={hero} alt={'x'} />", "<img src=\"\" alt=\"x\" />", vec![1]),
            (
                "## A {#id}\n\na \\{b} \\<C> a < B",
                "## A {#id}\n\na \\{b} \\<C> a < B",
                vec![],
            ),
            ("{open <Open", "{open <Open", vec![]),
        ] {
            assert_eq!(converted("a.mdx", mdx), (markdown.to_owned(), lines), "{mdx}");
            assert_eq!(converted("a.md", mdx), (mdx.to_owned(), vec![]));
        }
    }

    #[test]
    fn code_and_formulas_do_not_change() {
        for mdx in [
            "```jsx\n\nimport A from 'a';\n\n<A b={c} />\n```\n",
            "- ~~~\n  <A />\n  ~~~\n\n> ```\n> {a}\n> ```\n",
            "`<A />` ``{a} ` {b}``",
            "$\\frac{a}{b}$ and $$\n{a}\n$$",
            "```\n<A>{é",
        ] {
            assert_eq!(converted("a.MDX", mdx), (mdx.to_owned(), vec![]), "{mdx}");
        }
    }
}
