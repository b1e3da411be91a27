//! Markdown pages that are not posts, and errors.

use horizon_texts::Texts;
use leptos::prelude::*;

use super::{draft_mark, lede, updated_on};
use crate::{ErrorPage, language::PageLanguage};

pub(super) fn markdown(page: &horizon_posts::MarkdownPage, language: &PageLanguage) -> AnyView {
    let (lang, dir) = language.attributes(page.language.as_ref());
    view! {
        <main id="eh-main" class="text-page" lang=lang dir=dir data-horizon="links">
            <h1>{page.title.clone()}</h1>
            {lede(page.lede(), None, None)}
            {meta(page, &language.texts)}
            <div
                class="prose"
                data-copy-code=language.texts.get("copy-code")
                data-code-copied=language.texts.get("code-copied")
                data-code-copy-failed=language.texts.get("code-copy-failed")
                inner_html=page.html()
            ></div>
        </main>
    }
    .into_any()
}

/// The mark of a draft and the date of the last change.
fn meta(page: &horizon_posts::MarkdownPage, texts: &Texts) -> Option<AnyView> {
    let updated = page.updated.map(|update| updated_on(texts, update));
    (page.draft || updated.is_some())
        .then(|| view! { <p class="meta">{draft_mark(texts, page.draft)} {updated}</p> }.into_any())
}

/// Status 404.
pub(super) fn not_found(texts: &Texts) -> AnyView {
    let posts = view! {
        <a class="button" href="/blog">
            {texts.get("all-posts")}
        </a>
        " "
    };
    message(
        texts,
        "404",
        texts.get("not-found"),
        texts.get("not-found-detail"),
        Some(posts.into_any()),
    )
}

pub(super) fn error(texts: &Texts, error: &ErrorPage) -> AnyView {
    message(texts, &error.status.to_string(), &error.title, &error.detail, None)
}

fn message(texts: &Texts, status: &str, title: &str, detail: &str, link: Option<AnyView>) -> AnyView {
    view! {
        <main id="eh-main" class="text-page error-page">
            <p class="eyebrow">{status.to_owned()}</p>
            <h1>{title.to_owned()}</h1>
            <p class="lede">{detail.to_owned()}</p>
            <p>
                {link}
                <a class="button quiet" href="/">
                    {texts.get("home-page")}
                </a>
            </p>
        </main>
    }
    .into_any()
}
