//! All tags, and all series.

use horizon_texts::Texts;
use leptos::prelude::*;

use crate::{SeriesCount, TagCount, language::PageLanguage};

/// `/tags`
pub(in crate::pages) fn all_tags(language: &PageLanguage, tags: &[TagCount]) -> AnyView {
    let texts = &language.texts;
    let link = |tag: &TagCount| {
        view! {
            <li>
                <a href=tag.tag.url()>{tag_name(texts, tag)}</a>
            </li>
        }
    };
    let links = tags.iter().map(link).collect_view();
    view! {
        <main id="eh-main" class="list-page">
            <h1>{texts.get("all-tags")}</h1>
            {(!tags.is_empty()).then(|| view! { <ul class="tags">{links}</ul> })}
            {more(texts)}
        </main>
    }
    .into_any()
}

/// `/series`
pub(in crate::pages) fn all_series(language: &PageLanguage, series: &[SeriesCount]) -> AnyView {
    let texts = &language.texts;
    let link = |one: &SeriesCount| {
        view! {
            <li>
                <a href=one.series.url() dir="auto">
                    {one.series.name.clone()}
                </a>
                " "
                <span class="count">{texts.with("posts-count", &[("count", one.count.into())])}</span>
            </li>
        }
    };
    let links = series.iter().map(link).collect_view();
    view! {
        <main id="eh-main" class="list-page">
            <h1>{texts.get("series-all")}</h1>
            {(!series.is_empty()).then(|| view! { <ul class="post-links">{links}</ul> })}
            {more(texts)}
        </main>
    }
    .into_any()
}

/// The name of a tag with the number of its posts.
pub(super) fn tag_name(texts: &Texts, tag: &TagCount) -> AnyView {
    view! {
        <bdi>{tag.tag.name.clone()}</bdi>
        " "
        <span class="count">{texts.number(u64::try_from(tag.count).unwrap_or(u64::MAX))}</span>
    }
    .into_any()
}

/// The link to all posts.
pub(super) fn more(texts: &Texts) -> AnyView {
    view! {
        <p class="more">
            <a href="/blog">{texts.get("all-posts")}</a>
        </p>
    }
    .into_any()
}
