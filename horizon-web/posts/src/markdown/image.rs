//! Images, and figures with captions.

use std::fmt::{self, Write as _};

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
        let line = out.user.input.line(node);
        let url = link::url(out, &image.url, line, BodyLinkKind::Image).filter(|url| !url.is_empty());
        out.user.has_open_image = url.is_some();
        // Without a URL, the alternative text remains.
        if let Some(url) = url {
            out.write_str("<img src=\"")?;
            out.escape_href(&url)?;
            out.write_str("\" alt=\"")?;
        }
    } else if std::mem::take(&mut out.user.has_open_image) {
        out.write_str("\"")?;
        if !has_caption(out, node) {
            link::format_title(out, &image.title)?;
        }
        out.write_str(" loading=\"lazy\" decoding=\"async\">")?;
    }
    Ok(ChildRendering::Plain)
}
