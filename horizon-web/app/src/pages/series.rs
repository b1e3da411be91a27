//! The series of a post.

use std::sync::Arc;

use horizon_posts::Post;
use leptos::prelude::*;

use crate::{SeriesPart, language::PageLanguage};

/// The maximum number of parts that a post lists. The page of the series lists all of them.
const MAX_PARTS: usize = 50;

/// Which part of which series the post is, with links to the other parts.
pub(super) fn part(language: &PageLanguage, part: &SeriesPart) -> Option<AnyView> {
    let (texts, count) = (&language.texts, part.posts.len());
    if count < 2 {
        return None;
    }
    let numbers = [("part", (part.part + 1).into()), ("count", count.into())];
    let item = |(at, post): (usize, &Arc<Post>)| {
        let (lang, dir) = language.attributes(post.language.as_ref());
        let current = (at == part.part).then_some("page");
        view! {
            <li>
                <a href=post.url() aria-current=current lang=lang dir=dir>
                    {post.title.clone()}
                </a>
            </li>
        }
    };
    let parts = (count <= MAX_PARTS).then(|| part.posts.iter().enumerate().map(item).collect_view());
    let view = view! {
        <nav class="series" aria-label=texts.get("series")>
            <p>
                <a href=part.series.url() dir="auto">
                    {part.series.name.clone()}
                </a>
            </p>
            <details>
                <summary>{texts.with("series-part", &numbers)}</summary>
                <ol>{parts}</ol>
            </details>
        </nav>
    };
    Some(view.into_any())
}

/// Links to the parts before and after the post.
pub(super) fn neighbours(language: &PageLanguage, part: &SeriesPart) -> Option<AnyView> {
    let texts = &language.texts;
    let link = |post: Option<&Arc<Post>>, class: &'static str, name: &'static str| {
        let post = post?;
        let (lang, dir) = language.attributes(post.language.as_ref());
        Some(view! {
            <a class=class href=post.url()>
                <span class="eyebrow">{texts.get(name)}</span>
                " "
                <span lang=lang dir=dir>
                    {post.title.clone()}
                </span>
            </a>
        })
    };
    let previous = part.part.checked_sub(1).and_then(|at| part.posts.get(at));
    let previous = link(previous, "older", "previous");
    let next = link(part.posts.get(part.part + 1), "newer", "next");
    let name = format!("{}: {}", texts.get("series"), part.series.name);
    (previous.is_some() || next.is_some()).then(|| {
        view! {
            <nav class="neighbours" aria-label=name>
                {previous}
                {next}
            </nav>
        }
        .into_any()
    })
}
