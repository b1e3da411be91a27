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

/// The lowest level in the table of contents. It is one lower if the author writes headings of level 1.
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
    /// The lowest level in the table of contents.
    last_toc_level: u8,
}

impl HeadingPlans {
    /// Chooses the levels and ids of all headings. Removes `{#id}` from their texts.
    pub(super) fn new(root: Node<'_>, input: RenderInput<'_>, ids: &mut AuthorIds) -> Self {
        let headings = || root.descendants().filter_map(|node| Some((node, level(node)?)));
        let has_titles = headings().any(|(_, level)| level < FIRST_LEVEL);
        let mut levels = LevelPlan::default();
        let has_ids = input.has(MarkdownExtension::HeadingIds);
        // An id that the author chooses wins over an id from a text.
        let explicit: Vec<Option<String>> = headings()
            .map(|(node, _)| has_ids.then(|| explicit_id(node)).flatten())
            .map(|id| id.map(|id| ids.choose(&id)))
            .collect();
        let plans = headings().zip(explicit).map(|((node, level), id)| HeadingPlan {
            level: levels.next(level, is_section(node)),
            id: id.unwrap_or_else(|| ids.id_of_text(&text::plain(node, TextUse::HeadingId))),
            text: text::plain(node, TextUse::Heading),
        });
        let plans: Vec<HeadingPlan> = plans.collect();
        Self {
            plans: plans.into_iter(),
            open: None,
            last_toc_level: LAST_TOC_LEVEL + u8::from(has_titles),
        }
    }
}

/// Chooses the levels of headings so that none is skipped, whatever levels the author writes.
#[derive(Debug, Default)]
struct LevelPlan {
    /// The author's level of each section that the next heading may be in, outermost first.
    sections: Vec<u8>,
    /// The same for the headings in quotes and lists since the last section. They are below that section.
    nested: Vec<u8>,
}

impl LevelPlan {
    /// Returns the level of the next heading. `written` is the level that the author writes.
    fn next(&mut self, written: u8, is_section: bool) -> u8 {
        let above = if is_section {
            self.nested.clear();
            &mut self.sections
        } else {
            &mut self.nested
        };
        while above.pop_if(|level| *level >= written).is_some() {}
        above.push(written);
        let depth = self.sections.len() + self.nested.len() - 1;
        u8::try_from(depth).map_or(LAST_LEVEL, |depth| (FIRST_LEVEL + depth).min(LAST_LEVEL))
    }
}

/// Returns whether a heading is that of a section, and not one in a quote or a list.
fn is_section(heading: Node<'_>) -> bool {
    heading.parent().is_some_and(|parent| parent.parent().is_none())
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
    if is_section(node) && *level <= out.user.headings.last_toc_level {
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
