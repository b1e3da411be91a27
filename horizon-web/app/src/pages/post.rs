//! A post: its text, its numbers, what readers say.

use leptos::prelude::*;

use super::{comments, heart, likes, number, tags};
use crate::{
    Link, PostHead, PostPage, TocEntry,
    islands::{Comments, LikeButton, LiveNumbers},
    text,
};

/// `/blog/{slug}`
pub(super) fn post(page: &PostPage) -> AnyView {
    let post = &page.post;
    let comments = comments::comments(page);
    view! {
        <main id="main" class="post-page" data-slug=post.slug.clone()>
            <article class="post">
                <header class="post-head">
                    {meta(post)} <h1>{post.title.clone()}</h1> <p class="lede">{post.description.clone()}</p>
                    {numbers(page)}
                </header>
                {cover(post)}
                {toc(&page.toc)}
                <div class="prose" inner_html=page.html.clone()></div>
                <footer class="post-foot">{like(page)} {tags(&post.tags)}</footer>
            </article>
            {neighbours(page)}
            <Comments>{comments}</Comments>
        </main>
    }
    .into_any()
}

/// When a post was published, and how long it takes to read.
pub(super) fn meta(post: &PostHead) -> AnyView {
    let at = post.date.as_millis();
    let minutes = post.reading_minutes.max(1);
    view! {
        <p class="meta">
            <time datetime=text::machine(at)>{text::day(at)}</time>
            " · "
            {minutes}
            " min read"
        </p>
    }
    .into_any()
}

fn numbers(page: &PostPage) -> AnyView {
    let numbers = page.numbers;
    view! {
        <LiveNumbers>
            <ul class="numbers" aria-label="Numbers">
                <li class="now">{number("viewers", numbers.viewers, "reading now", "reading now")}</li>
                <li>{number("visits", numbers.visits, "view", "views")}</li>
                <li>{likes(numbers.likes)}</li>
                <li>
                    <a href="#comments">{number("comments", numbers.comments, "comment", "comments")}</a>
                </li>
            </ul>
        </LiveNumbers>
    }
    .into_any()
}

fn cover(post: &PostHead) -> Option<AnyView> {
    let cover = post.cover.clone()?;
    let caption = cover
        .caption
        .map(|caption| view! { <figcaption>{caption}</figcaption> });
    Some(
        view! {
            <figure class="cover">
                <img src=cover.image alt=cover.alt decoding="async" />
                {caption}
            </figure>
        }
        .into_any(),
    )
}

fn toc(entries: &[TocEntry]) -> Option<AnyView> {
    let link = |entry: &TocEntry| {
        view! {
            <li class=format!("toc-{}", entry.level)>
                <a href=format!("#{}", entry.id)>{entry.text.clone()}</a>
            </li>
        }
    };
    let links: Vec<_> = entries.iter().map(link).collect();
    (!links.is_empty()).then(|| {
        view! {
            <nav class="toc" aria-label="Contents">
                <details open>
                    <summary>"Contents"</summary>
                    <ol>{links}</ol>
                </details>
            </nav>
        }
        .into_any()
    })
}

fn like(page: &PostPage) -> AnyView {
    let slug = page.post.slug.clone();
    let (liked, likes) = (page.liked, page.numbers.likes);
    let id = page.like_id.to_string();
    view! {
        <LikeButton>
            <form class="like" method="post" action=format!("/horizon/likes/{slug}") data-like>
                <input type="hidden" name="liked" value=if liked { "false" } else { "true" } autocomplete="off" />
                <input type="hidden" name="id" value=id autocomplete="off" />
                <input type="hidden" name="back" value=format!("/blog/{slug}") />
                <button type="submit" data-horizon="like" aria-pressed=if liked { "true" } else { "false" }>
                    {heart()}
                    " Like "
                    <span class="count" data-horizon="likes">{text::grouped(likes)}</span>
                </button>
                " "
                <span class="form-status" role="status"></span>
            </form>
        </LikeButton>
    }
    .into_any()
}

fn neighbours(page: &PostPage) -> Option<AnyView> {
    let link = |link: &Option<Link>, class: &'static str, rel: &'static str, name: &'static str| {
        let link = link.clone()?;
        Some(view! {
            <a class=class rel=rel href=link.href>
                <span class="eyebrow">{name}</span>
                " "
                <span>{link.title}</span>
            </a>
        })
    };
    let older = link(&page.older, "older", "prev", "Older");
    let newer = link(&page.newer, "newer", "next", "Newer");
    (page.older.is_some() || page.newer.is_some()).then(|| {
        view! {
            <nav class="neighbours" aria-label="Other posts">
                {older}
                {newer}
            </nav>
        }
        .into_any()
    })
}
