//! The comments of a post and the form for one more.
//!
//! The browser builds what comes later from the same markup: the empty thread in the `template`.

use horizon_core::{
    EventId, MAX_AUTHOR_CHARS, MAX_BODY_CHARS, Timestamp,
    wire::{CommentView, ThreadView},
};
use leptos::prelude::*;

use super::number;
use crate::{
    Blank, Count, PostPage,
    blanks::{Figure, Marks},
    text,
};

/// The whole section.
pub(super) fn comments(page: &PostPage, marks: &Marks) -> AnyView {
    let count = Figure::blank(marks, Count::Comments, "comment", "comments");
    let slug = &page.post.slug;
    let threads = page.comments.threads.iter().map(|one| thread(slug, one)).collect_view();
    let are_newest = page.before.is_none() && !page.is_one_thread;
    view! {
        <section id="comments" class="comments" aria-labelledby="comments-title">
            <h2 id="comments-title">{number("comments", count)}</h2>
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
            <div id="comment-form" data-form-home>
                {form(page, marks)}
            </div>
        </section>
    }
    .into_any()
}

/// What is said where the comments cannot be read.
const UNKNOWN: &str = "Comments cannot be shown right now.";

fn earlier(page: &PostPage) -> Option<AnyView> {
    let first = page.comments.threads.first().filter(|_| page.comments.has_earlier)?;
    let href = format!("/blog/{}?before={}#comments", page.post.slug, first.comment.id);
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

/// A thread that says nothing, for the browser to fill in.
fn empty() -> ThreadView {
    ThreadView {
        comment: CommentView {
            id: EventId::from_u128(0),
            parent: None,
            author: String::new(),
            html: REMOVED.into(),
            at: Timestamp::from_millis(0),
            removed: false,
        },
        replies: Vec::new(),
        // The browser removes the link where it leads nowhere.
        has_more_replies: true,
    }
}

/// What stands in the place of a comment that was taken down.
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

/// The way to the replies that do not stand here.
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

fn article(comment: &CommentView, takes_replies: bool) -> AnyView {
    let id = comment.id.to_string();
    let at = comment.at.as_millis();
    let author = text::author(&comment.author).to_owned();
    let html = if comment.removed {
        REMOVED.into()
    } else {
        comment.html.clone()
    };
    let reply = takes_replies.then(|| {
        view! {
            <a class="reply" data-horizon="reply" href=format!("?reply={id}#comment-form")>
                "Reply"
                <span class="visually-hidden">" to " <span data-author>{author.clone()}</span></span>
            </a>
        }
    });
    view! {
        <article class="comment" id=format!("comment-{id}") data-comment-id=id data-removed=comment.removed tabindex="-1">
            <header class="comment-head">
                <span class="comment-author" data-author>{author}</span>
                " "
                <a href=format!("#comment-{id}")>
                    <time datetime=text::machine(at) title=text::moment(at) data-at=at.to_string()>
                        {text::day(at)}
                    </time>
                </a>
            </header>
            <div class="comment-body" data-body inner_html=html></div>
            {reply}
        </article>
    }
    .into_any()
}

/// What is said after a comment that is not shown yet.
const WAITING: &str = "Thank you. Your comment waits for the author, and shows once it is approved.";

fn form(page: &PostPage, marks: &Marks) -> AnyView {
    let slug = &page.post.slug;
    let answered = page.reply_to.and_then(|id| {
        let mut heads = page.comments.threads.iter().map(|thread| &thread.comment);
        heads.find(|comment| comment.id == id && !comment.removed)
    });
    let parent = answered.map(|comment| comment.id.to_string()).unwrap_or_default();
    let status = page.is_waiting.then_some(WAITING);
    view! {
        <form class="form" method="post" action=format!("/horizon/comments/{slug}") data-horizon="comment-form">
            <h3>"Write a comment"</h3>
            <p class="answered" data-answered hidden=answered.is_none()>
                "In reply to "
                <strong data-author>
                    {answered.map(|comment| text::author(&comment.author)).unwrap_or_default().to_owned()}
                </strong>
                " · "
                <a data-horizon="cancel-reply" href=format!("/blog/{slug}#comment-form")>
                    "Cancel"
                </a>
            </p>
            <input type="hidden" name="parent" value=parent autocomplete="off" />
            <input type="hidden" name="id" value=marks.mark(Blank::CommentId) autocomplete="off" />
            <input type="hidden" name="back" value=format!("/blog/{slug}") />
            <label for="author">"Name "<span class="hint">"(optional)"</span></label>
            <input id="author" name="author" maxlength=MAX_AUTHOR_CHARS.to_string() autocomplete="name" />
            <label for="body">"Comment"</label>
            <textarea id="body" name="body" rows="5" required maxlength=MAX_BODY_CHARS.to_string() aria-describedby="body-hint"></textarea>
            <p id="body-hint" class="hint">
                "Plain text, or a little Markdown: "<code>"*emphasis*"</code>", "<code>"`code`"</code>", lists, links."
            </p>
            // No person sees it; what fills it in is a machine.
            <div class="visually-hidden" aria-hidden="true">
                <label for="website">"Leave this empty"</label>
                <input id="website" name="website" tabindex="-1" autocomplete="off" />
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
