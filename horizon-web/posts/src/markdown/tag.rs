//! The tags of authors, with safe attributes and resolved URLs.

use std::fmt::{self, Write as _};

use html5ever::tokenizer::{Tag, TagKind};

use super::{
    format::Out,
    frame,
    html_piece::{self, HtmlPiece},
    image,
    link::{self, BodyLinkKind},
};
use crate::front_matter::FileIssue;

/// The attributes of all safe elements, besides `id`, `lang` and `dir`.
const TITLE: &str = "title";

/// Attributes with a URL in any element.
const URL_ATTRIBUTES: [(&str, BodyLinkKind); 4] = [
    ("href", BodyLinkKind::Link),
    ("src", BodyLinkKind::Image),
    ("poster", BodyLinkKind::Image),
    ("data", BodyLinkKind::Link),
];

/// Elements that the Content-Security-Policy makes useless.
const BLOCKED: [&str; 2] = ["script", "style"];

fn attribute<'a>(tag: &'a Tag, name: &str) -> Option<&'a str> {
    let attribute = tag.attrs.iter().find(|attribute| &*attribute.name.local == name)?;
    Some(&attribute.value)
}

/// Writes a start tag of a safe element.
pub(super) fn format_safe(out: &mut Out<'_, '_, '_>, tag: &Tag, line: usize) -> fmt::Result {
    if &*tag.name == "img" {
        return format_img(out, tag, line);
    }
    write!(out, "<{}", &*tag.name)?;
    if &*tag.name == "a" {
        format_href(out, tag, line)?;
    }
    if &*tag.name == "details" && attribute(tag, "open").is_some() {
        out.write_str(" open")?;
    }
    format_common(out, tag)?;
    out.write_str(">")
}

/// Writes the attributes that all elements may have.
fn format_common(out: &mut Out<'_, '_, '_>, tag: &Tag) -> fmt::Result {
    // The name of an anchor was its id.
    if let Some(id) = attribute(tag, "id")
        .or_else(|| attribute(tag, "name"))
        .filter(|id| is_id(id))
    {
        let id = out.user.ids.choose(id);
        write_attribute(out, "id", &id)?;
    }
    if let Some(language) = attribute(tag, "lang").filter(|language| is_language(language)) {
        write_attribute(out, "lang", language)?;
    }
    if let Some(direction) = attribute(tag, "dir").filter(|dir| matches!(*dir, "ltr" | "rtl" | "auto")) {
        write_attribute(out, "dir", direction)?;
    }
    if let Some(title) = attribute(tag, TITLE) {
        write_attribute(out, TITLE, title)?;
    }
    Ok(())
}

fn is_id(id: &str) -> bool {
    !id.is_empty() && !id.contains(char::is_whitespace)
}

/// Returns whether this has the form of a BCP 47 tag such as `pt-BR`.
fn is_language(language: &str) -> bool {
    let mut parts = language.split('-');
    let is_part = |part: &str| (2..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let first = parts.next().unwrap_or_default();
    (2..=3).contains(&first.len()) && first.bytes().all(|byte| byte.is_ascii_alphabetic()) && parts.all(is_part)
}

pub(super) fn write_attribute(out: &mut Out<'_, '_, '_>, name: &str, value: &str) -> fmt::Result {
    write!(out, " {name}=\"")?;
    out.escape(value)?;
    out.write_str("\"")
}

fn format_href(out: &mut Out<'_, '_, '_>, tag: &Tag, line: usize) -> fmt::Result {
    match attribute(tag, "href") {
        Some(href) => link::format_target(out, href, line),
        None => Ok(()),
    }
}

/// Writes an image, or its text if its URL is not allowed.
fn format_img(out: &mut Out<'_, '_, '_>, tag: &Tag, line: usize) -> fmt::Result {
    let (src, alt) = (
        attribute(tag, "src").filter(|src| !src.is_empty()),
        attribute(tag, "alt"),
    );
    let reference = src.and_then(|src| link::record(out, src, line, BodyLinkKind::Image, alt.is_some()));
    let Some(reference) = reference else {
        return out.escape(alt.unwrap_or_default());
    };
    image::start(out, &reference.url)?;
    write_attribute(out, "alt", alt.unwrap_or_default())?;
    format_common(out, tag)?;
    let size = |name| attribute(tag, name)?.trim_end_matches("px").parse::<u16>().ok();
    match (size("width"), size("height"), out.user.input.is_page()) {
        (None, None, _) => image::end(out, &reference.url),
        // The author's size wins.
        (width, height, is_page) => {
            for (name, size) in [("width", width), ("height", height)] {
                if let Some(size) = size {
                    write!(out, " {name}=\"{size}\"")?;
                }
            }
            out.write_str(if is_page {
                " loading=\"lazy\" decoding=\"async\">"
            } else {
                ">"
            })
        }
    }
}

/// Writes HTML as the author wrote it, with resolved URLs and without comments.
pub(super) fn format_raw(out: &mut Out<'_, '_, '_>, literal: &str, line: usize) -> fmt::Result {
    for (lines, piece) in html_piece::pieces(literal) {
        let line = line + lines;
        match piece {
            HtmlPiece::Comment => {}
            HtmlPiece::Text(text) => out.write_str(text)?,
            HtmlPiece::RawText(source) => {
                report_blocked(out, source, line);
                out.write_str(source)?;
            }
            HtmlPiece::Tag(source) => {
                let tag = html_piece::parse_tag(source);
                if let Some(tag) = &tag {
                    report_events(out, tag, line);
                }
                match tag {
                    Some(tag) if frame::is_frame(&tag) => frame::format(out, &tag, line)?,
                    Some(tag) if needs_change(&tag) => format_changed(out, &tag, line)?,
                    Some(_) | None => out.write_str(source)?,
                }
            }
        }
    }
    Ok(())
}

fn report_blocked(out: &mut Out<'_, '_, '_>, source: &str, line: usize) {
    let tag = html_piece::parse_tag(source);
    if let Some(tag) = tag.filter(|tag| BLOCKED.contains(&&*tag.name)) {
        let reason = format!("<{}> has no effect: the Content-Security-Policy blocks it", &*tag.name);
        out.user.issues.push(FileIssue::warning(Some(line), reason));
    }
}

/// Reports a tag that is shown as text, once for an element.
pub(super) fn report_text(out: &mut Out<'_, '_, '_>, source: &str, line: usize) {
    let tag = html_piece::parse_tag(source);
    if let Some(tag) = tag.filter(|tag| tag.kind == TagKind::StartTag) {
        let reason = format!(
            "readers see the tag <{}> as text: it is not let through here",
            &*tag.name
        );
        out.user.issues.push(FileIssue::warning(Some(line), reason));
    }
}

/// Reports the attributes with scripts.
pub(super) fn report_events(out: &mut Out<'_, '_, '_>, tag: &Tag, line: usize) {
    let names = tag.attrs.iter().map(|attribute| &*attribute.name.local);
    for name in names.filter(|name| name.starts_with("on")) {
        let reason = format!(
            "{name} of <{}> has no effect: the blog runs no scripts of posts",
            &*tag.name
        );
        out.user.issues.push(FileIssue::warning(Some(line), reason));
    }
}

fn needs_change(tag: &Tag) -> bool {
    let is_changed =
        |name: &str| name == "id" || name == "srcset" || URL_ATTRIBUTES.iter().any(|(url, _)| *url == name);
    tag.kind == TagKind::StartTag && tag.attrs.iter().any(|attribute| is_changed(&attribute.name.local))
}

fn format_changed(out: &mut Out<'_, '_, '_>, tag: &Tag, line: usize) -> fmt::Result {
    write!(out, "<{}", &*tag.name)?;
    for attribute in &tag.attrs {
        let (name, value) = (&*attribute.name.local, &*attribute.value);
        let kind = URL_ATTRIBUTES.iter().find(|(url, _)| *url == name);
        match (name, kind) {
            ("id", _) => {
                let id = out.user.ids.choose(value);
                write_attribute(out, name, &id)?;
            }
            ("srcset", _) => {
                let resolved = srcset(out, value, line);
                write_attribute(out, name, &resolved)?;
            }
            (_, Some((_, kind))) => {
                if let Some(url) = link::url(out, value, line, *kind) {
                    write_attribute(out, name, &url)?;
                }
            }
            _ => write_attribute(out, name, value)?,
        }
    }
    out.write_str(if tag.self_closing { " />" } else { ">" })
}

/// Resolves the URLs of `a.jpg 480w, b.jpg 2x`.
fn srcset(out: &mut Out<'_, '_, '_>, value: &str, line: usize) -> String {
    let candidates = value.split(", ").filter_map(|candidate| {
        let candidate = candidate.trim();
        let (url, size) = candidate.split_once(' ').unwrap_or((candidate, ""));
        let url = link::url(out, url, line, BodyLinkKind::Image)?;
        Some(format!("{url} {size}").trim_end().to_owned())
    });
    candidates.collect::<Vec<_>>().join(", ")
}
