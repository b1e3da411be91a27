//! The sign-in form and the moderation page.

use horizon_core::Visibility;
use horizon_posts::{Diagnostic, DiagnosticEffect, Diagnostics};
use leptos::prelude::*;

use crate::{LoginPage, ModerationItem, ModerationPage, text};

/// How many diagnostics the page shows.
const MAX_DIAGNOSTICS: usize = 50;

pub(super) fn login(page: &LoginPage) -> AnyView {
    let LoginPage {
        error,
        back,
        token_path,
    } = page.clone();
    let continuation = back.clone().map(signed_in);
    view! {
        <main id="eh-main" class="text-page">
            <h1>"Sign in"</h1>
            <form class="form" method="post" action="/admin/login">
                {error.map(|error| view! { <p class="form-status" role="alert">{error}</p> })}
                {back.map(|back| view! { <input type="hidden" name="back" value=back /> })}
                <label for="eh-token">"Token"</label>
                <input id="eh-token" type="password" name="token" required autocomplete="current-password" />
                <p class="hint">"The value of "<code>"HORIZON_ADMIN_TOKEN"</code>" on the server."</p>
                <button type="submit" class="button">
                    "Sign in"
                </button>
            </form>
            {continuation}
            {token_path.map(|path| view! { <p class="hint"><a href=path>"I have a token for the reports"</a></p> })}
        </main>
    }
    .into_any()
}

/// Returns the link for an author who came from another site: the browser sends the cookie of the session only with
/// requests of this site.
fn signed_in(back: String) -> AnyView {
    view! {
        <p class="hint">"Signed in already? " <a href=back>"Continue"</a></p>
    }
    .into_any()
}

pub(super) fn moderation(page: &ModerationPage) -> AnyView {
    let only = page.only_pending;
    let current = |on: bool| on.then_some("true");
    let items = page.comments.iter().map(|comment| item(comment, only)).collect_view();
    let older = page.older.clone();
    view! {
        <main id="eh-main" class="admin">
            <h1>"Comments"</h1>
            <div class="admin-bar">
                <ul class="tags" aria-label="Which comments">
                    <li>
                        <a href="/admin" aria-current=current(!only)>
                            "All"
                        </a>
                    </li>
                    <li>
                        <a href="/admin?only=waiting" aria-current=current(only)>
                            "Pending"
                        </a>
                    </li>
                    <li>
                        <a href="/horizon/dashboard">"Dashboard"</a>
                    </li>
                    <li>
                        <a href="/cluster">"Cluster"</a>
                    </li>
                </ul>
                <form method="post" action="/admin/logout">
                    <button type="submit" class="button quiet">
                        "Sign out"
                    </button>
                </form>
            </div>
            {content_errors(&page.errors)}
            {page.comments.is_empty().then(|| view! { <p class="nothing">"There are no comments."</p> })}
            <ol class="admin-list">{items}</ol>
            {older
                .map(|href| {
                    view! {
                        <p class="more">
                            <a href=href>"Older comments"</a>
                        </p>
                    }
                })}
        </main>
    }
    .into_any()
}

fn content_errors(errors: &Diagnostics) -> Option<AnyView> {
    let item = |error: &Diagnostic| {
        view! {
            <li class="admin-item">
                <p class="comment-head">
                    <code>{error.location()}</code>
                    {(error.effect == DiagnosticEffect::LastGoodShown)
                        .then(|| view! { " " <span class="state">"The last good version is shown"</span> })}
                </p>
                <p class="admin-text">{error.reason.clone()}</p>
            </li>
        }
    };
    let items = errors.iter().take(MAX_DIAGNOSTICS).map(item).collect_view();
    let more = errors.len().saturating_sub(MAX_DIAGNOSTICS);
    let view = view! {
        <section aria-labelledby="eh-problems">
            <h2 id="eh-problems">"Posts that cannot be shown"</h2>
            <ul class="admin-list">{items}</ul>
            {(more > 0)
                .then(|| {
                    view! {
                        <p class="more">
                            {more} " more. " <code>"horizon-web check"</code> " lists all of them."
                        </p>
                    }
                })}
        </section>
    };
    (!errors.is_empty()).then(|| view.into_any())
}

fn item(item: &ModerationItem, only_pending: bool) -> AnyView {
    let comment = &item.comment;
    let at = comment.at.as_millis();
    let state = comment.visibility.as_str();
    let name = match comment.visibility {
        Visibility::Shown => "Shown",
        Visibility::Removed => "Removed",
        _ => "Pending",
    };
    let page = format!("/blog/{}#comment-{}", comment.slug.url_path(), comment.id);
    view! {
        <li class="admin-item" data-state=state>
            <p class="comment-head">
                <span class="comment-author">{text::author_name(&comment.author).to_owned()}</span>
                {comment.badge.as_ref().map(|badge| view! { " " <span class="badge">{badge.to_string()}</span> })}
                " on "
                <a href=page>{item.post_title.clone()}</a>
                " "
                <time datetime=text::html_datetime(at) title=text::date_time(at)>
                    {text::date_time(at)}
                </time>
                " "
                <span class="state">{name}</span>
                {comment.parent.map(|_| view! { " " <span class="state">"Reply"</span> })}
            </p>
            <p class="admin-text">{comment.body.clone()}</p>
            <form method="post" action=format!("/admin/comments/{}", comment.id)>
                {only_pending.then(|| view! { <input type="hidden" name="only" value="waiting" /> })}
                {buttons(comment.visibility)}
            </form>
        </li>
    }
    .into_any()
}

fn buttons(visibility: Visibility) -> AnyView {
    let show = match visibility {
        Visibility::Shown => None,
        Visibility::Removed => Some("Restore"),
        _ => Some("Approve"),
    };
    let remove = (visibility != Visibility::Removed).then_some("Remove");
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
