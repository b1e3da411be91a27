//! Headings, with their ids and links to themselves.

use std::fmt::{self, Write as _};

use comrak::{Node, nodes::NodeHeading};

use super::format::Out;
use crate::TocEntry;

pub(super) fn format(out: &mut Out<'_, '_, '_>, node: Node<'_>, heading: NodeHeading, entering: bool) -> fmt::Result {
    let level = heading.level;
    if !out.user.input.is_page() {
        return if entering {
            out.cr()?;
            write!(out, "<h{level}>")
        } else {
            writeln!(out, "</h{level}>")
        };
    }
    let text = node.collect_text();
    if !entering {
        let id = out.current_anchorized_id.take().unwrap_or_default();
        write!(
            out,
            " <a class=\"anchor\" href=\"#{id}\" aria-label=\"Link to this section: "
        )?;
        out.escape(&text)?;
        return writeln!(out, "\">#</a></h{level}>");
    }
    // The id contains only letters, digits, `-` and `_`, so it needs no escaping.
    let named = text.chars().any(char::is_alphanumeric);
    let id = out.anchorizer.anchorize(if named { &text } else { "section" });
    out.cr()?;
    write!(out, "<h{level} id=\"{id}\">")?;
    out.user.anchors.push(id.clone());
    // A heading in a quote or a list is not a section.
    let is_section = node.parent().is_some_and(|parent| parent.parent().is_none());
    if is_section && (2..=3).contains(&level) {
        let id = id.clone();
        out.user.toc.push(TocEntry { level, id, text });
    }
    out.current_anchorized_id = Some(id);
    Ok(())
}
