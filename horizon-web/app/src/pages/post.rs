//! A post with its numbers and comments.

use std::sync::Arc;

use horizon_posts::{Picture, Post, TocEntry};
use leptos::prelude::*;

use super::{comments, heart, lede, likes, number, tags};
use crate::{
    Count, PostPage, Slot,
    islands::{Comments, LikeButton, LiveNumbers},
    slots::{CountLabel, SlotMarkers},
    text,
};

/// `/blog/{slug}`
pub(super) fn post(page: &PostPage, markers: &SlotMarkers) -> AnyView {
    let post = &page.post;
    let comments = comments::comments(page, markers);
    view! {
        <main id="eh-main" class="post-page" data-slug=post.slug.to_string() data-horizon="links">
            <article class="post">
                <header class="post-head">
                    {meta(post)} <h1>{post.title.clone()}</h1> {lede(post.lede())} {numbers(markers)}
                </header>
                {cover(post)}
                {post.show_toc.then(|| toc(post.toc()))}
                <div class="prose" inner_html=post.html().to_owned()></div>
                <footer class="post-foot">{like(post, markers)} {tags(&post.tags)}</footer>
            </article>
            {neighbours(page)}
            <Comments>{comments}</Comments>
        </main>
    }
    .into_any()
}

/// The date of publication and the reading time.
pub(super) fn meta(post: &Post) -> AnyView {
    let at = post.date.unix_millis();
    let minutes = post.reading_minutes();
    view! {
        <p class="meta">
            <time datetime=text::html_datetime(at)>{text::date(at)}</time>
            " · "
            {minutes}
            " min read"
        </p>
    }
    .into_any()
}

fn numbers(markers: &SlotMarkers) -> AnyView {
    let viewers = CountLabel::slot(markers, Count::Viewers, "reading now", "reading now");
    let visits = CountLabel::slot(markers, Count::Visits, "view", "views");
    let liked = CountLabel::slot(markers, Count::Likes, "like", "likes");
    let comments = CountLabel::slot(markers, Count::Comments, "comment", "comments");
    let list = view! {
        <ul class="numbers" aria-label="Numbers">
            <li class=markers.marker(Slot::NowClass(Count::Viewers))>{number("viewers", viewers)}</li>
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

fn cover(post: &Post) -> Option<AnyView> {
    let cover = post.cover.clone()?;
    let picture = post.cover_picture();
    let srcset = picture.as_ref().and_then(Picture::srcset);
    let sizes = srcset.as_ref().and(picture.as_ref()).map(Picture::prose_sizes);
    let (width, height) = (
        picture.as_ref().map(|it| it.width),
        picture.as_ref().map(|it| it.height),
    );
    let caption = cover
        .caption
        .map(|caption| view! { <figcaption>{caption}</figcaption> });
    Some(
        view! {
            <figure class="cover">
                <img
                    src=cover.image
                    srcset=srcset
                    sizes=sizes
                    width=width
                    height=height
                    alt=cover.alt
                    fetchpriority="high"
                />
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

fn like(post: &Post, markers: &SlotMarkers) -> AnyView {
    let form = view! {
        <form
            class="like"
            method="post"
            action=format!("/horizon/likes/{}", post.slug.url_path())
            autocomplete="off"
            data-like
        >
            <input type="hidden" name="liked" value=markers.marker(Slot::NotLiked) />
            <input type="hidden" name="id" value=markers.marker(Slot::LikeId) />
            <input type="hidden" name="back" value=post.url() />
            <button type="submit" data-horizon="like" aria-pressed=markers.marker(Slot::Liked)>
                {heart()}
                " Like "
                <span class="count" data-horizon="likes">{markers.marker(Slot::Number(Count::Likes))}</span>
            </button>
            " "
            <span class="form-status" role="status"></span>
        </form>
    }
    .into_any();
    view! { <LikeButton>{form}</LikeButton> }.into_any()
}

fn neighbours(page: &PostPage) -> Option<AnyView> {
    let link = |post: &Option<Arc<Post>>, class: &'static str, rel: &'static str, name: &'static str| {
        let post = post.as_ref()?;
        Some(view! {
            <a class=class rel=rel href=post.url()>
                <span class="eyebrow">{name}</span>
                " "
                <span>{post.title.clone()}</span>
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
