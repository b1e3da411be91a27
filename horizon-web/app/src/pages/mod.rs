//! What stands inside the document, one file a page.

mod admin;
pub(crate) mod cluster;
mod comments;
mod extra;
mod lists;
mod post;

use leptos::prelude::*;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::{
    Page, Site, Tag,
    blanks::{Figure, Marks},
};

/// What a path or a query does not carry as it is (RFC 3986 §2.3).
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// The `main` of `page`.
pub(crate) fn body(site: &Site, page: &Page, marks: &Marks) -> AnyView {
    match page {
        Page::Home(home) => lists::home(site, home).into_any(),
        Page::Blog(index) => lists::blog(index).into_any(),
        Page::Tag(page) => lists::tag(page).into_any(),
        Page::Post(page) => post::post(page, marks).into_any(),
        Page::Extra(page) => extra::extra(page).into_any(),
        Page::NotFound => extra::not_found().into_any(),
        Page::Error(error) => extra::error(error).into_any(),
        Page::Login(login) => admin::login(login).into_any(),
        Page::Desk(desk) => admin::desk(desk).into_any(),
        Page::Cluster(cluster) => cluster::page(site, cluster).into_any(),
    }
    .into_any()
}

/// A number with its word beside it. `hook` is how the islands find it.
pub(crate) fn number(hook: &'static str, figure: Figure) -> AnyView {
    view! {
        <span data-horizon=hook>{figure.number}</span>
        " "
        <span data-one=figure.one data-many=figure.many>
            {figure.word}
        </span>
    }
    .into_any()
}

/// The path of a tag's page.
pub(crate) fn tag_address(slug: &str) -> String {
    format!("/tags/{}", encoded(slug))
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

/// The tags of a post, as links.
fn tags(tags: &[Tag]) -> Option<AnyView> {
    let link = |tag: &Tag| {
        view! {
            <li>
                <a href=tag_address(&tag.slug)>{tag.name.clone()}</a>
            </li>
        }
    };
    let links: Vec<_> = tags.iter().map(link).collect();
    (!links.is_empty()).then(|| view! { <ul class="tags" aria-label="Tags">{links}</ul> }.into_any())
}

/// Likes, with a heart that says what they are to who sees it.
fn likes(figure: Figure) -> AnyView {
    view! {
        {heart()}
        " "
        <span data-horizon="likes">{figure.number}</span>
        " "
        <span class="visually-hidden" data-one=figure.one data-many=figure.many>
            {figure.word}
        </span>
    }
    .into_any()
}

fn heart() -> AnyView {
    view! {
        <svg class="heart" viewBox="0 0 24 24" aria-hidden="true">
            <path d="M12 20.3 4.4 12.8a4.9 4.9 0 0 1 0-7 4.9 4.9 0 0 1 6.9 0l.7.7.7-.7a4.9 4.9 0 0 1 6.9 0 4.9 4.9 0 0 1 0 7z" />
        </svg>
    }
    .into_any()
}
