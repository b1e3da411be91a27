//! Links.

use std::fmt::{self, Write as _};

use comrak::{Node, nodes::NodeLink};

use super::format::{Out, RenderTarget};
use crate::{content_index::Reference, urls};

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

pub(super) fn format(out: &mut Out<'_, '_, '_>, node: Node<'_>, link: &NodeLink, entering: bool) -> fmt::Result {
    // A link in a link of HTML is only its text.
    if out.user.html.has_link() {
        return Ok(());
    }
    if !entering {
        return out.write_str("</a>");
    }
    out.write_str("<a")?;
    format_target(out, &link.url, out.user.input.line(node))?;
    format_title(out, &link.title)?;
    out.write_str(">")
}

/// Writes the attributes for the URL of a link.
pub(super) fn format_target(out: &mut Out<'_, '_, '_>, url: &str, line: usize) -> fmt::Result {
    let Some(url) = self::url(out, url, line, BodyLinkKind::Link) else {
        return Ok(());
    };
    out.write_str(" href=\"")?;
    out.escape_href(&url)?;
    out.write_str("\"")?;
    if urls::is_external(&url, base_url(out)) {
        out.write_str(" rel=\"noopener noreferrer\"")?;
    }
    Ok(())
}

/// Returns the URL to write into the page or feed, or `None` if its scheme is not allowed. Records the link.
pub(super) fn url(out: &mut Out<'_, '_, '_>, url: &str, line: usize, kind: BodyLinkKind) -> Option<String> {
    let reference = record(out, url, line, kind, true);
    reference.map(|reference| resolved(out, &reference.url))
}

/// Finds where a URL leads, and records it.
pub(super) fn record(
    out: &mut Out<'_, '_, '_>,
    url: &str,
    line: usize,
    kind: BodyLinkKind,
    has_alt: bool,
) -> Option<Reference> {
    let input = out.user.input;
    let reference = match kind {
        BodyLinkKind::Link | BodyLinkKind::Frame => input.context.index.link(input.path, url),
        BodyLinkKind::Image => input.context.index.image(input.path, url),
    };
    out.user.links.push(BodyLink {
        url: url.to_owned(),
        line,
        kind,
        has_alt,
        reference: reference.clone(),
    });
    reference
}

/// Makes the URL absolute in feeds.
pub(super) fn resolved(out: &Out<'_, '_, '_>, url: &str) -> String {
    match out.user.input.target {
        RenderTarget::Page => url.to_owned(),
        RenderTarget::Feed { base_url, url_path } => urls::absolute(url, base_url, url_path),
    }
}

pub(super) fn format_title(out: &mut Out<'_, '_, '_>, title: &str) -> fmt::Result {
    if title.is_empty() {
        return Ok(());
    }
    out.write_str(" title=\"")?;
    out.escape(title)?;
    out.write_str("\"")
}

/// Returns the URL of the blog: links to it are not external.
fn base_url<'a>(out: &Out<'_, '_, 'a>) -> &'a str {
    match out.user.input.target {
        RenderTarget::Page => &out.user.input.context.options.base_url,
        RenderTarget::Feed { base_url, .. } => base_url,
    }
}
