//! Parses a document.

use comrak::{Arena, Node, nodes::NodeValue};

use super::{code_ranges::line_starts, extension::MarkdownExtensions};
use crate::text;

/// The number of times a document is parsed to find out which `$` is money.
const MAX_PASSES: usize = 8;

/// Parses Markdown.
///
/// On GitHub, `$` starts a formula only after a space or punctuation and ends it only before one, so that `US$5 and
/// CA$` is text. The parser does not check that: such a `$` is escaped and the document is parsed again.
pub(super) fn parse<'a>(arena: &'a Arena<'a>, markdown: &str, extensions: MarkdownExtensions) -> Node<'a> {
    let mut options = extensions.options();
    let mut markdown = markdown.to_owned();
    for _ in 0..MAX_PASSES {
        let root = comrak::parse_document(arena, &markdown, &options);
        let money = if options.extension.math_dollars {
            money(root, &markdown)
        } else {
            Vec::new()
        };
        if money.is_empty() {
            return root;
        }
        for at in money.into_iter().rev() {
            markdown.insert(at, '\\');
        }
    }
    options.extension.math_dollars = false;
    comrak::parse_document(arena, &markdown, &options)
}

/// Returns the offsets of the `$` that start no formula, in order.
fn money(root: Node<'_>, markdown: &str) -> Vec<usize> {
    let mut starts = None;
    let mut money = Vec::new();
    for node in root.descendants() {
        let data = node.data();
        let NodeValue::Math(math) = &data.value else {
            continue;
        };
        if math.display_math || !math.dollar_math {
            continue;
        }
        let starts = starts.get_or_insert_with(|| line_starts(markdown));
        let offset = |line: usize, column: usize| Some(starts.get(line.checked_sub(1)?)? + column.checked_sub(1)?);
        let (start, end) = (data.sourcepos.start, data.sourcepos.end);
        let (Some(start), Some(end)) = (offset(start.line, start.column), offset(end.line, end.column)) else {
            continue;
        };
        let before = markdown.get(..start).and_then(|text| text.chars().next_back());
        let after = markdown.get(end + 1..).and_then(|text| text.chars().next());
        let is_word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() && !text::is_unspaced_script(c));
        if markdown.get(start..).is_some_and(|text| text.starts_with('$')) && (is_word(before) || is_word(after)) {
            money.push(start);
        }
    }
    money.sort_unstable();
    money
}
