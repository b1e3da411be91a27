//! The comments of a post and the comment form.
//!
//! The browser builds new comments from the empty thread in the `template`.

use horizon_core::{
    Badge, EventId, MAX_AUTHOR_CHARS, MAX_COMMENT_CHARS, Timestamp,
    wire::{CommentView, ThreadView},
};
use leptos::prelude::*;

use super::number;
use crate::{
    Count, PostPage, Slot,
    slots::{CountLabel, SlotMarkers},
    text,
};

pub(super) fn comments(page: &PostPage, markers: &SlotMarkers) -> AnyView {
    let count = CountLabel::slot(markers, Count::Comments, "comment", "comments");
    let slug = &page.post.slug.url_path();
    let threads = page.comments.threads.iter().map(|one| thread(slug, one)).collect_view();
    let are_newest = page.before.is_none() && !page.is_one_thread;
    view! {
        <section id="comments" class="comments" aria-labelledby="eh-comments-title">
            <h2 id="eh-comments-title">{number("comments", count)}</h2>
            {page.has_unknown_comments.then(|| view! { <p class="nothing">{UNKNOWN}</p> })}
            {earlier(page)}
            <ol class="threads" data-horizon="comment-list">
                {threads}
            </ol>
            <template data-thread>{thread(slug, &empty())}</template>
            {(!are_newest)
                .then(|| {
                    view! {
                        <p class="more">
                            <a href=format!("/blog/{slug}#comments")>"Newest comments"</a>
                        </p>
                    }
                })}
            <div aria-live="polite">
                <button type="button" class="button news" data-horizon="new-comments" hidden></button>
            </div>
            <div id="eh-comment-form" data-form-home>
                {form(page, markers)}
            </div>
        </section>
    }
    .into_any()
}

const UNKNOWN: &str = "Comments cannot be shown right now.";

fn earlier(page: &PostPage) -> Option<AnyView> {
    let first = page.comments.threads.first().filter(|_| page.comments.has_earlier)?;
    let href = format!("{}?before={}#comments", page.post.url(), first.comment.id);
    Some(
        view! {
            <p class="more">
                <a data-horizon="earlier-comments" href=href>
                    "Earlier comments"
                </a>
            </p>
        }
        .into_any(),
    )
}

/// An empty thread for the browser.
fn empty() -> ThreadView {
    ThreadView {
        comment: CommentView {
            id: EventId::from_u128(0),
            parent: None,
            author: String::new(),
            // The browser removes it from comments without one.
            badge: Badge::new("Badge").ok(),
            html: REMOVED.into(),
            at: Timestamp::from_millis(0),
            removed: false,
        },
        replies: Vec::new(),
        // The browser removes the link if there are no more replies.
        has_more_replies: true,
    }
}

const REMOVED: &str = "<p>This comment was removed.</p>";

fn thread(slug: &str, thread: &ThreadView) -> AnyView {
    let replies = thread
        .replies
        .iter()
        .map(|reply| view! { <li>{article(reply, false)}</li> })
        .collect_view();
    let takes_replies = !thread.comment.removed;
    view! {
        <li class="thread">
            {article(&thread.comment, takes_replies)} <ol class="replies">{replies}</ol> {more_replies(slug, thread)}
        </li>
    }
    .into_any()
}

/// The link to the replies that are not on this page.
fn more_replies(slug: &str, thread: &ThreadView) -> Option<AnyView> {
    let after = thread.replies.last().map(|last| format!("&after={}", last.id));
    let href = format!(
        "/blog/{slug}?thread={}{}#comments",
        thread.comment.id,
        after.unwrap_or_default()
    );
    thread.has_more_replies.then(|| {
        view! {
            <p class="more">
                <a data-horizon="more-replies" href=href>
                    "More replies"
                </a>
            </p>
        }
        .into_any()
    })
}

fn badge(comment: &CommentView) -> Option<AnyView> {
    let badge = comment.badge.as_ref()?.to_string();
    Some(view! { <span class="badge" data-badge>{badge}</span> " " }.into_any())
}

fn article(comment: &CommentView, takes_replies: bool) -> AnyView {
    let id = comment.id.to_string();
    let at = comment.at.as_millis();
    let author = text::author_name(&comment.author).to_owned();
    let html = if comment.removed {
        REMOVED.into()
    } else {
        comment.html.clone()
    };
    let reply = takes_replies.then(|| {
        view! {
            <a class="reply" data-horizon="reply" href=format!("?reply={id}#eh-comment-form")>
                "Reply"
                <span class="visually-hidden">" to " <span data-author>{author.clone()}</span></span>
            </a>
        }
    });
    view! {
        <article
            class="comment"
            id=format!("comment-{id}")
            data-comment-id=id
            data-removed=comment.removed
            tabindex="-1"
        >
            <header class="comment-head">
                <span class="comment-author" data-author>{author}</span>
                " "
                {badge(comment)}
                <a href=format!("#comment-{id}")>
                    <time datetime=text::html_datetime(at) title=text::date_time(at) data-at=at.to_string()>
                        {text::date(at)}
                    </time>
                </a>
            </header>
            <div class="comment-body" data-body inner_html=html></div>
            {reply}
        </article>
    }
    .into_any()
}

fn form(page: &PostPage, markers: &SlotMarkers) -> AnyView {
    let slug = &page.post.slug.url_path();
    let parent = page.reply_to.and_then(|id| {
        let mut heads = page.comments.threads.iter().map(|thread| &thread.comment);
        heads.find(|comment| comment.id == id && !comment.removed)
    });
    let parent_id = parent.map(|comment| comment.id.to_string()).unwrap_or_default();
    let parent_author = parent.map_or("", |comment| text::author_name(&comment.author));
    let status = page.is_pending.then_some(text::COMMENT_PENDING);
    view! {
        <form class="form" method="post" action=format!("/horizon/comments/{slug}") data-horizon="comment-form">
            <h3>"Write a comment"</h3>
            <p class="answered" data-answered hidden=parent.is_none()>
                "In reply to "
                <strong data-author>{parent_author.to_owned()}</strong>
                " · "
                <a data-horizon="cancel-reply" href=format!("/blog/{slug}#eh-comment-form")>
                    "Cancel"
                </a>
            </p>
            // Firefox keeps the values of fields over a reload, except with `autocomplete="off"`. HTML forbids that
            // on `type="hidden"`.
            <input name="parent" value=parent_id hidden readonly autocomplete="off" />
            <input name="id" value=markers.marker(Slot::CommentId) hidden readonly autocomplete="off" />
            <input type="hidden" name="back" value=format!("/blog/{slug}") />
            <label for="eh-author">"Name "<span class="hint">"(optional)"</span></label>
            <input id="eh-author" name="author" maxlength=MAX_AUTHOR_CHARS.to_string() autocomplete="name" />
            <label for="eh-body">"Comment"</label>
            <textarea
                id="eh-body"
                name="body"
                rows="5"
                required
                maxlength=MAX_COMMENT_CHARS.to_string()
                aria-describedby="eh-body-hint"
            ></textarea>
            <p id="eh-body-hint" class="hint">
                "Plain text or simple Markdown: "<code>"*emphasis*"</code>", "<code>"`code`"</code>", lists, links."
            </p>
            // A honeypot: hidden from people, filled in by bots.
            <div class="visually-hidden" aria-hidden="true">
                <label for="eh-website">"Leave this empty"</label>
                <input id="eh-website" name="website" tabindex="-1" autocomplete="off" />
            </div>
            <p class="form-status" data-horizon="form-status" role="status" tabindex="-1">
                {status}
            </p>
            <button type="submit" class="button">
                "Send"
            </button>
        </form>
    }
    .into_any()
}
