//! A post: its text, its numbers, what readers say.

use leptos::prelude::*;

use super::{comments, heart, likes, number, tags};
use crate::{
    Blank, Count, Link, PostHead, PostPage, TocEntry,
    blanks::{Figure, Marks},
    islands::{Comments, LikeButton, LiveNumbers},
    text,
};

/// `/blog/{slug}`
pub(super) fn post(page: &PostPage, marks: &Marks) -> AnyView {
    let post = &page.post;
    let comments = comments::comments(page, marks);
    view! {
        <main id="main" class="post-page" data-slug=post.slug.clone()>
            <article class="post">
                <header class="post-head">
                    {meta(post)} <h1>{post.title.clone()}</h1> <p class="lede">{post.description.clone()}</p>
                    {numbers(marks)}
                </header>
                {cover(post)}
                {toc(&page.toc)}
                <div class="prose" inner_html=page.html.clone()></div>
                <footer class="post-foot">{like(page, marks)} {tags(&post.tags)}</footer>
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

fn numbers(marks: &Marks) -> AnyView {
    let viewers = Figure::blank(marks, Count::Viewers, "reading now", "reading now");
    let visits = Figure::blank(marks, Count::Visits, "view", "views");
    let liked = Figure::blank(marks, Count::Likes, "like", "likes");
    let comments = Figure::blank(marks, Count::Comments, "comment", "comments");
    let list = view! {
        <ul class="numbers" aria-label="Numbers">
            <li class="now">{number("viewers", viewers)}</li>
            <li>{number("visits", visits)}</li>
            <li>{likes(liked)}</li>
            <li>
                <a href="#comments">{number("comments", comments)}</a>
            </li>
        </ul>
    }
    .into_any();
    view! { <LiveNumbers>{list}</LiveNumbers> }.into_any()
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

fn like(page: &PostPage, marks: &Marks) -> AnyView {
    let slug = page.post.slug.clone();
    let form = view! {
        <form class="like" method="post" action=format!("/horizon/likes/{slug}") data-like>
            <input type="hidden" name="liked" value=marks.mark(Blank::NotLiked) autocomplete="off" />
            <input type="hidden" name="id" value=marks.mark(Blank::LikeId) autocomplete="off" />
            <input type="hidden" name="back" value=format!("/blog/{slug}") />
            <button type="submit" data-horizon="like" aria-pressed=marks.mark(Blank::LikeOutcome)>
                {heart()}
                " Like "
                <span class="count" data-horizon="likes">{marks.mark(Blank::Grouped(Count::Likes))}</span>
            </button>
            " "
            <span class="form-status" role="status"></span>
        </form>
    }
    .into_any();
    view! { <LikeButton>{form}</LikeButton> }.into_any()
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
