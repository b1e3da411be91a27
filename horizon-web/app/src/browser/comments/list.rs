//! The list of threads: inserts comments and fetches earlier ones.

use std::rc::Rc;

use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Element, HtmlTemplateElement};

use super::{CommentsIsland, LiveComment, comment, times};
use crate::browser::{dom, formats, js, task};

/// The replies of a thread, but not lists in the text of a comment.
const REPLIES: &str = ":scope > ol";

const EARLIER: &str = r#"[data-horizon="earlier-comments"]"#;

const MORE_REPLIES: &str = r#"[data-horizon="more-replies"]"#;

/// Handles the links to earlier comments and to more replies.
pub(super) fn start(island: &Rc<CommentsIsland>) {
    dom::on(&island.list, "click", {
        let island = Rc::clone(island);
        move |event| {
            if let Some(link) = dom::closest(&event, MORE_REPLIES) {
                event.prevent_default();
                task::spawn(Box::pin(fetch_replies(Rc::clone(&island), link)));
            }
        }
    });
    let Some(link) = dom::find(EARLIER) else { return };
    let island = Rc::clone(island);
    dom::on(&link.clone(), "click", move |event| {
        event.prevent_default();
        task::spawn(Box::pin(fetch_earlier(Rc::clone(&island), link.clone())));
    });
}

async fn fetch_earlier(island: Rc<CommentsIsland>, link: Element) {
    let first = dom::within(&island.list, "article").and_then(|article| article.get_attribute("data-comment-id"));
    let Some(first) = first else { return };
    if let Some(page) = island.fetch(&["?before=", &first].concat()).await {
        insert_and_focus(&island, &page);
        if !js::get(&page, "has_earlier").is_truthy() {
            link.remove();
        }
    }
}

/// Fetches the replies that a link leads to.
async fn fetch_replies(island: Rc<CommentsIsland>, link: Element) {
    let href = link.get_attribute("href").unwrap_or_default();
    let query = href.find('?').and_then(|start| href.get(start..)).unwrap_or_default();
    if let Some(page) = island.fetch(query).await {
        if let Some(line) = link.parent_element() {
            line.remove();
        }
        insert_and_focus(&island, &page);
    }
}

fn insert_and_focus(island: &CommentsIsland, page: &JsValue) {
    if let Some(new) = insert_threads(island, page) {
        dom::focus(&new);
    }
}

/// Inserts the missing comments of a page of threads. Returns the first of them.
pub(super) fn insert_threads(island: &CommentsIsland, page: &JsValue) -> Option<Element> {
    let mut first = None;
    for thread in js::items(&js::get(page, "threads")) {
        let head = LiveComment::from_js(&js::get(&thread, "comment"));
        let id = head.id.clone();
        let mut after = String::new();
        for comment in std::iter::once(head)
            .chain(js::items(&js::get(&thread, "replies")).map(|reply| LiveComment::from_js(&reply)))
        {
            if !comment.is_shown() {
                first = first.or(insert(island, &comment));
            }
            if comment.parent.is_some() {
                after = ["&after=", &comment.id].concat();
            }
        }
        if js::get(&thread, "has_more_replies").is_truthy() {
            link_replies(island, &id, &after);
        }
    }
    times::refresh(island);
    first
}

/// Adds the link to more replies to a thread, unless it has one.
fn link_replies(island: &CommentsIsland, head: &str, after: &str) -> Option<()> {
    let thread = comment::find(head)?.parent_element()?;
    if dom::within(&thread, MORE_REPLIES).is_none() {
        let line = dom::within(&clone_template(island)?, MORE_REPLIES)?.parent_element()?;
        let link = dom::within(&line, MORE_REPLIES)?;
        dom::set_attribute(&link, "href", &["?thread=", head, after, "#comments"].concat());
        thread.append_child(&line).ok()?;
    }
    Some(())
}

/// Inserts a comment by its time and returns its article. A reply needs its thread on the page.
pub(super) fn insert(island: &CommentsIsland, comment: &LiveComment) -> Option<Element> {
    let list = match &comment.parent {
        None => island.list.clone(),
        Some(parent) => {
            let thread = comment::find(parent)?.parent_element()?;
            dom::within(&thread, REPLIES)?
        }
    };
    let item = build(island, comment)?;
    let mut next = None;
    let mut before = list.last_element_child();
    while let Some(other) = before.filter(|other| time_of(other) > comment.at) {
        before = other.previous_element_sibling();
        next = Some(other);
    }
    list.insert_before(&item, next.as_deref()).ok()?;
    dom::within(&item, "article")
}

fn time_of(item: &Element) -> i64 {
    let time = dom::within(item, "time").and_then(|time| time.get_attribute("data-at"));
    time.and_then(|at| at.parse().ok()).unwrap_or_default()
}

/// Returns an empty thread from the page's template.
fn clone_template(island: &CommentsIsland) -> Option<Element> {
    let template = island.template.dyn_ref::<HtmlTemplateElement>()?.content();
    let item = template.first_element_child()?.clone_node_with_deep(true).ok()?;
    item.dyn_into().ok()
}

/// Builds the list item of a comment from the page's template.
fn build(island: &CommentsIsland, comment: &LiveComment) -> Option<Element> {
    let item = clone_template(island)?;
    if let Some(line) = dom::within(&item, MORE_REPLIES).and_then(|link| link.parent_element()) {
        line.remove();
    }
    let article = dom::within(&item, "article")?;
    article.set_id(&["comment-", &comment.id].concat());
    dom::set_attribute(&article, "data-comment-id", &comment.id);
    // The template has the placeholder of comments without a name.
    if !comment.author.is_empty() {
        dom::each(&article, "[data-author]", |name| dom::set_text(&name, &comment.author));
    }
    if let Some(badge) = dom::within(&article, "[data-badge]") {
        match &comment.badge {
            Some(text) => dom::set_text(&badge, text),
            None => badge.remove(),
        }
    }
    if let Some(time) = dom::within(&article, "time") {
        dom::set_attribute(&time, "data-at", &comment.at.to_string());
        dom::set_attribute(&time, "datetime", &formats::iso_time(js::float(comment.at)));
        dom::set_attribute(&time, "title", &formats::time(js::float(comment.at)));
    }
    if let Some(link) = dom::within(&article, "header a") {
        dom::set_attribute(&link, "href", &["#comment-", &comment.id].concat());
    }
    if !comment.removed
        && let Some(body) = dom::within(&article, "[data-body]")
    {
        body.set_inner_html(&comment.html);
    }
    dom::toggle(&article, "data-removed", comment.removed);
    match dom::within(&article, super::reply::LINK) {
        Some(link) if comment.removed || comment.parent.is_some() => link.remove(),
        Some(link) => dom::set_attribute(&link, "href", &["?reply=", &comment.id, "#eh-comment-form"].concat()),
        None => {}
    }
    if comment.parent.is_some() {
        // A reply has no replies.
        item.remove_attribute("class").ok()?;
        dom::within(&item, REPLIES)?.remove();
    }
    Some(item)
}
