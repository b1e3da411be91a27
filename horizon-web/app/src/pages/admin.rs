//! The author's desk and the way into it.

use horizon_core::Visibility;
use leptos::prelude::*;

use crate::{Desk, DeskComment, FileProblem, Login, text};

/// The way into the desk.
pub(super) fn login(login: &Login) -> AnyView {
    let error = login.error.clone();
    view! {
        <main id="main" class="text-page">
            <h1>"Sign in"</h1>
            <form class="form" method="post" action="/admin/login">
                {error.map(|error| view! { <p class="form-status" role="alert">{error}</p> })}
                <label for="token">"Token"</label>
                <input id="token" type="password" name="token" required autocomplete="current-password" />
                <p class="hint">"What "<code>"HORIZON_ADMIN_TOKEN"</code>" was set to when the server was started."</p>
                <button type="submit" class="button">
                    "Sign in"
                </button>
            </form>
        </main>
    }
    .into_any()
}

/// The newest comments of all posts.
pub(super) fn desk(desk: &Desk) -> AnyView {
    let only = desk.only_waiting;
    let current = |on: bool| on.then_some("true");
    let items = desk.comments.iter().map(|comment| item(comment, only)).collect_view();
    let older = desk.older.clone();
    view! {
        <main id="main" class="desk">
            <h1>"Comments"</h1>
            <div class="desk-bar">
                <ul class="tags" aria-label="Which comments">
                    <li>
                        <a href="/admin" aria-current=current(!only)>
                            "All"
                        </a>
                    </li>
                    <li>
                        <a href="/admin?only=waiting" aria-current=current(only)>
                            "Waiting"
                        </a>
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
            {problems(desk)}
            {desk.comments.is_empty().then(|| view! { <p class="nothing">"There is nothing here."</p> })}
            <ol class="desk-list">{items}</ol>
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

/// The files that cannot be shown; nothing if there are none.
fn problems(desk: &Desk) -> Option<AnyView> {
    let problem = |problem: &FileProblem| {
        view! {
            <li class="desk-item">
                <p class="comment-head">
                    <code>{problem.place.clone()}</code>
                    {problem
                        .is_last_good_shown
                        .then(|| view! { " " <span class="state">"The last good version is shown"</span> })}
                </p>
                <p class="desk-text">{problem.reason.clone()}</p>
            </li>
        }
    };
    let items = desk.problems.iter().map(problem).collect_view();
    let more = desk.more_problems;
    let view = view! {
        <section aria-labelledby="problems">
            <h2 id="problems">"Posts that cannot be shown"</h2>
            <ul class="desk-list">{items}</ul>
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
    (!desk.problems.is_empty()).then(|| view.into_any())
}

fn item(item: &DeskComment, only_waiting: bool) -> AnyView {
    let comment = &item.comment;
    let at = comment.at.as_millis();
    let state = comment.visibility.as_str();
    let name = match comment.visibility {
        Visibility::Shown => "Shown",
        Visibility::Removed => "Removed",
        _ => "Waiting",
    };
    let page = format!("/blog/{}#comment-{}", comment.slug, comment.id);
    view! {
        <li class="desk-item" data-state=state>
            <p class="comment-head">
                <span class="comment-author">{text::author(&comment.author).to_owned()}</span>
                " on "
                <a href=page>{item.post_title.clone()}</a>
                " "
                <time datetime=text::machine(at) title=text::moment(at)>
                    {text::moment(at)}
                </time>
                " "
                <span class="state">{name}</span>
                {comment.parent.map(|_| view! { " " <span class="state">"Reply"</span> })}
            </p>
            <p class="desk-text">{comment.body.clone()}</p>
            <form method="post" action=format!("/admin/comments/{}", comment.id)>
                {only_waiting.then(|| view! { <input type="hidden" name="only" value="waiting" /> })}
                {verdicts(comment.visibility)}
            </form>
        </li>
    }
    .into_any()
}

/// What the author can do to a comment in this state.
fn verdicts(visibility: Visibility) -> AnyView {
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
