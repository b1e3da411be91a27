//! Links and images.

use std::{
    fmt::{self, Write as _},
    mem,
};

use comrak::{Node, html::ChildRendering, nodes::NodeLink};

use super::format::{Out, RenderTarget};
use crate::{content_index::Reference, picture, urls};

/// A link, image or frame of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BodyLink {
    /// The URL as the author writes it.
    pub(crate) url: String,
    /// The line in the file, from 1.
    pub(crate) line: usize,
    pub(crate) kind: BodyLinkKind,
    /// Whether an image has an alternative text.
    pub(crate) has_alt: bool,
    /// Where it leads; `None` if its scheme is not allowed.
    pub(crate) reference: Option<Reference>,
}

/// The kind of a [`BodyLink`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodyLinkKind {
    Link,
    Image,
    /// An `iframe`.
    Frame,
}

pub(super) fn format_link(out: &mut Out<'_, '_, '_>, node: Node<'_>, link: &NodeLink, entering: bool) -> fmt::Result {
    if !entering {
        return out.write_str("</a>");
    }
    out.write_str("<a")?;
    if let Some(reference) = find(out, node, &link.url, BodyLinkKind::Link) {
        out.write_str(" href=\"")?;
        let url = resolved(out, &reference.url);
        out.escape_href(&url)?;
        out.write_str("\"")?;
        if urls::is_external(&url, base_url(out)) {
            out.write_str(" rel=\"noopener noreferrer\"")?;
        }
    }
    format_title(out, &link.title)?;
    out.write_str(">")
}

pub(super) fn format_image(
    out: &mut Out<'_, '_, '_>,
    node: Node<'_>,
    image: &NodeLink,
    entering: bool,
) -> Result<ChildRendering, fmt::Error> {
    if entering {
        let Some(reference) = find(out, node, &image.url, BodyLinkKind::Image) else {
            // The alternative text remains.
            return Ok(ChildRendering::Plain);
        };
        out.write_str("<img src=\"")?;
        let url = resolved(out, &reference.url);
        out.escape_href(&url)?;
        out.write_str("\" alt=\"")?;
    } else if let Some(reference) = out.user.input.context.index.image(out.user.input.path, &image.url) {
        out.write_str("\"")?;
        format_title(out, &image.title)?;
        if out.user.input.is_page() {
            let picture = out.user.input.context.picture(&reference.url);
            let is_first = !mem::replace(&mut out.user.has_image, true);
            out.write_str(&picture::attributes(picture.as_ref(), is_first))?;
        }
        out.write_str(">")?;
    }
    Ok(ChildRendering::Plain)
}

/// Finds where a URL of the document leads, and records it.
fn find(out: &mut Out<'_, '_, '_>, node: Node<'_>, url: &str, kind: BodyLinkKind) -> Option<Reference> {
    let input = out.user.input;
    let reference = match kind {
        BodyLinkKind::Link | BodyLinkKind::Frame => input.context.index.link(input.path, url),
        BodyLinkKind::Image => input.context.index.image(input.path, url),
    };
    out.user.links.push(BodyLink {
        url: url.to_owned(),
        line: input.line(node),
        kind,
        has_alt: node.first_child().is_some(),
        reference: reference.clone(),
    });
    reference
}

fn format_title(out: &mut Out<'_, '_, '_>, title: &str) -> fmt::Result {
    if title.is_empty() {
        return Ok(());
    }
    out.write_str(" title=\"")?;
    out.escape(title)?;
    out.write_str("\"")
}

/// Makes the URL absolute in feeds.
fn resolved(out: &Out<'_, '_, '_>, url: &str) -> String {
    match out.user.input.target {
        RenderTarget::Page => url.to_owned(),
        RenderTarget::Feed { base_url, url_path } => urls::absolute(url, base_url, url_path),
    }
}

/// Returns the URL of the blog: links to it are not external.
fn base_url<'a>(out: &Out<'_, '_, 'a>) -> &'a str {
    match out.user.input.target {
        RenderTarget::Page => &out.user.input.context.options.base_url,
        RenderTarget::Feed { base_url, .. } => base_url,
    }
}
