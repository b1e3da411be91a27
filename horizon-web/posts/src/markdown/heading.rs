//! Headings: levels, ids and links to themselves.

use std::fmt::{self, Write as _};

use comrak::{Node, nodes::NodeValue};

use super::{
    extension::MarkdownExtension,
    format::{Out, RenderInput},
    ids::AuthorIds,
};
use crate::{
    TocEntry,
    text::{self, TextUse},
};

/// The title of the page is the heading of level 1.
const FIRST_LEVEL: u8 = 2;

const LAST_LEVEL: u8 = 6;

/// The lowest level in the table of contents.
const LAST_TOC_LEVEL: u8 = 3;

/// A heading of the document.
#[derive(Clone, Debug)]
pub(super) struct HeadingPlan {
    level: u8,
    id: String,
    /// Plain text.
    text: String,
}

/// The headings of a document, in order.
#[derive(Debug, Default)]
pub(super) struct HeadingPlans {
    plans: std::vec::IntoIter<HeadingPlan>,
    /// The heading whose content is being written.
    open: Option<HeadingPlan>,
    /// How much deeper than in the Markdown the headings are.
    shift: u8,
}

impl HeadingPlans {
    /// Chooses the levels and ids of all headings. Removes `{#id}` from their texts.
    pub(super) fn new(root: Node<'_>, input: RenderInput<'_>, ids: &mut AuthorIds) -> Self {
        let headings = || root.descendants().filter_map(|node| Some((node, level(node)?)));
        let shift = u8::from(headings().any(|(_, level)| level < FIRST_LEVEL));
        let has_ids = input.has(MarkdownExtension::HeadingIds);
        // An id that the author chooses wins over an id from a text.
        let explicit: Vec<Option<String>> = headings()
            .map(|(node, _)| has_ids.then(|| explicit_id(node)).flatten())
            .map(|id| id.map(|id| ids.choose(&id)))
            .collect();
        let plans = headings().zip(explicit).map(|((node, level), id)| HeadingPlan {
            level: (level + shift).min(LAST_LEVEL),
            id: id.unwrap_or_else(|| ids.id_of_text(&text::plain(node, TextUse::HeadingId))),
            text: text::plain(node, TextUse::Heading),
        });
        let plans: Vec<HeadingPlan> = plans.collect();
        Self {
            plans: plans.into_iter(),
            open: None,
            shift,
        }
    }
}

fn level(node: Node<'_>) -> Option<u8> {
    match node.data().value {
        NodeValue::Heading(heading) => Some(heading.level),
        _ => None,
    }
}

/// Removes `{#id}` from the end of a heading, and returns the id.
fn explicit_id(heading: Node<'_>) -> Option<String> {
    let last = heading.last_child()?;
    let mut data = last.data_mut();
    let text = data.value.text_mut()?;
    let (before, attributes) = text.trim_end().strip_suffix('}')?.rsplit_once("{#")?;
    // Classes may follow.
    let mut parts = attributes.split_whitespace();
    let id = parts.next()?;
    let is_id = id
        .chars()
        .all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | ':' | '.'));
    if !is_id || !parts.all(|part| part.starts_with('.')) {
        return None;
    }
    let (id, before) = (id.to_owned(), before.trim_end().to_owned());
    *text = before.into();
    Some(id)
}

pub(super) fn format(out: &mut Out<'_, '_, '_>, node: Node<'_>, entering: bool) -> fmt::Result {
    if entering { open(out, node) } else { close(out) }
}

fn open(out: &mut Out<'_, '_, '_>, node: Node<'_>) -> fmt::Result {
    let Some(plan) = out.user.headings.plans.next() else {
        return Ok(());
    };
    let HeadingPlan { level, id, text } = &plan;
    out.cr()?;
    if out.user.input.is_page() {
        write!(out, "<div class=\"heading\"><h{level} id=\"")?;
        out.escape(id)?;
        out.write_str("\">")?;
    } else {
        write!(out, "<h{level}>")?;
    }
    // A heading in a quote or a list is not a section.
    let is_section = node.parent().is_some_and(|parent| parent.parent().is_none());
    let last_level = LAST_TOC_LEVEL + out.user.headings.shift;
    if is_section && (FIRST_LEVEL..=last_level).contains(level) {
        let (level, id, text) = (*level, id.clone(), text.clone());
        out.user.toc.push(TocEntry { level, id, text });
    }
    out.user.headings.open = Some(plan);
    Ok(())
}

fn close(out: &mut Out<'_, '_, '_>) -> fmt::Result {
    let Some(HeadingPlan { level, id, text }) = out.user.headings.open.take() else {
        return Ok(());
    };
    if !out.user.input.is_page() {
        return writeln!(out, "</h{level}>");
    }
    // After the heading, so that it is not a part of its name.
    write!(out, "</h{level}><a class=\"anchor\" href=\"#")?;
    out.escape_href(&id)?;
    let label = out
        .user
        .input
        .texts
        .with("section-link", &[("heading", text.as_str().into())]);
    out.write_str("\" aria-label=\"")?;
    out.escape(&label)?;
    out.write_str("\">#</a></div>\n")
}
