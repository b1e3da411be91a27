//! What a reader typed, as HTML that is safe to put into a page.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, LazyLock},
};

use ammonia::{Builder, UrlRelative};
use comrak::{Arena, Options, format_html, nodes::NodeValue, parse_document};
use horizon_core::{Comment, PageBudget, Thread, ThreadPage, wire};
use quick_cache::{Weighter, sync::Cache};

/// What is left of any markup.
const TAGS: [&str; 11] = [
    "a",
    "blockquote",
    "br",
    "code",
    "em",
    "li",
    "ol",
    "p",
    "pre",
    "strong",
    "ul",
];
const SCHEMES: [&str; 3] = ["http", "https", "mailto"];

static SANITISER: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut builder = Builder::empty();
    builder
        .tags(HashSet::from(TAGS))
        .generic_attributes(HashSet::new())
        .tag_attributes(HashMap::from([("a", HashSet::from(["href"]))]))
        .url_schemes(HashSet::from(SCHEMES))
        .url_relative(UrlRelative::Deny)
        .link_rel(Some("nofollow ugc noopener noreferrer"));
    builder
});

/// How much rendered text is kept, in bytes: 16 MiB.
const KEPT_BYTES: u64 = 16 * 1024 * 1024;

/// How many comments that is about: a hint for the size of its tables.
const KEPT_COMMENTS: usize = 16 * 1024;

/// What was rendered lately, by the hash of the text. The same text is the same HTML, so nothing in
/// here can be out of date.
static RENDERED: LazyLock<Cache<[u8; 32], Arc<str>, Bytes>> =
    LazyLock::new(|| Cache::with_weighter(KEPT_COMMENTS, KEPT_BYTES, Bytes));

/// Weighs a kept text by its key, its value and what the cache needs around them.
#[derive(Clone)]
struct Bytes;

impl Weighter<[u8; 32], Arc<str>> for Bytes {
    fn weight(&self, _: &[u8; 32], html: &Arc<str>) -> u64 {
        html.len() as u64 + 128
    }
}

/// [`render`]s a text, unless that was done lately: a page shows its comments to everyone who comes.
fn rendered(text: &str) -> String {
    let key = *blake3::hash(text.as_bytes()).as_bytes();
    if let Some(known) = RENDERED.get(&key) {
        return known.as_ref().into();
    }
    let html = render(text);
    RENDERED.insert(key, html.as_str().into());
    html
}

/// A small subset of Markdown: paragraphs, emphasis, code, links, lists and quotes.
///
/// A heading becomes a paragraph and an image a link to it; HTML shows as it was typed. What comrak
/// makes is sanitised all the same, because two locks are better than one.
pub(crate) fn render(text: &str) -> String {
    let mut options = Options::default();
    options.extension.autolink = true;
    options.render.hardbreaks = true;
    options.render.escape = true;
    let arena = Arena::new();
    let root = parse_document(&arena, text, &options);
    for node in root.descendants() {
        let value = &mut node.data.borrow_mut().value;
        match value {
            NodeValue::Heading(_) => *value = NodeValue::Paragraph,
            NodeValue::Image(link) => *value = NodeValue::Link(link.clone()),
            _ => {}
        }
    }
    let mut html = String::new();
    if let Err(error) = format_html(root, &options, &mut html) {
        tracing::error!(%error, "a comment could not be rendered, it shows as plain text");
        return format!("<p>{}</p>", escape(text));
    }
    SANITISER.clean(&html).to_string()
}

/// Text as it may stand in HTML.
pub(crate) fn escape(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    if let Err(error) = comrak::html::escape(&mut html, text) {
        tracing::error!(%error, "a text could not be escaped, it is left out");
        return String::new();
    }
    html
}

/// A comment as readers get it.
pub(crate) fn comment(comment: &Comment) -> wire::CommentView {
    wire::CommentView {
        id: comment.id,
        parent: comment.parent,
        author: comment.author.clone(),
        html: rendered(&comment.body),
        at: comment.at,
        removed: comment.visibility == horizon_core::Visibility::Removed,
    }
}

/// A page of threads as readers get it. HTML is longer than the text it is made of, so the page may end earlier than
/// the store's. Lets other tasks run between two threads.
pub(crate) async fn threads(page: &ThreadPage) -> wire::ThreadsView {
    let mut budget = PageBudget::default();
    let mut view = wire::ThreadsView {
        threads: Vec::with_capacity(page.threads.len()),
        has_earlier: page.has_earlier,
    };
    for thread in page.threads.iter().rev() {
        let head = comment(&thread.head);
        if !takes(&mut budget, &head) {
            view.has_earlier = true;
            break;
        }
        view.threads.push(with_replies(head, thread, &mut budget));
        tokio::task::yield_now().await;
    }
    view.threads.reverse();
    view
}

/// One thread as readers get it.
pub(crate) fn thread(thread: &Thread) -> wire::ThreadView {
    with_replies(comment(&thread.head), thread, &mut PageBudget::default())
}

fn with_replies(head: wire::CommentView, thread: &Thread, budget: &mut PageBudget) -> wire::ThreadView {
    let mut view = wire::ThreadView {
        comment: head,
        replies: Vec::with_capacity(thread.replies.len()),
        has_more_replies: thread.has_more_replies,
    };
    for reply in thread.replies.iter().map(comment) {
        if !takes(budget, &reply) {
            view.has_more_replies = true;
            break;
        }
        view.replies.push(reply);
    }
    view
}

fn takes(budget: &mut PageBudget, comment: &wire::CommentView) -> bool {
    budget.try_add(comment.author.len() + comment.html.len())
}

#[cfg(test)]
mod tests;
