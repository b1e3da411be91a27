//! Where the code of a document is.

use std::ops::Range;

use comrak::{Arena, nodes::NodeValue};

use super::extension::MarkdownExtensions;

/// The offsets of code in Markdown, in order.
#[derive(Debug)]
pub(super) struct CodeRanges(Vec<Range<usize>>);

impl CodeRanges {
    pub(super) fn new(markdown: &str, extensions: MarkdownExtensions) -> Self {
        let arena = Arena::new();
        let root = comrak::parse_document(&arena, markdown, &extensions.options());
        let starts = line_starts(markdown);
        let offset = |line: usize, column: usize| Some(starts.get(line.checked_sub(1)?)? + column.checked_sub(1)?);
        let mut ranges: Vec<Range<usize>> = Vec::new();
        for node in root.descendants() {
            let data = node.data();
            let (start, end) = (data.sourcepos.start, data.sourcepos.end);
            let range = match data.value {
                NodeValue::CodeBlock(_) => offset(start.line, 1).zip(offset(end.line + 1, 1).or(Some(markdown.len()))),
                NodeValue::Code(_) => offset(start.line, start.column).zip(offset(end.line, end.column)),
                _ => continue,
            };
            ranges.extend(range.map(|(start, end)| start..end));
        }
        ranges.sort_by_key(|range| range.start);
        Self(ranges)
    }

    pub(super) fn contains(&self, offset: usize) -> bool {
        let after = self.0.partition_point(|range| range.start <= offset);
        let before = self.0.get(..after).unwrap_or_default();
        before.last().is_some_and(|range| range.contains(&offset))
    }
}

/// Returns the offsets of the starts of all lines.
pub(super) fn line_starts(markdown: &str) -> Vec<usize> {
    let ends = markdown.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
    std::iter::once(0).chain(ends.map(|(at, _)| at + 1)).collect()
}
