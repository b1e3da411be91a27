//! Pages that are no posts, and those that say that there is none.

use leptos::prelude::*;

use crate::{ErrorPage, ExtraPage};

/// A page from Markdown.
pub(super) fn extra(page: &ExtraPage) -> AnyView {
    view! {
        <main id="main" class="text-page">
            <h1>{page.title.clone()}</h1>
            <div class="prose" inner_html=page.html.clone()></div>
        </main>
    }
    .into_any()
}

/// Status 404.
pub(super) fn not_found() -> AnyView {
    view! {
        <main id="main" class="text-page lost">
            <p class="eyebrow">"404"</p>
            <h1>"Past the horizon"</h1>
            <p class="lede">"There is no page at this address. If there was one, its light does not reach us any more."</p>
            <p>
                <a class="button" href="/blog">
                    "All posts"
                </a>
                " "
                <a class="button quiet" href="/">
                    "Start page"
                </a>
            </p>
        </main>
    }
    .into_any()
}

/// Something went wrong.
pub(super) fn error(error: &ErrorPage) -> AnyView {
    view! {
        <main id="main" class="text-page lost">
            <p class="eyebrow">{error.status}</p>
            <h1>{error.title.clone()}</h1>
            <p class="lede">{error.detail.clone()}</p>
            <p>
                <a class="button" href="/">
                    "Start page"
                </a>
            </p>
        </main>
    }
    .into_any()
}
