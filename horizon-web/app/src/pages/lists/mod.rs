//! Lists of posts.

mod archive;
mod cards;
mod overview;

pub(super) use archive::archive;
pub(crate) use archive::title as archive_title;
pub(super) use overview::{all_series, all_tags};

use std::num::NonZeroUsize;

use horizon_posts::Pagination;
use horizon_texts::Texts;
use leptos::prelude::*;

use self::cards::cards;
use crate::{BlogIndex, ListSubject, PostCard, PostList, Site, TagCount, language::PageLanguage};

/// `/`
pub(super) fn home(site: &Site, language: &PageLanguage, posts: &[PostCard]) -> AnyView {
    let texts = &language.texts;
    let (lang, dir) = language.attributes(None);
    let class = if site.is_own_blog() { "intro own-intro" } else { "intro" };
    let description = (!site.description.is_empty()).then(|| site.description.clone());
    view! {
        <main id="eh-main" class="list-page">
            <header class=class lang=lang dir=dir>
                <h1>{site.title.clone()}</h1>
                {description.map(|text| view! { <p class="lede">{text}</p> })}
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
    let title = if index.query.is_empty() {
        "all-posts"
    } else {
        "search-results"
    };
    let is_filtered = !index.query.is_empty() || index.tag.is_some();
    let found = index.total.filter(|_| is_filtered);
    let found = found.map(|found| texts.with("posts-found", &[("count", found.into())]));
    let placeholder = match index.total {
        Some(_) => "no-posts-found",
        None => "search-not-ready",
    };
    view! {
        <main id="eh-main" class="list-page">
            <h1>{texts.get(title)}</h1>
            {search(texts, index)}
            {tag_filter(texts, index)}
            {found.map(|found| view! { <p role="status">{found}</p> })}
            <h2 class="visually-hidden">{texts.get("posts")}</h2>
            {cards(language, &index.posts, placeholder)}
            {pagination(texts, index.page, |page| index.url(index.tag.as_deref(), page))}
            <p class="more">
                <a href="/archive">{texts.get("archive")}</a>
                {index.has_series.then(|| view! { " · " <a href="/series">{texts.get("series-all")}</a> })}
            </p>
        </main>
    }
    .into_any()
}

/// `/tags/{tag}` and `/series/{series}`
pub(super) fn list(language: &PageLanguage, list: &PostList) -> AnyView {
    let texts = &language.texts;
    let (kind, name, placeholder, all, all_path) = match &list.subject {
        ListSubject::Tag(tag) => ("tag", tag.name.clone(), "no-posts-with-tag", "all-tags", "/tags"),
        ListSubject::Series(series) => ("series", series.name.clone(), "no-posts-found", "series-all", "/series"),
    };
    view! {
        <main id="eh-main" class="list-page">
            <p class="eyebrow">{texts.get(kind)}</p>
            <h1 dir="auto">{name}</h1>
            <h2 class="visually-hidden">{texts.get("posts")}</h2>
            {cards(language, &list.posts, placeholder)}
            {pagination(texts, list.page, |page| list.url(page))}
            <p class="more">
                <a href=all_path>{texts.get(all)}</a>
                " · "
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
                {texts.get("search-label")}
            </label>
            <input
                id="eh-q"
                type="search"
                name="q"
                value=index.query.clone()
                maxlength="200"
                placeholder=texts.get("search-label")
                dir="auto"
            />
            {tag.map(|tag| view! { <input type="hidden" name="tag" value=tag /> })}
            <button type="submit">{texts.get("search-button")}</button>
        </form>
    }
    .into_any()
}

fn tag_filter(texts: &Texts, index: &BlogIndex) -> Option<AnyView> {
    let link = |name: AnyView, tag: Option<&str>| {
        let current = (tag == index.tag.as_deref()).then_some("true");
        view! {
            <li>
                <a href=index.url(tag, NonZeroUsize::MIN) aria-current=current>
                    {name}
                </a>
            </li>
        }
    };
    let all = link(texts.get("tag-all").into_any(), None);
    let each = |tag: &TagCount| link(overview::tag_name(texts, tag), Some(&tag.tag.slug));
    let each: Vec<_> = index.tags.iter().map(each).collect();
    let more = index.has_more_tags.then(|| {
        view! {
            <li>
                <a class="all" href="/tags">
                    {texts.get("all-tags")}
                </a>
            </li>
        }
    });
    (!each.is_empty())
        .then(|| view! { <ul class="tags" aria-label=texts.get("tags")>{all} {each} {more}</ul> }.into_any())
}

/// Links to the pages before and after this one; nothing if there is only one page.
fn pagination(texts: &Texts, page: Pagination, url: impl Fn(NonZeroUsize) -> String) -> Option<AnyView> {
    if page.count() == NonZeroUsize::MIN {
        return None;
    }
    let link = |to: Option<NonZeroUsize>, rel: &'static str, name: &'static str| {
        to.map(|to| {
            view! {
                <a rel=rel href=url(to)>
                    {texts.get(name)}
                </a>
            }
        })
    };
    let numbers = [
        ("page", page.number().get().into()),
        ("count", page.count().get().into()),
    ];
    let view = view! {
        <nav class="pagination" aria-label=texts.get("pages")>
            {link(page.previous(), "prev", "previous-page")}
            <span>{texts.with("page-of", &numbers)}</span>
            {link(page.next(), "next", "next-page")}
        </nav>
    };
    Some(view.into_any())
}

#[cfg(test)]
mod tests {
    use horizon_posts::Tag;

    use super::*;

    #[test]
    fn a_search_keeps_its_words_when_a_tag_or_a_page_is_selected() {
        let tag = Tag {
            name: "C&A".into(),
            slug: "c-a".into(),
        };
        let two = NonZeroUsize::new(2).unwrap();
        let index = BlogIndex {
            posts: Vec::new(),
            total: Some(45),
            page: Pagination::new(two, 45).unwrap(),
            tags: vec![TagCount { tag, count: 3 }],
            has_more_tags: true,
            has_series: false,
            query: "a & b".into(),
            tag: None,
        };
        let texts = Texts::default();
        let html = tag_filter(&texts, &index).to_html();
        assert!(html.contains(r#"href="/blog?q=a%20%26%20b&amp;tag=c-a""#), "{html}");
        assert!(html.contains(r#"href="/tags""#), "{html}");
        assert!(search(&texts, &index).to_html().contains(r#"value="a &amp; b""#));
        let html = pagination(&texts, index.page, |page| index.url(Some("c-a"), page)).to_html();
        assert!(
            html.contains(r#"rel="prev" href="/blog?q=a%20%26%20b&amp;tag=c-a""#),
            "{html}"
        );
        assert!(
            html.contains(r#"rel="next" href="/blog?q=a%20%26%20b&amp;tag=c-a&amp;page=3""#),
            "{html}"
        );
    }
}
