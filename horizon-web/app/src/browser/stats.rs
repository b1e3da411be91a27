//! Updates the numbers on the page.

use reactive_graph::{prelude::*, signal::ArcRwSignal};
use web_sys::Element;

use super::{
    dom, formats, js,
    live::{self, LiveStats},
    task,
};
use crate::text;

type Field = fn(&LiveStats) -> u64;

const PAGE_SELECTORS: [(&str, Field); 4] = [
    (r#"[data-horizon="viewers"]"#, |stats| stats.viewers),
    (r#"[data-horizon="visits"]"#, |stats| stats.visits),
    (r#"[data-horizon="likes"]"#, |stats| stats.likes),
    (r#"[data-horizon="comments"]"#, |stats| stats.comments),
];

const SITE_SELECTORS: [(&str, Field); 2] = [
    (r#"[data-horizon="site-viewers"]"#, |stats| stats.viewers),
    (r#"[data-horizon="site-visits"]"#, |stats| stats.visits),
];

/// Updates the numbers of the post.
pub(crate) fn bind_page() {
    if let Some(root) = dom::find("main[data-slug]") {
        bind(root, live::signals().page, &PAGE_SELECTORS);
    }
}

/// Updates the numbers of the site.
pub(crate) fn bind_site() {
    if let Some(root) = dom::find("[data-site-numbers]") {
        bind(root, live::signals().site, &SITE_SELECTORS);
    }
}

/// Updates the numbers of the posts in a list.
pub(crate) fn bind_cards() {
    if let Some(list) = card_list() {
        mark_stale(list);
    }
}

/// Returns the list of posts, if the page has one.
pub(crate) fn card_list() -> Option<Element> {
    dom::find(".cards")
}

/// Shows the numbers of a post in a list.
pub(crate) fn show_card(slug: &str, stats: &LiveStats) {
    // A slug contains no quote.
    let card = card_list().and_then(|list| dom::within(&list, &["[data-slug=\"", slug, "\"]"].concat()));
    if let Some(card) = card {
        show_all(&card, stats, &PAGE_SELECTORS);
    }
}

fn bind(root: Element, stats: ArcRwSignal<Option<LiveStats>>, fields: &'static [(&str, Field)]) {
    task::effect(Box::new({
        let root = root.clone();
        move || {
            if let Some(stats) = stats.get() {
                show_all(&root, &stats, fields);
            }
        }
    }));
    mark_stale(root);
}

/// Marks the element while its numbers are old.
fn mark_stale(root: Element) {
    let stale = live::signals().stale;
    task::effect(Box::new(move || dom::toggle(&root, "data-stale", stale.get())));
}

fn show_all(root: &Element, stats: &LiveStats, fields: &[(&str, Field)]) {
    for (selector, field) in fields {
        dom::each(root, selector, |element| show(&element, field(stats)));
    }
}

/// Shows the number, and its unit in the plural form of the number.
fn show(element: &Element, number: u64) {
    let shown = js::float(i64::try_from(number).unwrap_or(i64::MAX));
    dom::set_text(element, &formats::number(shown));
    if let Some(word) = element.next_element_sibling()
        && word.has_attribute("data-other")
    {
        dom::set_text(&word, &formats::plural(&word, shown));
    }
    if let Some(item) = element.closest(".card li").ok().flatten() {
        dom::toggle(&item, "hidden", number == 0);
    }
    if let Some(item) = element.closest(".now").ok().flatten() {
        item.set_class_name(text::now_class(Some(number)));
    }
}
