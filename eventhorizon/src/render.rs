//! Renders comments as safe HTML.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, LazyLock},
};

use ammonia::{Builder, UrlRelative};
use comrak::{Arena, Options, format_html, nodes::NodeValue, parse_document};
use horizon_core::{Comment, PageBudget, Thread, ThreadPage, clean_text, has_visible_text, wire};
use quick_cache::{Weighter, sync::Cache};

use crate::escape::escape;

/// The elements that the sanitizer keeps.
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

static SANITIZER: LazyLock<Builder<'static>> = LazyLock::new(|| {
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

/// The memory for rendered comments: 16 MiB.
const MAX_CACHE_BYTES: u64 = 16 * 1024 * 1024;

/// The expected number of cached comments.
const EXPECTED_COMMENTS: usize = 16 * 1024;

/// Recently rendered comments by the hash of their text.
static RENDERED: LazyLock<Cache<[u8; 32], Arc<str>, HtmlWeighter>> =
    LazyLock::new(|| Cache::with_weighter(EXPECTED_COMMENTS, MAX_CACHE_BYTES, HtmlWeighter));

#[derive(Clone)]
struct HtmlWeighter;

impl Weighter<[u8; 32], Arc<str>> for HtmlWeighter {
    fn weight(&self, _: &[u8; 32], html: &Arc<str>) -> u64 {
        html.len() as u64 + 128
    }
}

/// Returns the cached result of [`render`], or renders the text.
fn render_cached(text: &str) -> String {
    let key = *blake3::hash(text.as_bytes()).as_bytes();
    if let Some(html) = RENDERED.get(&key) {
        return html.as_ref().into();
    }
    let html = render(text);
    RENDERED.insert(key, html.as_str().into());
    html
}

/// Renders a subset of Markdown: paragraphs, emphasis, code, links, lists and quotes.
///
/// A heading becomes a paragraph, an image becomes a link, and HTML is escaped. The output is sanitized as a second
/// line of defence, and cleaned of characters that reorder or hide text: a stored comment of an earlier version may
/// have them, and a text may have them as character references.
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
        tracing::error!(%error, "rendering a comment failed, showing it as plain text");
        return format!("<p>{}</p>", escape(text));
    }
    clean_text(&SANITIZER.clean(&html).to_string()).into_owned()
}

/// Returns whether a reader sees anything of a comment's text. Markdown shows nothing of a reference definition, of a
/// link without text and of some character references.
pub(crate) fn is_visible(text: &str) -> bool {
    let html = render_cached(text);
    // The sanitizer has escaped all other angle brackets.
    let texts = html.split('<').filter_map(|part| part.split('>').next_back());
    texts
        .map(|text| text.replace("&nbsp;", " "))
        .any(|text| has_visible_text(&text))
}

/// Returns the view of a comment.
pub(crate) fn comment(comment: &Comment) -> wire::CommentView {
    let removed = comment.visibility == horizon_core::Visibility::Removed;
    wire::CommentView {
        id: comment.id,
        parent: comment.parent,
        author: author(comment),
        badge: comment.badge.clone().filter(|_| !removed),
        html: render_cached(&comment.body),
        at: comment.at,
        removed,
    }
}

/// Returns the author's name, which is empty if nothing of it is visible.
fn author(comment: &Comment) -> String {
    let name = clean_text(&comment.author);
    if has_visible_text(&name) {
        name.trim().to_owned()
    } else {
        String::new()
    }
}

/// Returns a comment as a moderator sees it: what was sent, without characters that reorder or hide text.
pub(crate) fn for_moderator(mut comment: Comment) -> Comment {
    comment.author = author(&comment);
    comment.body = clean_text(&comment.body).into_owned();
    comment
}

/// Returns the view of a page of threads. HTML is longer than its source, so the view may have fewer threads than the
/// page. Yields between threads.
pub(crate) async fn threads(page: &ThreadPage) -> wire::ThreadsView {
    let mut budget = PageBudget::default();
    let mut view = wire::ThreadsView {
        threads: Vec::with_capacity(page.threads.len()),
        has_earlier: page.has_earlier,
    };
    for thread in page.threads.iter().rev() {
        let head = comment(&thread.head);
        if !fits(&mut budget, &head) {
            view.has_earlier = true;
            break;
        }
        view.threads.push(with_replies(head, thread, &mut budget));
        tokio::task::yield_now().await;
    }
    view.threads.reverse();
    view
}

/// Returns the view of a thread.
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
        if !fits(budget, &reply) {
            view.has_more_replies = true;
            break;
        }
        view.replies.push(reply);
    }
    view
}

fn fits(budget: &mut PageBudget, comment: &wire::CommentView) -> bool {
    let badge = comment.badge.as_ref().map_or(0, |badge| badge.as_str().len());
    budget.try_add(comment.author.len() + badge + comment.html.len())
}

#[cfg(test)]
mod tests;
