//! The `main` elements, one file for each kind of page.

mod admin;
pub(crate) mod cluster;
mod comments;
pub(crate) mod lists;
mod post;
mod series;
mod text_page;

use horizon_posts::{Date, Tag};
use horizon_texts::{TextPiece, Texts};
use leptos::prelude::*;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::{
    Site, View,
    language::PageLanguage,
    slots::{CountLabel, SlotMarkers},
    text,
};

/// The characters to percent-encode: all except the unreserved ones (RFC 3986 §2.3).
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Renders the `main` element of `view`.
pub(crate) fn main(site: &Site, view: &View, language: &PageLanguage, markers: &SlotMarkers) -> AnyView {
    let texts = &language.texts;
    match view {
        View::Home(posts) => lists::home(site, language, posts),
        View::Blog(index) => lists::blog(language, index),
        View::List(list) => lists::list(language, list),
        View::Tags(tags) => lists::all_tags(language, tags),
        View::AllSeries(series) => lists::all_series(language, series),
        View::Archive(archive) => lists::archive(language, archive),
        View::Post(page) => post::post(page, language, markers),
        View::Page(page) => text_page::markdown(page, language),
        View::NotFound => text_page::not_found(texts),
        View::Error(error) => text_page::error(texts, error),
        View::Login(page) => admin::login(texts, page),
        View::Moderation(page) => admin::moderation(texts, page),
        View::Cluster(cluster) => cluster::page(site, texts, cluster),
    }
}

/// A number with its unit. The islands find it by `name`.
pub(crate) fn number(name: &'static str, label: CountLabel) -> AnyView {
    view! {
        <span data-horizon=name>{label.number.clone()}</span>
        " "
        {unit(None, label)}
    }
    .into_any()
}

/// The unit of a number, with its other plural forms for the browser.
fn unit(class: Option<&'static str>, CountLabel { unit, forms, .. }: CountLabel) -> AnyView {
    let form = |category| forms.form(category).map(str::to_owned);
    // An attribute of the macro is `class=""` without a class.
    let span = leptos::html::span().attr("class", class);
    span.attr("data-zero", form("zero"))
        .attr("data-one", form("one"))
        .attr("data-two", form("two"))
        .attr("data-few", form("few"))
        .attr("data-many", form("many"))
        .attr("data-other", forms.other().to_owned())
        .child(unit)
        .into_any()
}

/// A text with markup in the places of its values.
fn with_markup(texts: &Texts, id: &'static str, mut markup: impl FnMut(&str) -> AnyView) -> Vec<AnyView> {
    let piece = |piece| match piece {
        TextPiece::Text(text) => text.into_any(),
        TextPiece::Place(name) => markup(&name),
    };
    texts.pieces(id, &[]).into_iter().map(piece).collect()
}

/// A day in the author's time zone.
fn date(texts: &Texts, date: Date) -> AnyView {
    let (year, month, day) = date.year_month_day();
    let time = text::html_datetime(date.unix_millis());
    view! { <time datetime=time>{texts.date(year, month, day)}</time> }.into_any()
}

/// The mark of a post or page that is not public and is shown by `--drafts`.
fn draft_mark(texts: &Texts, is_draft: bool) -> Option<AnyView> {
    is_draft.then(|| view! { <strong class="draft">{texts.get("draft")}</strong> " " }.into_any())
}

/// The date of the last change.
fn updated_on(texts: &Texts, update: Date) -> Vec<AnyView> {
    with_markup(texts, "updated-on", |_| date(texts, update))
}

/// Returns the path of a tag.
#[must_use]
pub fn tag_url(slug: &str) -> String {
    format!("/tags/{}", encoded(slug))
}

pub(crate) fn encoded(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

/// The text between the title and the body.
fn lede(lede: Option<&str>, lang: Option<String>, dir: Option<&'static str>) -> Option<AnyView> {
    let lede = lede?.to_owned();
    Some(view! { <p class="lede" lang=lang dir=dir>{lede}</p> }.into_any())
}

fn tags(texts: &Texts, tags: &[Tag]) -> Option<AnyView> {
    let link = |tag: &Tag| {
        view! {
            <li>
                <a href=tag_url(&tag.slug) dir="auto">{tag.name.clone()}</a>
            </li>
        }
    };
    let links: Vec<_> = tags.iter().map(link).collect();
    (!links.is_empty()).then(|| view! { <ul class="tags" aria-label=texts.get("tags")>{links}</ul> }.into_any())
}

/// The number of likes with a heart; the unit is for screen readers.
fn likes(label: CountLabel) -> AnyView {
    view! {
        {heart()}
        " "
        <span data-horizon="likes">{label.number.clone()}</span>
        " "
        {unit(Some("visually-hidden"), label)}
    }
    .into_any()
}

fn heart() -> AnyView {
    view! {
        <svg class="heart" viewBox="0 0 24 24" aria-hidden="true">
            <path d="M12 20.3 4.4 12.8a4.9 4.9 0 0 1 0-7 4.9 4.9 0 0 1 6.9 0l.7.7.7-.7a4.9 4.9 0 0 1 6.9 0 \
                     4.9 4.9 0 0 1 0 7z" />
        </svg>
    }
    .into_any()
}
