//! Captions: inline Markdown without a paragraph.

use std::fmt::{self, Write as _};

use comrak::{Arena, html::escape, nodes::NodeValue};

use super::format::{self, Out, RenderInput, RenderState};

/// Writes a caption.
pub(super) fn format(out: &mut Out<'_, '_, '_>, markdown: &str) -> fmt::Result {
    let (html, state) = render(markdown, out.user.input);
    out.user.links.extend(state.links);
    out.user.issues.extend(state.issues);
    out.write_str(&html)
}

/// Returns the HTML of Markdown that is one paragraph, or else the escaped text.
pub(super) fn render<'a>(markdown: &str, input: RenderInput<'a>) -> (String, RenderState<'a>) {
    let arena = Arena::new();
    let root = comrak::parse_document(&arena, markdown, &input.context.options.markdown.options());
    let is_paragraph = root.children().count() == 1
        && root
            .first_child()
            .is_some_and(|child| matches!(child.data().value, NodeValue::Paragraph));
    let (html, state) = format::document(root, input);
    let inner = html
        .strip_prefix("<p>")
        .and_then(|html| html.trim_end().strip_suffix("</p>"));
    match inner.filter(|_| is_paragraph) {
        Some(inner) => (inner.to_owned(), state),
        None => {
            let mut text = String::new();
            // Writing to a `String` does not fail.
            let _ = escape(&mut text, markdown);
            (text, state)
        }
    }
}
