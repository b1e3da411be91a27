//! Keeps the numbers on the page true.

use reactive_graph::{prelude::*, signal::ArcRwSignal};
use web_sys::Element;

use super::{
    dom,
    live::{self, Numbers},
    task,
};
use crate::text;

type Pick = fn(&Numbers) -> u64;

const OF_THE_PAGE: [(&str, Pick); 4] = [
    (r#"[data-horizon="viewers"]"#, |numbers| numbers.viewers),
    (r#"[data-horizon="visits"]"#, |numbers| numbers.visits),
    (r#"[data-horizon="likes"]"#, |numbers| numbers.likes),
    (r#"[data-horizon="comments"]"#, |numbers| numbers.comments),
];

const OF_THE_SITE: [(&str, Pick); 2] = [
    (r#"[data-horizon="site-viewers"]"#, |numbers| numbers.viewers),
    (r#"[data-horizon="site-visits"]"#, |numbers| numbers.visits),
];

/// Follows the numbers of the post, wherever on the page they stand.
pub(crate) fn follow_page() {
    if let Some(root) = dom::find("main[data-slug]") {
        follow(root, live::latest().page, &OF_THE_PAGE);
    }
}

/// Follows the numbers of the whole site.
pub(crate) fn follow_site() {
    if let Some(root) = dom::find("[data-site-numbers]") {
        follow(root, live::latest().site, &OF_THE_SITE);
    }
}

fn follow(root: Element, numbers: ArcRwSignal<Option<Numbers>>, hooks: &'static [(&str, Pick)]) {
    let stale = live::latest().stale;
    task::effect(Box::new({
        let root = root.clone();
        move || {
            let Some(numbers) = numbers.get() else { return };
            for (selector, pick) in hooks {
                dom::each(&root, selector, |element| show(&element, pick(&numbers)));
            }
        }
    }));
    task::effect(Box::new(move || dom::toggle(&root, "data-stale", stale.get())));
}

/// Writes the number, and beside it the word for one or for many.
fn show(element: &Element, number: u64) {
    dom::write(element, &text::grouped(number));
    let form = if number == 1 { "data-one" } else { "data-many" };
    if let Some(word) = element.next_element_sibling()
        && let Some(text) = word.get_attribute(form)
    {
        dom::write(&word, &text);
    }
}
