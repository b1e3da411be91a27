//! The list of threads: puts comments where they belong, and fetches earlier ones.

use std::rc::Rc;

use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Element, HtmlTemplateElement};

use super::{Comment, Talk, comment, times};
use crate::{
    browser::{dom, fetch, js, task},
    text,
};

/// The replies of a thread; a comment may have a list of its own in its text.
const REPLIES: &str = ":scope > ol";

const EARLIER: &str = r#"[data-horizon="earlier-comments"]"#;

const MORE_REPLIES: &str = r#"[data-horizon="more-replies"]"#;

/// Lets the links to earlier comments and to more replies put them where they belong.
pub(super) fn start(talk: &Rc<Talk>) {
    dom::on(&talk.list, "click", {
        let talk = Rc::clone(talk);
        move |event| {
            if let Some(link) = dom::target(&event, MORE_REPLIES) {
                event.prevent_default();
                task::spawn(Box::pin(fetch_replies(Rc::clone(&talk), link)));
            }
        }
    });
    let Some(link) = dom::find(EARLIER) else { return };
    let talk = Rc::clone(talk);
    dom::on(&link.clone(), "click", move |event| {
        event.prevent_default();
        task::spawn(Box::pin(fetch_earlier(Rc::clone(&talk), link.clone())));
    });
}

async fn fetch_earlier(talk: Rc<Talk>, link: Element) {
    let first = dom::within(&talk.list, "article").and_then(|article| article.get_attribute("data-comment-id"));
    let Some(first) = first else { return };
    let url = [&talk.url, "?before=", &first].concat();
    match fetch::send("GET", &url, &[], None).await {
        Some(answer) if answer.status == 200 => {
            if let Some(new) = insert_threads(&talk, &answer.body) {
                dom::focus(&new);
            }
            if !js::get(&answer.body, "has_earlier").is_truthy() {
                link.remove();
            }
        }
        refused => talk.say("alert", &fetch::Answer::complaint(refused.as_ref())),
    }
}

/// Fetches what a link to more replies leads to. The thread gets a new link if there are more still.
async fn fetch_replies(talk: Rc<Talk>, link: Element) {
    let href = link.get_attribute("href").unwrap_or_default();
    let query = href.find('?').and_then(|start| href.get(start..)).unwrap_or_default();
    match fetch::send("GET", &[&talk.url, query].concat(), &[], None).await {
        Some(answer) if answer.status == 200 => {
            if let Some(line) = link.parent_element() {
                line.remove();
            }
            if let Some(new) = insert_threads(&talk, &answer.body) {
                dom::focus(&new);
            }
        }
        refused => talk.say("alert", &fetch::Answer::complaint(refused.as_ref())),
    }
}

/// Puts every comment of a page of threads into the list that is not there yet; answers the first of them.
pub(super) fn insert_threads(talk: &Talk, page: &JsValue) -> Option<Element> {
    let mut first = None;
    for thread in js::items(&js::get(page, "threads")) {
        let head = Comment::read(&js::get(&thread, "comment"));
        let id = head.id.clone();
        let mut after = String::new();
        for comment in
            std::iter::once(head).chain(js::items(&js::get(&thread, "replies")).map(|reply| Comment::read(&reply)))
        {
            if !comment.is_shown() {
                first = first.or(insert(talk, &comment));
            }
            if comment.parent.is_some() {
                after = ["&after=", &comment.id].concat();
            }
        }
        if js::get(&thread, "has_more_replies").is_truthy() {
            link_replies(talk, &id, &after);
        }
    }
    times::refresh(talk);
    first
}

/// Gives a thread the link to its replies after those that were put in, unless it has one.
fn link_replies(talk: &Talk, head: &str, after: &str) -> Option<()> {
    let thread = comment::find(head)?.parent_element()?;
    if dom::within(&thread, MORE_REPLIES).is_none() {
        let line = dom::within(&blank(talk)?, MORE_REPLIES)?.parent_element()?;
        let link = dom::within(&line, MORE_REPLIES)?;
        dom::set(&link, "href", &["?thread=", head, after, "#comments"].concat());
        thread.append_child(&line).ok()?;
    }
    Some(())
}

/// Puts one comment into the list, by its time; answers its article. A reply needs its thread on the page.
pub(super) fn insert(talk: &Talk, comment: &Comment) -> Option<Element> {
    let list = match &comment.parent {
        None => talk.list.clone(),
        Some(parent) => {
            let thread = comment::find(parent)?.parent_element()?;
            dom::within(&thread, REPLIES)?
        }
    };
    let item = build(talk, comment)?;
    let mut next = None;
    let mut before = list.last_element_child();
    while let Some(other) = before.filter(|other| written(other) > comment.at) {
        before = other.previous_element_sibling();
        next = Some(other);
    }
    list.insert_before(&item, next.as_deref()).ok()?;
    dom::within(&item, "article")
}

fn written(item: &Element) -> i64 {
    let time = dom::within(item, "time").and_then(|time| time.get_attribute("data-at"));
    time.and_then(|at| at.parse().ok()).unwrap_or_default()
}

/// A thread that says nothing, from the page's template.
fn blank(talk: &Talk) -> Option<Element> {
    let template = talk.template.dyn_ref::<HtmlTemplateElement>()?.content();
    let item = template.first_element_child()?.clone_node_with_deep(true).ok()?;
    item.dyn_into().ok()
}

/// Makes the list item of a comment from the page's template.
fn build(talk: &Talk, comment: &Comment) -> Option<Element> {
    let item = blank(talk)?;
    if let Some(line) = dom::within(&item, MORE_REPLIES).and_then(|link| link.parent_element()) {
        line.remove();
    }
    let article = dom::within(&item, "article")?;
    article.set_id(&["comment-", &comment.id].concat());
    dom::set(&article, "data-comment-id", &comment.id);
    dom::each(&article, "[data-author]", |name| {
        dom::write(&name, text::author(&comment.author));
    });
    if let Some(time) = dom::within(&article, "time") {
        dom::set(&time, "data-at", &comment.at.to_string());
        dom::set(&time, "datetime", &text::machine(comment.at));
        dom::set(&time, "title", &text::moment(comment.at));
    }
    if let Some(link) = dom::within(&article, "header a") {
        dom::set(&link, "href", &["#comment-", &comment.id].concat());
    }
    if !comment.removed
        && let Some(body) = dom::within(&article, "[data-body]")
    {
        body.set_inner_html(&comment.html);
    }
    dom::toggle(&article, "data-removed", comment.removed);
    match dom::within(&article, super::reply::LINK) {
        Some(link) if comment.removed || comment.parent.is_some() => link.remove(),
        Some(link) => dom::set(&link, "href", &["?reply=", &comment.id, "#comment-form"].concat()),
        None => {}
    }
    if comment.parent.is_some() {
        // A reply is no thread, and takes no replies.
        item.remove_attribute("class").ok()?;
        dom::within(&item, REPLIES)?.remove();
    }
    Some(item)
}
