//! Lists of posts.

use horizon_posts::{Tag, TagPosts};
use horizon_texts::{TextUnit, Texts};
use leptos::prelude::*;

use super::{encoded, likes, number, tags};
use crate::{
    BlogIndex, MAX_LIVE_CARDS, PostCard, Site, islands::PostCards, language::PageLanguage, slots::CountLabel, text,
};

/// The width of the cover on a card, for the attribute `sizes`: see `.card-cover` in the style sheet.
const CARD_SIZES: &str = "(min-width: 44rem) 13.5rem, (min-resolution: 2.5dppx) 52vw, 92vw";

/// `/`
pub(super) fn home(site: &Site, language: &PageLanguage, posts: &[PostCard]) -> AnyView {
    let texts = &language.texts;
    let (lang, dir) = language.attributes(None);
    view! {
        <main id="eh-main" class="list-page">
            <header class="intro" lang=lang dir=dir>
                <h1>{site.title.clone()}</h1>
                <p class="lede">{site.description.clone()}</p>
            </header>
            <h2 class="list-title">{texts.get("latest-posts")}</h2>
            {cards(language, posts, "no-posts-yet")}
            <p class="more">
                <a href="/blog">{texts.get("all-posts")}</a>
            </p>
        </main>
    }
    .into_any()
}

/// `/blog`
pub(super) fn blog(language: &PageLanguage, index: &BlogIndex) -> AnyView {
    let texts = &language.texts;
    let is_filtered = !index.query.is_empty() || index.tag.is_some();
    let found = is_filtered.then(|| texts.with("posts-found", &[("count", index.posts.len().into())]));
    view! {
        <main id="eh-main" class="list-page">
            <h1>{texts.get("all-posts")}</h1>
            {search(texts, index)}
            {tag_filter(texts, index)}
            {found.map(|found| view! { <p role="status">{found}</p> })}
            <h2 class="visually-hidden">{texts.get("posts")}</h2>
            {cards(language, &index.posts, "no-posts-found")}
        </main>
    }
    .into_any()
}

/// `/tags/{tag}`
pub(super) fn tag(language: &PageLanguage, tag: &Tag, posts: &[PostCard]) -> AnyView {
    let texts = &language.texts;
    view! {
        <main id="eh-main" class="list-page">
            <p class="eyebrow">{texts.get("tag")}</p>
            <h1 dir="auto">{tag.name.clone()}</h1>
            <h2 class="visually-hidden">{texts.get("posts")}</h2>
            {cards(language, posts, "no-posts-with-tag")}
            <p class="more">
                <a href="/blog">{texts.get("all-posts")}</a>
            </p>
        </main>
    }
    .into_any()
}

fn search(texts: &Texts, index: &BlogIndex) -> AnyView {
    let tag = index.tag.clone();
    view! {
        <form class="search" role="search" method="get" action="/blog">
            <label class="visually-hidden" for="eh-q">
                {texts.get("search-titles")}
            </label>
            <input
                id="eh-q"
                type="search"
                name="q"
                value=index.query.clone()
                maxlength="200"
                placeholder=texts.get("search-titles")
                dir="auto"
            />
            {tag.map(|tag| view! { <input type="hidden" name="tag" value=tag /> })}
            <button type="submit">{texts.get("search-button")}</button>
        </form>
    }
    .into_any()
}

fn tag_filter(texts: &Texts, index: &BlogIndex) -> Option<AnyView> {
    let query = match index.query.as_str() {
        "" => String::new(),
        query => format!("q={}", encoded(query)),
    };
    let link = |name: String, tag: Option<&str>, count: Option<usize>| {
        let parts = [
            query.clone(),
            tag.map(|tag| format!("tag={}", encoded(tag))).unwrap_or_default(),
        ];
        let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        let href = if parts.is_empty() {
            "/blog".into()
        } else {
            format!("/blog?{}", parts.join("&"))
        };
        let current = (tag == index.tag.as_deref()).then_some("true");
        view! {
            <li>
                <a href=href aria-current=current>
                    {name}
                    {count.map(|count| view! { " " <span class="count">{texts.number(u64::try_from(count).unwrap_or(u64::MAX))}</span> })}
                </a>
            </li>
        }
    };
    let all = link(texts.get("tag-all").into(), None, None);
    let each = |tag: &TagPosts| link(tag.tag.name.clone(), Some(&tag.tag.slug), Some(tag.posts.len()));
    let each: Vec<_> = index.tags.iter().map(each).collect();
    (!each.is_empty()).then(|| view! { <ul class="tags" aria-label=texts.get("tags")>{all} {each}</ul> }.into_any())
}

fn cards(language: &PageLanguage, posts: &[PostCard], placeholder: &'static str) -> AnyView {
    if posts.is_empty() {
        return view! { <p class="nothing">{language.texts.get(placeholder)}</p> }.into_any();
    }
    let cards = (0..)
        .zip(posts)
        .map(|(index, post)| card(language, index, post))
        .collect_view();
    let list = view! { <div class="cards">{cards}</div> }.into_any();
    view! { <PostCards>{list}</PostCards> }.into_any()
}

fn card(language: &PageLanguage, index: u32, card: &PostCard) -> AnyView {
    let texts = &language.texts;
    let (post, stats) = (&card.post, card.stats.as_ref());
    let viewers = (index < MAX_LIVE_CARDS).then(|| viewers(texts, stats.map(|stats| stats.viewers)));
    let (lang, dir) = language.attributes(post.language.as_ref());
    let visits = stats.map(|stats| stats.visits);
    let liked = stats.map(|stats| stats.likes);
    let cover = post.cover.as_ref().map(|cover| {
        // The style sheet sets the size, so that all cards have one layout.
        let srcset = post.cover_picture().and_then(|picture| picture.srcset());
        let sizes = srcset.is_some().then_some(CARD_SIZES);
        view! {
            <img
                class="card-cover"
                src=cover.image.clone()
                srcset=srcset
                sizes=sizes
                alt=""
                loading="lazy"
                decoding="async"
            />
        }
    });
    view! {
        <article class="card" data-slug=post.slug.to_string()>
            {cover}
            {super::post::meta(texts, post)}
            <h3 lang=lang.clone() dir=dir>
                <a href=post.url()>{post.title.clone()}</a>
            </h3>
            <p lang=lang dir=dir>
                {post.summary().to_owned()}
            </p>
            {tags(texts, &post.tags)}
            <ul class="numbers" aria-label=texts.get("numbers")>
                {viewers}
                <li>{number("visits", CountLabel::new(texts, visits, TextUnit::Views))}</li>
                <li>{likes(CountLabel::new(texts, liked, TextUnit::Likes))}</li>
            </ul>
        </article>
    }
    .into_any()
}

fn viewers(texts: &Texts, viewers: Option<u64>) -> AnyView {
    view! {
        <li class=text::now_class(viewers)>
            {number("viewers", CountLabel::new(texts, viewers, TextUnit::ReadingNow))}
        </li>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_keeps_its_words_when_a_tag_is_selected() {
        let index = BlogIndex {
            posts: Vec::new(),
            tags: vec![TagPosts {
                tag: Tag {
                    name: "C&A".into(),
                    slug: "c-a".into(),
                },
                posts: Vec::new(),
            }],
            query: "a & b".into(),
            tag: None,
        };
        let html = blog(&PageLanguage::english(), &index).to_html();
        assert!(html.contains(r#"href="/blog?q=a%20%26%20b&amp;tag=c-a""#), "{html}");
        assert!(html.contains(r#"value="a &amp; b""#), "{html}");
    }
}
