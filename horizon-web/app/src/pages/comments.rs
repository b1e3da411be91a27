//! The comments of a post and the comment form.
//!
//! The browser builds new comments from the empty thread in the `template`.

use horizon_core::{
    Badge, EventId, MAX_AUTHOR_CHARS, MAX_COMMENT_CHARS, Timestamp,
    wire::{CommentView, ThreadView},
};
use horizon_texts::{TextUnit, Texts};
use leptos::prelude::*;

use super::{number, with_markup};
use crate::{
    Count, PostPage, Slot,
    slots::{CountLabel, SlotMarkers},
    text,
};

pub(super) fn comments(page: &PostPage, texts: &Texts, markers: &SlotMarkers) -> AnyView {
    let count = CountLabel::slot(texts, markers, Count::Comments, TextUnit::Comments);
    let slug = &page.post.slug.url_path();
    let threads = page
        .comments
        .threads
        .iter()
        .map(|one| thread(texts, slug, one))
        .collect_view();
    let are_newest = page.before.is_none() && !page.is_one_thread;
    view! {
        <section id="comments" class="comments" aria-labelledby="eh-comments-title">
            <h2 id="eh-comments-title">{number("comments", count)}</h2>
            {page.has_unknown_comments.then(|| view! { <p class="nothing">{texts.get("comments-unavailable")}</p> })}
            {earlier(texts, page)}
            <ol class="threads" data-horizon="comment-list">
                {threads}
            </ol>
            <template data-thread>{thread(texts, slug, &empty(texts))}</template>
            {(!are_newest)
                .then(|| {
                    view! {
                        <p class="more">
                            <a href=format!("/blog/{slug}#comments")>{texts.get("newest-comments")}</a>
                        </p>
                    }
                })}
            <div aria-live="polite">
                {new_comments(texts)}
            </div>
            <div id="eh-comment-form" data-form-home>
                {form(page, texts, markers)}
            </div>
        </section>
    }
    .into_any()
}

/// The button that shows new comments; the browser sets its text.
fn new_comments(texts: &Texts) -> AnyView {
    let forms = texts.unit_forms(TextUnit::NewComments);
    let form = |category| forms.form(category).map(str::to_owned);
    view! {
        <button
            type="button"
            class="button news"
            data-horizon="new-comments"
            data-zero=form("zero")
            data-one=form("one")
            data-two=form("two")
            data-few=form("few")
            data-many=form("many")
            data-other=forms.other().to_owned()
            hidden
        ></button>
    }
    .into_any()
}

fn earlier(texts: &Texts, page: &PostPage) -> Option<AnyView> {
    let first = page.comments.threads.first().filter(|_| page.comments.has_earlier)?;
    let href = format!("{}?before={}#comments", page.post.url(), first.comment.id);
    Some(
        view! {
            <p class="more">
                <a data-horizon="earlier-comments" href=href>
                    {texts.get("earlier-comments")}
                </a>
            </p>
        }
        .into_any(),
    )
}

/// An empty thread for the browser.
fn empty(texts: &Texts) -> ThreadView {
    ThreadView {
        comment: CommentView {
            id: EventId::from_u128(0),
            parent: None,
            author: String::new(),
            // The browser removes it from comments without one.
            badge: Badge::new(texts.get("badge-author")).ok(),
            html: String::new(),
            at: Timestamp::from_millis(0),
            // The browser replaces the notice.
            removed: true,
        },
        replies: Vec::new(),
        // The browser removes the link if there are no more replies.
        has_more_replies: true,
    }
}

fn thread(texts: &Texts, slug: &str, thread: &ThreadView) -> AnyView {
    let replies = thread
        .replies
        .iter()
        .map(|reply| view! { <li>{article(texts, reply, false)}</li> })
        .collect_view();
    let is_template = thread.comment.id == EventId::from_u128(0);
    let takes_replies = is_template || !thread.comment.removed;
    view! {
        <li class="thread">
            {article(texts, &thread.comment, takes_replies)} <ol class="replies">{replies}</ol>
            {more_replies(texts, slug, thread)}
        </li>
    }
    .into_any()
}

/// The link to the replies that are not on this page.
fn more_replies(texts: &Texts, slug: &str, thread: &ThreadView) -> Option<AnyView> {
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
                    {texts.get("more-replies")}
                </a>
            </p>
        }
        .into_any()
    })
}

fn badge(comment: &CommentView) -> Option<AnyView> {
    let badge = comment.badge.as_ref()?.to_string();
    Some(view! { <bdi class="badge" data-badge>{badge}</bdi> " " }.into_any())
}

fn article(texts: &Texts, comment: &CommentView, takes_replies: bool) -> AnyView {
    let id = comment.id.to_string();
    let at = comment.at.as_millis();
    let author = author_name(texts, &comment.author);
    let html = if comment.removed {
        format!("<p>{}</p>", texts.get("comment-removed"))
    } else {
        comment.html.clone()
    };
    let reply = takes_replies.then(|| {
        view! {
            <a class="reply" data-horizon="reply" href=format!("?reply={id}#eh-comment-form")>
                {texts.get("reply")}
                <span class="visually-hidden">
                    " "
                    {with_markup(texts, "reply-to", |_| view! { <bdi data-author>{author.clone()}</bdi> }.into_any())}
                </span>
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
                <bdi class="comment-author" data-author>{author.clone()}</bdi>
                " "
                {badge(comment)}
                <a href=format!("#comment-{id}")>
                    <time datetime=text::html_datetime(at) title=texts.utc_date_time(at) data-at=at.to_string()>
                        {texts.utc_date(at)}
                    </time>
                </a>
            </header>
            <div class="comment-body" data-body dir="auto" inner_html=html></div>
            {reply}
        </article>
    }
    .into_any()
}

/// Returns the name of a comment's author, or a placeholder.
pub(super) fn author_name(texts: &Texts, name: &str) -> String {
    let placeholder = || texts.get("comment-author-unnamed");
    if name.is_empty() { placeholder() } else { name }.to_owned()
}

fn form(page: &PostPage, texts: &Texts, markers: &SlotMarkers) -> AnyView {
    let slug = &page.post.slug.url_path();
    let parent = page.reply_to.and_then(|id| {
        let mut heads = page.comments.threads.iter().map(|thread| &thread.comment);
        heads.find(|comment| comment.id == id && !comment.removed)
    });
    let parent_id = parent.map(|comment| comment.id.to_string()).unwrap_or_default();
    let status = page.is_pending.then(|| texts.get("comment-pending"));
    view! {
        <form
            class="form"
            method="post"
            action=format!("/horizon/comments/{slug}")
            data-horizon="comment-form"
            data-published=texts.get("comment-published")
            data-pending=texts.get("comment-pending")
            data-field-body=texts.with("error-body", &[("max", MAX_COMMENT_CHARS.into())])
            data-field-author=texts.with("error-author", &[("max", MAX_AUTHOR_CHARS.into())])
            data-field-parent=texts.get("error-parent")
            data-field-id=texts.get("error-again")
        >
            <h3>{texts.get("write-comment")}</h3>
            {answered(texts, slug, parent)}
            // Firefox keeps the values of fields over a reload, except with `autocomplete="off"`. HTML forbids that
            // on `type="hidden"`.
            <input name="parent" value=parent_id hidden readonly autocomplete="off" />
            <input name="id" value=markers.marker(Slot::CommentId) hidden readonly autocomplete="off" />
            <input type="hidden" name="back" value=format!("/blog/{slug}") />
            {fields(texts)}
            <p class="form-status" data-horizon="form-status" role="status" tabindex="-1">
                {status}
            </p>
            <button type="submit" class="button">
                {texts.get("send")}
            </button>
        </form>
    }
    .into_any()
}

/// The comment that the form replies to.
fn answered(texts: &Texts, slug: &str, parent: Option<&CommentView>) -> AnyView {
    let author = parent.map_or_else(String::new, |comment| author_name(texts, &comment.author));
    let author = |_: &str| view! { <strong data-author dir="auto">{author.clone()}</strong> }.into_any();
    view! {
        <p class="answered" data-answered hidden=parent.is_none()>
            {with_markup(texts, "in-reply-to", author)}
            " · "
            <a data-horizon="cancel-reply" href=format!("/blog/{slug}#eh-comment-form")>
                {texts.get("cancel")}
            </a>
        </p>
    }
    .into_any()
}

/// The fields that a reader fills in, and a honeypot: hidden from people, filled in by bots.
fn fields(texts: &Texts) -> AnyView {
    view! {
        <label for="eh-author">
            {texts.get("comment-name")} " " <span class="hint">{texts.get("optional")}</span>
        </label>
        <input
            id="eh-author"
            name="author"
            maxlength=MAX_AUTHOR_CHARS.to_string()
            autocomplete="name"
            dir="auto"
        />
        <label for="eh-body">{texts.get("comment-body")}</label>
        <textarea
            id="eh-body"
            name="body"
            rows="5"
            dir="auto"
            required
            maxlength=MAX_COMMENT_CHARS.to_string()
            aria-describedby="eh-body-hint"
        ></textarea>
        <p id="eh-body-hint" class="hint">
            {hint(texts)}
        </p>
        <div class="visually-hidden" aria-hidden="true">
            <label for="eh-website">{texts.get("leave-empty")}</label>
            <input id="eh-website" name="website" tabindex="-1" autocomplete="off" />
        </div>
    }
    .into_any()
}

/// The hint about Markdown with its examples.
fn hint(texts: &Texts) -> Vec<AnyView> {
    let example = |name: &str| {
        let example = match name {
            "emphasis" => format!("*{}*", texts.get("comment-hint-emphasis")),
            _ => format!("`{}`", texts.get("comment-hint-code")),
        };
        view! { <code>{example}</code> }.into_any()
    };
    with_markup(texts, "comment-hint", example)
}
