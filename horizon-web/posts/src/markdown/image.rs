//! Images, and figures with captions.

use std::{
    fmt::{self, Write as _},
    mem,
};

use comrak::{
    Node,
    html::{ChildRendering, format_node_default},
    nodes::{NodeLink, NodeValue},
};

use super::{
    extension::MarkdownExtension,
    format::Out,
    inline,
    link::{self, BodyLinkKind},
};
use crate::picture;

/// Writes a paragraph. A paragraph of one image with a title is a figure, and the title is its caption.
pub(super) fn format_paragraph(
    out: &mut Out<'_, '_, '_>,
    node: Node<'_>,
    entering: bool,
) -> Result<ChildRendering, fmt::Error> {
    let Some(caption) = caption(out, node) else {
        return format_node_default(out, node, entering);
    };
    if entering {
        out.cr()?;
        out.write_str("<figure>")?;
    } else {
        out.write_str("<figcaption>")?;
        inline::format(out, &caption)?;
        out.write_str("</figcaption></figure>\n")?;
    }
    Ok(ChildRendering::HTML)
}

/// Returns the title of the image, or of the image in a link, that is all of a paragraph.
fn caption(out: &Out<'_, '_, '_>, paragraph: Node<'_>) -> Option<String> {
    if !out.user.input.has(MarkdownExtension::Captions) || out.user.html.has_link() {
        return None;
    }
    // A footnote ends with a link in its last paragraph.
    if matches!(paragraph.parent()?.data().value, NodeValue::FootnoteDefinition(_)) {
        return None;
    }
    let child = only_child(paragraph)?;
    let image = if matches!(child.data().value, NodeValue::Link(_)) {
        only_child(child)?
    } else {
        child
    };
    match &image.data().value {
        NodeValue::Image(image) if !image.title.is_empty() => Some(image.title.clone()),
        _ => None,
    }
}

fn only_child<'a>(node: Node<'a>) -> Option<Node<'a>> {
    node.first_child().filter(|child| child.next_sibling().is_none())
}

/// Returns whether the title of an image is written as a caption.
fn has_caption(out: &Out<'_, '_, '_>, image: Node<'_>) -> bool {
    let paragraph = image
        .ancestors()
        .skip(1)
        .find(|node| matches!(node.data().value, NodeValue::Paragraph));
    paragraph.is_some_and(|paragraph| caption(out, paragraph).is_some())
}

pub(super) fn format(
    out: &mut Out<'_, '_, '_>,
    node: Node<'_>,
    image: &NodeLink,
    entering: bool,
) -> Result<ChildRendering, fmt::Error> {
    if entering {
        let (line, has_alt) = (out.user.input.line(node), node.first_child().is_some());
        let reference = link::record(out, &image.url, line, BodyLinkKind::Image, has_alt);
        // Without a URL, the alternative text remains.
        if let Some(reference) = reference.filter(|_| !image.url.is_empty()) {
            start(out, &reference.url)?;
            out.write_str(" alt=\"")?;
            out.user.open_image = Some(reference.url);
        }
    } else if let Some(url) = out.user.open_image.take() {
        out.write_str("\"")?;
        if !has_caption(out, node) {
            link::format_title(out, &image.title)?;
        }
        end(out, &url)?;
    }
    Ok(ChildRendering::Plain)
}

/// Writes the start of an `img` up to its URL. `url` is that on the page.
pub(super) fn start(out: &mut Out<'_, '_, '_>, url: &str) -> fmt::Result {
    let url = link::resolved(out, url);
    out.write_str("<img src=\"")?;
    out.escape_href(&url)?;
    out.write_str("\"")
}

/// Writes the last attributes of an `img`: its size and how it is loaded.
pub(super) fn end(out: &mut Out<'_, '_, '_>, url: &str) -> fmt::Result {
    if out.user.input.is_page() {
        let picture = out.user.input.context.picture(url);
        let is_first = !mem::replace(&mut out.user.has_image, true);
        out.write_str(&picture::attributes(picture.as_ref(), is_first))?;
    }
    out.write_str(">")
}
