//! Markdown pages that are not posts, and errors.

use leptos::prelude::*;

use super::lede;
use crate::ErrorPage;

pub(super) fn markdown(page: &horizon_posts::MarkdownPage) -> AnyView {
    view! {
        <main id="eh-main" class="text-page" data-horizon="links">
            <h1>{page.title.clone()}</h1>
            {lede(page.lede())}
            <div class="prose" inner_html=page.html().to_owned()></div>
        </main>
    }
    .into_any()
}

/// Status 404.
pub(super) fn not_found() -> AnyView {
    let posts = view! {
        <a class="button" href="/blog">
            "All posts"
        </a>
        " "
    };
    message(
        "404",
        "Page not found",
        "There is no page at this address.",
        Some(posts.into_any()),
    )
}

pub(super) fn error(error: &ErrorPage) -> AnyView {
    message(&error.status.to_string(), &error.title, &error.detail, None)
}

fn message(status: &str, title: &str, detail: &str, link: Option<AnyView>) -> AnyView {
    view! {
        <main id="eh-main" class="text-page error-page">
            <p class="eyebrow">{status.to_owned()}</p>
            <h1>{title.to_owned()}</h1>
            <p class="lede">{detail.to_owned()}</p>
            <p>
                {link}
                <a class="button quiet" href="/">
                    "Home page"
                </a>
            </p>
        </main>
    }
    .into_any()
}
