//! A post with its numbers and comments.

use std::sync::Arc;

use horizon_posts::{Picture, Post, TocEntry};
use horizon_texts::{TextUnit, Texts};
use leptos::prelude::*;

use super::{comments, date, draft_mark, heart, lede, likes, number, series, tags, updated_on};
use crate::{
    Count, PostPage, Slot,
    islands::{Comments, LikeButton, LiveNumbers},
    language::PageLanguage,
    slots::{CountLabel, SlotMarkers},
};

/// `/blog/{slug}`
pub(super) fn post(page: &PostPage, language: &PageLanguage, markers: &SlotMarkers) -> AnyView {
    let (post, texts) = (&page.post, &language.texts);
    // A draft has no numbers and no comments.
    let comments = (!post.draft).then(|| comments::comments(page, texts, markers));
    let comments = comments.map(|comments| view! { <Comments>{comments}</Comments> });
    let (lang, dir) = language.attributes(post.language.as_ref());
    view! {
        <main
            id="eh-main"
            class="post-page"
            data-slug=post.slug.to_string()
            data-horizon="links"
            data-offline=texts.get("error-offline")
            data-server=texts.get("error-server")
            data-too-many=texts.get("error-too-many")
            data-forbidden=texts.get("error-forbidden")
        >
            <article class="post">
                <header class="post-head">
                    {post_meta(texts, post)} <h1 lang=lang.clone() dir=dir>{post.title.clone()}</h1>
                    {lede(post.lede(), lang.clone(), dir)} {(!post.draft).then(|| numbers(texts, markers))}
                </header>
                {cover(post, lang.clone(), dir)}
                {page.series.as_ref().and_then(|part| series::part(language, part))}
                {post.show_toc.then(|| toc(texts, language, post))}
                <div
                    class="prose"
                    lang=lang
                    dir=dir
                    data-copy-code=texts.get("copy-code")
                    data-code-copied=texts.get("code-copied")
                    data-code-copy-failed=texts.get("code-copy-failed")
                    inner_html=post.html()
                ></div>
                <footer class="post-foot">
                    {(!post.draft).then(|| like(texts, post, markers))} {tags(texts, &post.tags)}
                </footer>
            </article>
            {translations(language, page)}
            {page.series.as_ref().and_then(|part| series::neighbours(language, part))}
            {neighbours(language, page)}
            {comments}
        </main>
    }
    .into_any()
}

/// The date of publication and the reading time, for a list.
pub(super) fn meta(texts: &Texts, post: &Post) -> AnyView {
    meta_line(texts, post, None)
}

/// The date of publication, the reading time and the date of the last change.
fn post_meta(texts: &Texts, post: &Post) -> AnyView {
    let updated = post.last_update().filter(|update| update.day() != post.date.day());
    meta_line(
        texts,
        post,
        updated.map(|update| view! { " · " {updated_on(texts, update)} }.into_any()),
    )
}

fn meta_line(texts: &Texts, post: &Post, updated: Option<AnyView>) -> AnyView {
    view! {
        <p class="meta">
            {draft_mark(texts, post.draft)}
            {date(texts, post.date)}
            " · "
            {texts.with("reading-minutes", &[("count", post.reading_minutes().into())])}
            {updated}
        </p>
    }
    .into_any()
}

fn numbers(texts: &Texts, markers: &SlotMarkers) -> AnyView {
    let viewers = CountLabel::slot(texts, markers, Count::Viewers, TextUnit::ReadingNow);
    let visits = CountLabel::slot(texts, markers, Count::Visits, TextUnit::Views);
    let liked = CountLabel::slot(texts, markers, Count::Likes, TextUnit::Likes);
    let comments = CountLabel::slot(texts, markers, Count::Comments, TextUnit::Comments);
    let list = view! {
        <ul class="numbers" aria-label=texts.get("numbers")>
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

fn cover(post: &Post, lang: Option<String>, dir: Option<&'static str>) -> Option<AnyView> {
    let cover = post.cover.clone()?;
    let picture = post.cover_picture();
    let srcset = picture.as_ref().and_then(Picture::srcset);
    let sizes = srcset.as_ref().and(picture.as_ref()).map(Picture::prose_sizes);
    let (width, height) = (
        picture.as_ref().map(|it| it.width),
        picture.as_ref().map(|it| it.height),
    );
    let caption = post.cover_caption_html();
    let caption = caption.map(|html| view! { <figcaption inner_html=html></figcaption> });
    Some(
        view! {
            <figure class="cover" lang=lang dir=dir>
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

fn toc(texts: &Texts, language: &PageLanguage, post: &Post) -> Option<AnyView> {
    let (lang, dir) = language.attributes(post.language.as_ref());
    let link = |entry: &TocEntry| {
        view! {
            <li class=format!("toc-{}", entry.level)>
                <a href=format!("#{}", entry.id)>{entry.text.clone()}</a>
            </li>
        }
    };
    let links: Vec<_> = post.toc().iter().map(link).collect();
    (!links.is_empty()).then(|| {
        view! {
            <nav class="toc" aria-label=texts.get("contents")>
                <details open>
                    <summary>{texts.get("contents")}</summary>
                    <ol lang=lang dir=dir>
                        {links}
                    </ol>
                </details>
            </nav>
        }
        .into_any()
    })
}

fn like(texts: &Texts, post: &Post, markers: &SlotMarkers) -> AnyView {
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
                " "
                {texts.get("like")}
                " "
                <span class="count" data-horizon="likes">{markers.marker(Slot::Number(Count::Likes))}</span>
            </button>
            " "
            <span class="form-status" role="status"></span>
        </form>
    }
    .into_any();
    view! { <LikeButton>{form}</LikeButton> }.into_any()
}

/// The links to the translations of the post.
fn translations(language: &PageLanguage, page: &PostPage) -> Option<AnyView> {
    let link = |post: &Arc<Post>| {
        let (lang, dir) = language.attributes(post.language.as_ref());
        view! {
            <li>
                <a href=post.url() hreflang=lang.clone() lang=lang dir=dir>
                    {post.title.clone()}
                </a>
            </li>
        }
    };
    let others = page.translations.iter().filter(|post| post.slug != page.post.slug);
    let links: Vec<_> = others.map(link).collect();
    (!links.is_empty()).then(|| {
        view! {
            <nav class="translations" aria-label=language.texts.get("translations")>
                <p class="eyebrow">{language.texts.get("translations")}</p>
                <ul>{links}</ul>
            </nav>
        }
        .into_any()
    })
}

fn neighbours(language: &PageLanguage, page: &PostPage) -> Option<AnyView> {
    let texts = &language.texts;
    let link = |post: &Option<Arc<Post>>, class: &'static str, rel: &'static str, name: &'static str| {
        let post = post.as_ref()?;
        let (lang, dir) = language.attributes(post.language.as_ref());
        Some(view! {
            <a class=class rel=rel href=post.url()>
                <span class="eyebrow">{name}</span>
                " "
                <span lang=lang dir=dir>
                    {post.title.clone()}
                </span>
            </a>
        })
    };
    let older = link(&page.older, "older", "prev", texts.get("older"));
    let newer = link(&page.newer, "newer", "next", texts.get("newer"));
    (page.older.is_some() || page.newer.is_some()).then(|| {
        view! {
            <nav class="neighbours" aria-label=texts.get("other-posts")>
                {older}
                {newer}
            </nav>
        }
        .into_any()
    })
}
