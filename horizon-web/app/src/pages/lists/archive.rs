//! The posts by year.

use std::sync::Arc;

use horizon_posts::Post;
use horizon_texts::Texts;
use leptos::prelude::*;

use super::pagination;
use crate::{ArchivePage, ArchiveYear, language::PageLanguage};

/// `/archive` and `/archive/{year}`
pub(in crate::pages) fn archive(language: &PageLanguage, archive: &ArchivePage) -> AnyView {
    let texts = &language.texts;
    let years = archive.years.iter().map(|year| section(language, year)).collect_view();
    let title = title(texts, archive);
    let pages = archive
        .of_year
        .and_then(|page| pagination(texts, page, |page| archive.url(page)));
    let all = archive.of_year.map(|_| {
        view! {
            <a href="/archive">{texts.get("archive")}</a>
            " · "
        }
    });
    view! {
        <main id="eh-main" class="list-page">
            <h1>{title}</h1>
            {archive.years.is_empty().then(|| view! { <p class="nothing">{texts.get("no-posts-yet")}</p> })}
            {years}
            {pages}
            <p class="more">{all} <a href="/blog">{texts.get("all-posts")}</a></p>
        </main>
    }
    .into_any()
}

/// Returns the title of the page.
pub(crate) fn title(texts: &Texts, archive: &ArchivePage) -> String {
    match archive.years.first().filter(|_| archive.of_year.is_some()) {
        Some(year) => texts.with("archive-year", &[("year", year_name(texts, year).into())]),
        None => texts.get("archive").to_owned(),
    }
}

fn section(language: &PageLanguage, year: &ArchiveYear) -> AnyView {
    let texts = &language.texts;
    let posts = year.posts.iter().map(|post| item(language, post)).collect_view();
    view! {
        <section class="archive-year">
            <h2>
                <a href=year.url()>{year_name(texts, year)}</a>
                " "
                <span class="count">{texts.with("posts-count", &[("count", year.count.into())])}</span>
            </h2>
            {(!year.posts.is_empty()).then(|| view! { <ul class="post-links">{posts}</ul> })}
        </section>
    }
    .into_any()
}

fn item(language: &PageLanguage, post: &Arc<Post>) -> AnyView {
    let (lang, dir) = language.attributes(post.language.as_ref());
    view! {
        <li>
            {crate::pages::date(&language.texts, post.date)}
            " "
            <a href=post.url() lang=lang dir=dir>
                {post.title.clone()}
            </a>
        </li>
    }
    .into_any()
}

fn year_name(texts: &Texts, year: &ArchiveYear) -> String {
    let number = year.year.parse().map(|number| texts.ungrouped(number));
    number.unwrap_or_else(|_| year.year.clone())
}
