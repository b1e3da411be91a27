//! The sign-in form and the moderation page.

use horizon_core::Visibility;
use horizon_posts::{Diagnostic, DiagnosticEffect, Diagnostics, Preview};
use horizon_texts::Texts;
use leptos::prelude::*;

use super::{comments::author_name, date, with_markup};
use crate::{LoginPage, ModerationItem, ModerationPage, text};

/// How many diagnostics the page shows.
const MAX_DIAGNOSTICS: usize = 50;

/// How many posts and pages that are not public the page shows.
const MAX_PREVIEWS: usize = 100;

pub(super) fn login(texts: &Texts, page: &LoginPage) -> AnyView {
    let LoginPage {
        error,
        back,
        token_path,
    } = page.clone();
    let continuation = back.clone().map(|back| signed_in(texts, back));
    view! {
        <main id="eh-main" class="text-page">
            <h1>{texts.get("sign-in")}</h1>
            <form class="form" method="post" action="/admin/login">
                {error.map(|error| view! { <p class="form-status" role="alert">{error}</p> })}
                {back.map(|back| view! { <input type="hidden" name="back" value=back /> })}
                <label for="eh-token">{texts.get("token")}</label>
                <input id="eh-token" type="password" name="token" required autocomplete="current-password" />
                <p class="hint">{setting_hint(texts)}</p>
                <button type="submit" class="button">
                    {texts.get("sign-in")}
                </button>
            </form>
            {continuation}
            {token_path.map(|path| view! { <p class="hint"><a href=path>{texts.get("reports-token")}</a></p> })}
        </main>
    }
    .into_any()
}

fn setting_hint(texts: &Texts) -> Vec<AnyView> {
    with_markup(texts, "token-hint", |_| {
        view! { <code>"HORIZON_ADMIN_TOKEN"</code> }.into_any()
    })
}

/// Returns the link for an author who came from another site: the browser sends the cookie of the session only with
/// requests of this site.
fn signed_in(texts: &Texts, back: String) -> AnyView {
    view! {
        <p class="hint">{texts.get("signed-in-already")} " " <a href=back>{texts.get("continue")}</a></p>
    }
    .into_any()
}

pub(super) fn moderation(texts: &Texts, page: &ModerationPage) -> AnyView {
    let only = page.only_pending;
    let items = page
        .comments
        .iter()
        .map(|comment| item(texts, comment, only))
        .collect_view();
    let older = page.older.clone();
    view! {
        <main id="eh-main" class="admin">
            <h1>{texts.get("comments")}</h1>
            {bar(texts, only)}
            {content_errors(texts, &page.errors)}
            {previews(texts, &page.previews)}
            {page.comments.is_empty().then(|| view! { <p class="nothing">{texts.get("no-comments")}</p> })}
            <ol class="admin-list">{items}</ol>
            {older
                .map(|href| {
                    view! {
                        <p class="more">
                            <a href=href>{texts.get("older-comments")}</a>
                        </p>
                    }
                })}
        </main>
    }
    .into_any()
}

/// The links to the admin's pages, and the button that signs out.
fn bar(texts: &Texts, only_pending: bool) -> AnyView {
    let current = |on: bool| on.then_some("true");
    view! {
        <div class="admin-bar">
            <ul class="tags" aria-label=texts.get("comment-filter")>
                <li>
                    <a href="/admin" aria-current=current(!only_pending)>
                        {texts.get("comments-all")}
                    </a>
                </li>
                <li>
                    <a href="/admin?only=waiting" aria-current=current(only_pending)>
                        {texts.get("comments-pending")}
                    </a>
                </li>
                <li>
                    <a href="/horizon/dashboard">{texts.get("dashboard")}</a>
                </li>
                <li>
                    <a href="/cluster">{texts.get("cluster")}</a>
                </li>
            </ul>
            <form method="post" action="/admin/logout">
                <button type="submit" class="button quiet">
                    {texts.get("sign-out")}
                </button>
            </form>
        </div>
    }
    .into_any()
}

/// The links to what is not public.
fn previews(texts: &Texts, previews: &[Preview]) -> Option<AnyView> {
    let item = |preview: &Preview| {
        let state = if preview.due().is_some() { "scheduled" } else { "draft" };
        let shown = preview.due().or_else(|| preview.date());
        view! {
            <li class="admin-item">
                <p class="comment-head">
                    <a href=preview.url() dir="auto">
                        {preview.title().to_owned()}
                    </a>
                    " "
                    {shown.map(|shown| date(texts, shown))}
                    " "
                    <span class="state">{texts.get(state)}</span>
                </p>
            </li>
        }
    };
    let items = previews.iter().take(MAX_PREVIEWS).map(item).collect_view();
    let view = view! {
        <section aria-labelledby="eh-previews">
            <h2 id="eh-previews">{texts.get("hidden-posts")}</h2>
            <ul class="admin-list">{items}</ul>
        </section>
    };
    (!previews.is_empty()).then(|| view.into_any())
}

fn content_errors(texts: &Texts, errors: &Diagnostics) -> Option<AnyView> {
    let item = |error: &Diagnostic| {
        view! {
            <li class="admin-item">
                <p class="comment-head">
                    <code>{error.location()}</code>
                    {(error.effect == DiagnosticEffect::LastGoodShown)
                        .then(|| view! { " " <span class="state">{texts.get("last-good-version")}</span> })}
                </p>
                <p class="admin-text">{error.reason.clone()}</p>
            </li>
        }
    };
    let items = errors.iter().take(MAX_DIAGNOSTICS).map(item).collect_view();
    let more = errors.len().saturating_sub(MAX_DIAGNOSTICS);
    let view = view! {
        <section aria-labelledby="eh-problems">
            <h2 id="eh-problems">{texts.get("posts-with-errors")}</h2>
            <ul class="admin-list">{items}</ul>
            {(more > 0)
                .then(|| {
                    view! {
                        <p class="more">
                            {more_errors(texts, more)}
                        </p>
                    }
                })}
        </section>
    };
    (!errors.is_empty()).then(|| view.into_any())
}

fn more_errors(texts: &Texts, count: usize) -> Vec<AnyView> {
    let count = u64::try_from(count).unwrap_or(u64::MAX);
    with_markup(texts, "more-errors", |name| match name {
        "count" => texts.number(count).into_any(),
        _ => view! { <code dir="ltr">"horizon-web check"</code> }.into_any(),
    })
}

fn item(texts: &Texts, item: &ModerationItem, only_pending: bool) -> AnyView {
    let comment = &item.comment;
    let at = comment.at.as_millis();
    let state = comment.visibility.as_str();
    let name = match comment.visibility {
        Visibility::Shown => texts.get("state-shown"),
        Visibility::Removed => texts.get("state-removed"),
        _ => texts.get("state-pending"),
    };
    let page = format!("/blog/{}#comment-{}", comment.slug.url_path(), comment.id);
    view! {
        <li class="admin-item" data-state=state>
            <p class="comment-head">
                <bdi class="comment-author">{author_name(texts, &comment.author)}</bdi>
                {comment.badge.as_ref().map(|badge| view! { " " <span class="badge">{badge.to_string()}</span> })}
                " "
                {with_markup(
                    texts,
                    "comment-on",
                    |_| view! { <a href=page.clone() dir="auto">{item.post_title.clone()}</a> }.into_any(),
                )}
                " "
                <time datetime=text::html_datetime(at) title=texts.utc_date_time(at)>
                    {texts.utc_date_time(at)}
                </time>
                " "
                <span class="state">{name}</span>
                {comment.parent.map(|_| view! { " " <span class="state">{texts.get("state-reply")}</span> })}
            </p>
            <p class="admin-text" dir="auto">{comment.body.clone()}</p>
            <form method="post" action=format!("/admin/comments/{}", comment.id)>
                {only_pending.then(|| view! { <input type="hidden" name="only" value="waiting" /> })}
                {buttons(texts, comment.visibility)}
            </form>
        </li>
    }
    .into_any()
}

fn buttons(texts: &Texts, visibility: Visibility) -> AnyView {
    let show = match visibility {
        Visibility::Shown => None,
        Visibility::Removed => Some(texts.get("restore")),
        _ => Some(texts.get("approve")),
    };
    let remove = (visibility != Visibility::Removed).then(|| texts.get("remove"));
    view! {
        {show
            .map(|name| {
                view! {
                    <button type="submit" class="button" name="verdict" value="shown">
                        {name}
                    </button>
                }
            })}
        {remove
            .map(|name| {
                view! {
                    <button type="submit" class="button quiet" name="verdict" value="removed">
                        {name}
                    </button>
                }
            })}
    }
    .into_any()
}
