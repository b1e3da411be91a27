//! The lists of posts.

use std::{cmp::Reverse, num::NonZeroUsize, sync::Arc};

use axum::{
    Router,
    extract::{
        Path, Query, State,
        rejection::{PathRejection, QueryRejection},
    },
    response::Response,
    routing::get,
};
use horizon_app::{
    ArchivePage, ArchiveYear, BlogIndex, ListSubject, PostCard, PostList, SeriesCount, SlotValues, TagCount, View,
};
use horizon_posts::{Library, MAX_SEARCH_CHARS, Pagination, Post, YearPosts};
use serde::Deserialize;

use crate::{
    cards::{self, Cards},
    respond,
    search::{FoundPosts, SearchNotReady, SearchRequest},
    state::AppState,
};

/// The number of posts on the home page.
const LATEST_POSTS: usize = 8;

/// The number of tags above the posts.
const TOP_TAGS: usize = 10;

/// The maximum number of posts on a page of the archive.
const POSTS_PER_ARCHIVE_PAGE: NonZeroUsize = NonZeroUsize::new(500).unwrap();

pub(crate) fn router() -> Router<AppState> {
    Router::new()
        .route("/", get(home))
        .route("/blog", get(blog))
        .route("/tags", get(tags))
        .route("/tags/{tag}", get(tag))
        .route("/series", get(all_series))
        .route("/series/{series}", get(series))
        .route("/archive", get(archive))
        .route("/archive/{year}", get(year))
}

/// The query parameters of a list.
#[derive(Debug, Default, Deserialize)]
struct ListQuery {
    #[serde(default)]
    q: String,
    tag: Option<String>,
    page: Option<String>,
}

impl ListQuery {
    /// Returns the number of the page, or `None` if it is not a number from 1.
    fn page(&self) -> Option<NonZeroUsize> {
        self.page
            .as_ref()
            .map_or(Some(NonZeroUsize::MIN), |page| page.parse().ok())
    }
}

async fn home(State(app): State<AppState>) -> Response {
    let library = app.library();
    let latest = library.listed_posts().iter().take(LATEST_POSTS);
    let cards = cards::load(&app, latest).await;
    list(&app, cards, View::Home).await
}

async fn blog(State(app): State<AppState>, query: Result<Query<ListQuery>, QueryRejection>) -> Response {
    let Query(parameters) = query.unwrap_or_default();
    let library = app.library();
    let query: String = parameters.q.trim().chars().take(MAX_SEARCH_CHARS).collect();
    let tag = parameters.tag.clone().filter(|tag| !tag.is_empty());
    let found = match parameters.page() {
        None => Ok(None),
        Some(page) if query.is_empty() => Ok(latest(&library, tag.as_deref(), page)),
        Some(page) => {
            let (query, tag) = (query.clone(), tag.clone());
            app.search.find(&library, SearchRequest { query, tag, page }).await
        }
    };
    match found {
        Ok(Some(found)) => blog_page(&app, &library, Some(found), query, tag).await,
        Ok(None) => respond::not_found(&app).await,
        Err(SearchNotReady) => respond::retry_later(blog_page(&app, &library, None, query, tag).await),
    }
}

/// Responds with posts, or without them if the search cannot respond now.
async fn blog_page(
    app: &AppState,
    library: &Library,
    found: Option<FoundPosts>,
    query: String,
    tag: Option<String>,
) -> Response {
    let total = found.as_ref().map(|found| found.total);
    let page = found.as_ref().map_or_else(Pagination::default, |found| found.page);
    let (posts, passages): (Vec<_>, Vec<_>) = found.map(|found| found.posts).unwrap_or_default().into_iter().unzip();
    let mut cards = cards::load(app, &posts).await;
    for (card, passage) in cards.posts.iter_mut().zip(passages) {
        card.passage = passage;
    }
    let tags = top_tags(library, tag.as_deref());
    let has_more_tags = tags.len() < library.tags().len();
    let has_series = !library.series().is_empty();
    let view = |posts| {
        View::Blog(BlogIndex {
            posts,
            total,
            page,
            tags,
            has_more_tags,
            has_series,
            query,
            tag,
        })
    };
    list(app, cards, view).await
}

/// Returns a page of all posts, or of those with a tag.
fn latest(library: &Library, tag: Option<&str>, page: NonZeroUsize) -> Option<FoundPosts> {
    let posts = match tag {
        None => library.listed_posts(),
        Some(tag) => library.tagged(tag).map_or(&[][..], |tagged| &tagged.posts),
    };
    let page = Pagination::new(page, posts.len())?;
    Some(FoundPosts {
        posts: page.items(posts).map(|post| (Arc::clone(post), None)).collect(),
        total: posts.len(),
        page,
    })
}

/// Returns the most frequent tags, the most frequent first, and the selected one.
fn top_tags(library: &Library, selected: Option<&str>) -> Vec<TagCount> {
    let mut tags: Vec<TagCount> = tag_counts(library);
    tags.sort_by_key(|tagged| Reverse(tagged.count));
    let mut top: Vec<TagCount> = tags.iter().take(TOP_TAGS).cloned().collect();
    let is_selected = |tagged: &&TagCount| Some(tagged.tag.slug.as_str()) == selected;
    top.extend(tags.iter().skip(TOP_TAGS).find(is_selected).cloned());
    top
}

/// Returns all tags, by slug.
fn tag_counts(library: &Library) -> Vec<TagCount> {
    let tags = library.tags().iter().map(|tagged| TagCount {
        tag: tagged.tag.clone(),
        count: tagged.posts.len(),
    });
    tags.collect()
}

async fn tags(State(app): State<AppState>) -> Response {
    respond::view(&app, View::Tags(tag_counts(&app.library()))).await
}

async fn tag(
    State(app): State<AppState>,
    tag: Result<Path<String>, PathRejection>,
    query: Result<Query<ListQuery>, QueryRejection>,
) -> Response {
    let library = app.library();
    let tagged = tag.ok().and_then(|Path(tag)| library.tagged(&tag));
    let tagged = tagged.map(|tagged| (ListSubject::Tag(tagged.tag.clone()), &tagged.posts[..]));
    post_list(&app, tagged, query).await
}

async fn series(
    State(app): State<AppState>,
    series: Result<Path<String>, PathRejection>,
    query: Result<Query<ListQuery>, QueryRejection>,
) -> Response {
    let library = app.library();
    let series = series.ok().and_then(|Path(series)| library.series_posts(&series));
    let series = series.map(|series| (ListSubject::Series(series.series.clone()), &series.posts[..]));
    post_list(&app, series, query).await
}

async fn post_list(
    app: &AppState,
    posts: Option<(ListSubject, &[Arc<Post>])>,
    query: Result<Query<ListQuery>, QueryRejection>,
) -> Response {
    let Query(query) = query.unwrap_or_default();
    let page = posts
        .as_ref()
        .and_then(|(_, posts)| Pagination::new(query.page()?, posts.len()));
    let (Some((subject, posts)), Some(page)) = (posts, page) else {
        return respond::not_found(app).await;
    };
    let cards = cards::load(app, page.items(posts)).await;
    list(app, cards, |posts| View::List(PostList { subject, posts, page })).await
}

/// `/series`. A page of the author with this name replaces the list.
async fn all_series(State(app): State<AppState>) -> Response {
    let library = app.library();
    let series = library.series().iter().map(|series| SeriesCount {
        series: series.series.clone(),
        count: series.posts.len(),
    });
    let view = match library.page("series") {
        Some(page) => View::Page(page.clone()),
        None => View::AllSeries(series.collect()),
    };
    respond::view(&app, view).await
}

/// `/archive`. A page of the author with this name replaces the list.
async fn archive(State(app): State<AppState>) -> Response {
    let library = app.library();
    let view = match library.page("archive") {
        Some(page) => View::Page(page.clone()),
        None => View::Archive(ArchivePage {
            years: archive_years(library.years()),
            of_year: None,
        }),
    };
    respond::view(&app, view).await
}

/// Returns the years. The newest ones have their posts, as many as a page shows.
fn archive_years(years: &[YearPosts]) -> Vec<ArchiveYear> {
    let mut room = POSTS_PER_ARCHIVE_PAGE.get();
    let years = years.iter().map(|year| {
        let count = year.posts.len();
        // A year is complete or has only its number of posts.
        let posts = if count <= room { year.posts.clone() } else { Vec::new() };
        room = room.saturating_sub(count);
        ArchiveYear {
            year: year.year.clone(),
            count,
            posts,
        }
    });
    years.collect()
}

async fn year(
    State(app): State<AppState>,
    year: Result<Path<String>, PathRejection>,
    query: Result<Query<ListQuery>, QueryRejection>,
) -> Response {
    let library = app.library();
    let Query(query) = query.unwrap_or_default();
    let year = year
        .ok()
        .and_then(|Path(name)| library.years().iter().find(|year| year.year == name));
    let page = year.and_then(|year| Pagination::with_size(query.page()?, year.posts.len(), POSTS_PER_ARCHIVE_PAGE));
    let (Some(year), Some(page)) = (year, page) else {
        return respond::not_found(&app).await;
    };
    let year = ArchiveYear {
        year: year.year.clone(),
        count: year.posts.len(),
        posts: page.items(&year.posts).cloned().collect(),
    };
    let view = View::Archive(ArchivePage {
        years: vec![year],
        of_year: Some(page),
    });
    respond::view(&app, view).await
}

async fn list(app: &AppState, cards: Cards, view: impl FnOnce(Vec<PostCard>) -> View) -> Response {
    let values = SlotValues::for_site(cards.site);
    let response = respond::render(app, view(cards.posts), &values).await;
    respond::no_store_unless(cards.is_current, response)
}

#[cfg(test)]
mod tests {
    use axum::http::StatusCode;

    use crate::slow_backends::{TestBlog, text};

    /// The maximum size of a page of a list, in bytes: 100 KB.
    const MAX_PAGE_BYTES: usize = 100_000;

    fn post(number: usize, series: &str) -> (String, String) {
        let tags: String = (0..10).map(|tag| format!("tag{},", number % 60 + tag)).collect();
        let title = format!("Post {number}: {}", "a rather long title ".repeat(4));
        let front = format!("title: \"{title}\"\ndate: 2025-01-02\ntags: [{tags}]\n{series}");
        let body = "Words of a summary that is cut somewhere in its middle. ".repeat(20);
        (format!("post-{number:04}.md"), format!("---\n{front}\n---\n{body}"))
    }

    #[tokio::test(start_paused = true)]
    async fn a_list_has_its_pages_and_no_others() {
        let blog = TestBlog::open_with_files((0..40).map(|number| post(number, "series: Long"))).await;
        for path in [
            "/blog?page=3",
            "/blog?page=1",
            "/blog?tag=test",
            "/blog?q=summary&page=2",
            "/tags",
            "/tags/tag5",
            "/series",
            "/series/long?page=2",
            "/archive",
            "/archive/2025",
        ] {
            assert_eq!(blog.get(path, &[]).await.status(), StatusCode::OK, "{path}");
        }
        for path in [
            "/blog?page=4",
            "/blog?page=0",
            "/blog?page=-1",
            "/blog?page=one",
            "/blog?page=99999999999999999999999",
            "/blog?q=summary&page=3",
            "/tags/nope",
            "/tags/tag5?page=9",
            "/series/nope",
            "/series/long?page=3",
            "/archive/1999",
            "/archive/2025?page=2",
        ] {
            assert_eq!(blog.get(path, &[]).await.status(), StatusCode::NOT_FOUND, "{path}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn no_list_of_a_thousand_posts_is_larger_than_100_kb() {
        let blog = TestBlog::open_with_files((0..998).map(|number| post(number, ""))).await;
        for path in [
            "/",
            "/blog",
            "/blog?page=50",
            "/blog?q=summary",
            "/tags",
            "/tags/tag30",
            "/archive",
        ] {
            let response = blog.get(path, &[]).await;
            assert_eq!(response.status(), StatusCode::OK, "{path}");
            let bytes = text(response).await.len();
            assert!(bytes <= MAX_PAGE_BYTES, "{path} has {bytes} bytes");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_search_finds_words_with_a_typing_error_and_marks_the_passage() {
        let blog = TestBlog::open_with_files([(
            "bread.md",
            "---\ntitle: Kitchen\ndate: 2026-01-01\ntags: [food]\n---\nThe sourdough rises overnight.\n",
        )])
        .await;
        for (query, is_found) in [
            ("q=sourdoguh", true),
            ("q=rise%20sourdough", true),
            ("q=kitchen&tag=food", true),
            ("q=kitchen&tag=test", false),
            ("q=%F0%9F%8D%9E", false),
            ("q=sourdough&page=x", false),
        ] {
            let html = text(blog.get(&format!("/blog?{query}"), &[]).await).await;
            assert_eq!(html.contains("href=\"/blog/bread\""), is_found, "{query}");
        }
        let html = text(blog.get("/blog?q=rising", &[]).await).await;
        assert!(html.contains("The sourdough <mark>rises</mark> overnight."), "{html}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_page_of_the_author_replaces_a_list() {
        let page = |name: &str| {
            (
                format!("pages/{name}.md"),
                format!("---\ntitle: Mine\n---\nThe author's {name}.\n"),
            )
        };
        let blog = TestBlog::open_with_files(["archive", "series"].map(page)).await;
        for path in ["/archive", "/series"] {
            let html = text(blog.get(path, &[]).await).await;
            assert!(html.contains("The author’s") || html.contains("The author's"), "{html}");
        }
    }
}
