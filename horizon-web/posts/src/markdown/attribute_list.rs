//! The attribute lists of kramdown, such as `{: .note}`, in which Jekyll's authors name classes of their theme.

use std::borrow::Cow;

use super::{MarkdownSource, code_ranges::CodeRanges, shortcode::ExpandedMarkdown};
use crate::{body::RenderContext, front_matter::FileIssue, layout::Layout};

/// The characters at the end of a text with a style, to which an attribute list may belong.
const SPAN_ENDS: [char; 6] = [')', ']', '*', '_', '`', '>'];

/// Removes the attribute lists of a Jekyll blog outside of code, and reports them.
pub(super) fn remove<'a>(
    expanded: ExpandedMarkdown<'a>,
    source: MarkdownSource<'_>,
    context: &RenderContext,
) -> ExpandedMarkdown<'a> {
    if context.index.layout != Layout::Jekyll || !expanded.markdown.contains("{:") {
        return expanded;
    }
    let ExpandedMarkdown { markdown, mut issues } = expanded;
    let code = CodeRanges::new(&markdown, context.options.markdown);
    let (mut output, mut offset) = (String::with_capacity(markdown.len()), 0);
    for (number, line) in markdown.split_inclusive('\n').enumerate() {
        let mut at = 0;
        while let Some((start, list)) = next_list(line, at) {
            output.push_str(line.get(at..start).unwrap_or_default());
            at = start + list.len();
            if code.contains(offset + start) || !is_attached(line, start, list) {
                output.push_str(list);
                continue;
            }
            let reason = format!("the attribute list {list} has no effect: it needs kramdown and the theme");
            issues.push(FileIssue::warning(Some(source.first_line + number), reason));
        }
        output.push_str(line.get(at..).unwrap_or_default());
        offset += line.len();
    }
    ExpandedMarkdown {
        markdown: Cow::Owned(output),
        issues,
    }
}

/// Returns the offset and the text of the next `{:…}` in the line.
fn next_list(line: &str, at: usize) -> Option<(usize, &str)> {
    let start = at + line.get(at..)?.find("{:")?;
    let length = line.get(start..)?.find('}')? + 1;
    Some((start, line.get(start..start + length)?))
}

/// Returns whether the list is alone on its line, or after a heading or a text with a style.
fn is_attached(line: &str, start: usize, list: &str) -> bool {
    let (before, after) = (
        line.get(..start).unwrap_or_default(),
        line.get(start + list.len()..).unwrap_or_default(),
    );
    let is_alone = before.chars().all(|c| c == '>' || c.is_whitespace()) && after.trim().is_empty();
    let is_heading = before.starts_with('#') && after.trim().is_empty();
    is_alone || is_heading || before.ends_with(SPAN_ENDS)
}
