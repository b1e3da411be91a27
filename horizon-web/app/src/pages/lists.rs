//! Lists of posts.

use horizon_posts::{Tag, TagPosts};
use leptos::prelude::*;

use super::{encoded, likes, number, tags};
use crate::{BlogIndex, MAX_LIVE_CARDS, PostCard, Site, islands::PostCards, slots::CountLabel, text};

/// The width of the cover on a card, for the attribute `sizes`: see `.card-cover` in the style sheet.
const CARD_SIZES: &str = "(min-width: 44rem) 13.5rem, (min-resolution: 2.5dppx) 62vw, 92vw";

/// `/`
pub(super) fn home(site: &Site, posts: &[PostCard]) -> AnyView {
    view! {
        <main id="eh-main" class="list-page">
            <header class="intro">
                <h1>{site.title.clone()}</h1>
                <p class="lede">{site.description.clone()}</p>
            </header>
            <h2 class="list-title">"Latest posts"</h2>
            {cards(posts, "There are no posts yet.")}
            <p class="more">
                <a href="/blog">"All posts"</a>
            </p>
        </main>
    }
    .into_any()
}

/// `/blog`
pub(super) fn blog(index: &BlogIndex) -> AnyView {
    let found = match (index.query.is_empty() && index.tag.is_none(), index.posts.len()) {
        (true, _) => None,
        (false, 1) => Some("1 post found.".to_owned()),
        (false, count) => Some(format!("{count} posts found.")),
    };
    view! {
        <main id="eh-main" class="list-page">
            <h1>"All posts"</h1>
            {search(index)}
            {tag_filter(index)}
            {found.map(|found| view! { <p role="status">{found}</p> })}
            <h2 class="visually-hidden">"Posts"</h2>
            {cards(&index.posts, "No posts found. Try other words or another tag.")}
        </main>
    }
    .into_any()
}

/// `/tags/{tag}`
pub(super) fn tag(tag: &Tag, posts: &[PostCard]) -> AnyView {
    view! {
        <main id="eh-main" class="list-page">
            <p class="eyebrow">"Tag"</p>
            <h1>{tag.name.clone()}</h1>
            <h2 class="visually-hidden">"Posts"</h2>
            {cards(posts, "There are no posts with this tag.")}
            <p class="more">
                <a href="/blog">"All posts"</a>
            </p>
        </main>
    }
    .into_any()
}

fn search(index: &BlogIndex) -> AnyView {
    let tag = index.tag.clone();
    view! {
        <form class="search" role="search" method="get" action="/blog">
            <label class="visually-hidden" for="eh-q">
                "Search the titles"
            </label>
            <input
                id="eh-q"
                type="search"
                name="q"
                value=index.query.clone()
                maxlength="200"
                placeholder="Search the titles"
            />
            {tag.map(|tag| view! { <input type="hidden" name="tag" value=tag /> })}
            <button type="submit">"Search"</button>
        </form>
    }
    .into_any()
}

fn tag_filter(index: &BlogIndex) -> Option<AnyView> {
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
                    {count.map(|count| view! { " " <span class="count">{count}</span> })}
                </a>
            </li>
        }
    };
    let all = link("All".into(), None, None);
    let each = |tag: &TagPosts| link(tag.tag.name.clone(), Some(&tag.tag.slug), Some(tag.posts.len()));
    let each: Vec<_> = index.tags.iter().map(each).collect();
    (!each.is_empty()).then(|| view! { <ul class="tags" aria-label="Tags">{all} {each}</ul> }.into_any())
}

fn cards(posts: &[PostCard], placeholder: &'static str) -> AnyView {
    if posts.is_empty() {
        return view! { <p class="nothing">{placeholder}</p> }.into_any();
    }
    let list = view! { <div class="cards">{(0..).zip(posts).map(card).collect_view()}</div> }.into_any();
    view! { <PostCards>{list}</PostCards> }.into_any()
}

fn card((index, card): (u32, &PostCard)) -> AnyView {
    let (post, stats) = (&card.post, card.stats.as_ref());
    let viewers = (index < MAX_LIVE_CARDS).then(|| viewers(stats.map(|stats| stats.viewers)));
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
            {super::post::meta(post)}
            <h3>
                <a href=post.url()>{post.title.clone()}</a>
            </h3>
            <p>{post.summary().to_owned()}</p>
            {tags(&post.tags)}
            <ul class="numbers" aria-label="Numbers">
                {viewers}
                <li>{number("visits", CountLabel::new(visits, "view", "views"))}</li>
                <li>{likes(CountLabel::new(liked, "like", "likes"))}</li>
            </ul>
        </article>
    }
    .into_any()
}

fn viewers(viewers: Option<u64>) -> AnyView {
    view! {
        <li class=text::now_class(viewers)>
            {number("viewers", CountLabel::new(viewers, "reading now", "reading now"))}
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
        let html = blog(&index).to_html();
        assert!(html.contains(r#"href="/blog?q=a%20%26%20b&amp;tag=c-a""#), "{html}");
        assert!(html.contains(r#"value="a &amp; b""#), "{html}");
    }
}
