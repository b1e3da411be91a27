//! HTML in Markdown: safe elements, or all of it.

use std::fmt::{self, Write as _};

use comrak::{Node, nodes::NodeValue};
use html5ever::tokenizer::{Tag, TagKind};

use super::{
    elements::{self, Content, ElementPlace, SafeElement},
    extension::MarkdownExtension,
    format::Out,
    frame,
    html_piece::{self, HtmlPiece},
    tag,
};

/// The maximum number of elements of the author that are open at once. Browsers have a similar limit.
const MAX_OPEN_ELEMENTS: usize = 256;

/// The elements of the author that are open.
#[derive(Debug, Default)]
pub(super) struct OpenElements(Vec<OpenElement>);

#[derive(Debug)]
struct OpenElement {
    element: &'static SafeElement,
    /// The node that contains both tags, so that elements of Markdown and of the author do not overlap.
    container: usize,
    /// Whether nothing was written into it.
    is_empty: bool,
}

impl OpenElements {
    /// Returns whether a link of the author is open, in which no other link can be.
    pub(super) fn has_link(&self) -> bool {
        self.0.iter().any(|open| open.element.name == "a")
    }

    fn innermost(&mut self, container: usize) -> Option<&mut OpenElement> {
        self.0.last_mut().filter(|open| open.container == container)
    }

    fn has(&self, container: usize, name: &str) -> bool {
        let mut in_container = self.0.iter().rev().take_while(|open| open.container == container);
        in_container.any(|open| open.element.name == name)
    }
}

/// Where HTML is written.
#[derive(Clone, Copy)]
struct HtmlPlace {
    container: usize,
    is_inline: bool,
    line: usize,
}

fn address(node: Node<'_>) -> usize {
    std::ptr::from_ref(node).addr()
}

/// Writes an `HtmlBlock` or `HtmlInline`.
pub(super) fn format(out: &mut Out<'_, '_, '_>, node: Node<'_>, literal: &str, is_inline: bool) -> fmt::Result {
    let input = out.user.input;
    let place = HtmlPlace {
        container: node.parent().map_or(0, address),
        is_inline,
        line: input.line(node),
    };
    let pieces = html_piece::pieces(literal);
    let is_hidden = |(_, piece): &(usize, HtmlPiece<'_>)| match piece {
        HtmlPiece::Comment => true,
        HtmlPiece::Text(text) => text.trim().is_empty(),
        HtmlPiece::Tag(_) | HtmlPiece::RawText(_) => false,
    };
    if pieces.iter().all(is_hidden) {
        return Ok(());
    }
    if !is_inline {
        out.cr()?;
    }
    if input.context.options.raw_html {
        return tag::format_raw(out, literal, place.line);
    }
    let is_known = |(_, piece): &(usize, HtmlPiece<'_>)| match piece {
        HtmlPiece::Tag(source) => is_safe_tag(source),
        HtmlPiece::Comment => true,
        HtmlPiece::Text(_) | HtmlPiece::RawText(_) => false,
    };
    if !input.has(MarkdownExtension::SafeHtml) || !pieces.iter().any(is_known) {
        for (lines, piece) in pieces {
            if let HtmlPiece::Tag(source) | HtmlPiece::RawText(source) = piece {
                tag::report_text(out, source, place.line + lines);
            }
        }
        return format_text(out, literal, is_inline);
    }
    for (lines, piece) in pieces {
        let place = HtmlPlace {
            line: place.line + lines,
            ..place
        };
        format_piece(out, piece, place)?;
    }
    Ok(())
}

fn is_safe_tag(source: &str) -> bool {
    html_piece::parse_tag(source).is_some_and(|tag| elements::find(&tag.name).is_some() || frame::is_frame(&tag))
}

/// Shows HTML as text.
fn format_text(out: &mut Out<'_, '_, '_>, literal: &str, is_inline: bool) -> fmt::Result {
    if is_inline {
        return out.escape(literal);
    }
    out.write_str("<p>")?;
    out.escape(literal.trim_end())?;
    out.write_str("</p>\n")
}

fn format_piece(out: &mut Out<'_, '_, '_>, piece: HtmlPiece<'_>, place: HtmlPlace) -> fmt::Result {
    match piece {
        HtmlPiece::Comment => Ok(()),
        HtmlPiece::Text(text) if text.trim().is_empty() => out.write_str(text),
        HtmlPiece::Text(text) => {
            begin_content(out, place.container, Content::Phrasing)?;
            out.escape(&html_piece::decode(text))
        }
        HtmlPiece::RawText(source) => format_unknown(out, source, place),
        HtmlPiece::Tag(source) => {
            let Some(tag) = html_piece::parse_tag(source) else {
                return format_unknown(out, source, place);
            };
            if frame::is_frame(&tag) {
                begin_content(out, place.container, Content::Phrasing)?;
                return frame::format(out, &tag, place.line);
            }
            match (elements::find(&tag.name), tag.kind) {
                (None, _) => format_unknown(out, source, place),
                (Some(element), TagKind::EndTag) => end(out, element, place),
                (Some(element), TagKind::StartTag) if !make_room(out, element, place)? => {
                    format_unknown(out, source, place)
                }
                (Some(element), TagKind::StartTag) => start(out, element, &tag, place),
            }
        }
    }
}

/// Shows a tag as text.
fn format_unknown(out: &mut Out<'_, '_, '_>, source: &str, place: HtmlPlace) -> fmt::Result {
    tag::report_text(out, source, place.line);
    begin_content(out, place.container, Content::Phrasing)?;
    out.escape(source)
}

/// Closes elements until `element` may be written. Returns whether it may.
fn make_room(out: &mut Out<'_, '_, '_>, element: &'static SafeElement, place: HtmlPlace) -> Result<bool, fmt::Error> {
    if element.name == "a" && out.user.html.has_link() {
        return Ok(false);
    }
    if let ElementPlace::In(parent) = element.place
        && !out.user.html.has(place.container, parent)
    {
        return Ok(false);
    }
    if element.place == ElementPlace::Flow && place.is_inline {
        return Ok(false);
    }
    if element.content != Content::Void && out.user.html.0.len() >= MAX_OPEN_ELEMENTS {
        return Ok(false);
    }
    while let Some(open) = out.user.html.innermost(place.container) {
        let is_second_summary = element.name == "summary" && open.element.name == "details" && !open.is_empty;
        if is_second_summary {
            return Ok(false);
        }
        if open.element.may_contain(element) {
            break;
        }
        pop(out)?;
    }
    Ok(true)
}

fn start(out: &mut Out<'_, '_, '_>, element: &'static SafeElement, tag: &Tag, place: HtmlPlace) -> fmt::Result {
    if element.name != "summary" {
        begin_content(out, place.container, Content::Void)?;
    }
    if let Some(open) = out.user.html.innermost(place.container) {
        open.is_empty = false;
    }
    tag::report_events(out, tag, place.line);
    tag::format_safe(out, tag, place.line)?;
    if element.content != Content::Void {
        out.user.html.0.push(OpenElement {
            element,
            container: place.container,
            is_empty: true,
        });
    }
    Ok(())
}

/// Writes the end tag of an element, and before it those of the elements in it. Without a start tag, writes nothing.
fn end(out: &mut Out<'_, '_, '_>, element: &'static SafeElement, place: HtmlPlace) -> fmt::Result {
    if !out.user.html.has(place.container, element.name) {
        return Ok(());
    }
    while let Some(open) = out.user.html.innermost(place.container) {
        let is_last = open.element.name == element.name;
        pop(out)?;
        if is_last {
            break;
        }
    }
    Ok(())
}

/// Closes the innermost element.
fn pop(out: &mut Out<'_, '_, '_>) -> fmt::Result {
    let Some(open) = out.user.html.0.pop() else {
        return Ok(());
    };
    if open.is_empty && open.element.name == "details" {
        write_summary(out)?;
    }
    write!(out, "</{}>", open.element.name)
}

/// Prepares the innermost element for content of this kind: a `details` needs a `summary` before it.
fn begin_content(out: &mut Out<'_, '_, '_>, container: usize, content: Content) -> fmt::Result {
    while let Some(open) = out.user.html.innermost(container) {
        let accepts = match content {
            Content::Flow => open.element.content == Content::Flow,
            Content::Phrasing => open.element.content != Content::Children,
            Content::Void | Content::Children => true,
        };
        if !accepts {
            pop(out)?;
            continue;
        }
        let needs_summary = open.is_empty && open.element.name == "details";
        open.is_empty = false;
        if needs_summary {
            write_summary(out)?;
        }
        break;
    }
    Ok(())
}

fn write_summary(out: &mut Out<'_, '_, '_>) -> fmt::Result {
    let title = out.user.input.texts.get("details");
    write!(out, "<summary>{title}</summary>")
}

/// Closes the elements of the author that cannot contain the block `node`, before it is written.
pub(super) fn before_block(out: &mut Out<'_, '_, '_>, node: Node<'_>) -> fmt::Result {
    if out.user.html.0.is_empty() {
        return Ok(());
    }
    let Some(parent) = node.parent().filter(|_| node.data().value.block()) else {
        return Ok(());
    };
    match node.data().value {
        NodeValue::HtmlBlock(_) => Ok(()),
        // The library ends the list of footnotes after the document.
        NodeValue::FootnoteDefinition(_) => after(out, parent),
        _ => begin_content(out, address(parent), Content::Flow),
    }
}

/// Closes the elements that the author opens in `node` and does not close.
pub(super) fn after(out: &mut Out<'_, '_, '_>, node: Node<'_>) -> fmt::Result {
    let container = address(node);
    while out.user.html.innermost(container).is_some() {
        pop(out)?;
    }
    Ok(())
}
