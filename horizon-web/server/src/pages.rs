//! The pages of the blog except for posts.

use axum::{
    Router,
    extract::{
        Path, Query, Request, State,
        rejection::{PathRejection, QueryRejection},
    },
    http::{Method, StatusCode, Uri},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use horizon_app::{BlogIndex, SlotValues, View};
use serde::Deserialize;
use tower::ServiceExt;

use crate::{
    cards::{self, Cards},
    respond,
    state::AppState,
};

/// The number of posts on the home page.
const LATEST_POSTS: usize = 8;

/// The maximum length of a search, in characters; the rest is ignored.
const MAX_SEARCH_CHARS: usize = 200;

pub(crate) fn router() -> Router<AppState> {
    Router::new()
        .route("/", get(home))
        .route("/blog", get(blog))
        .route("/tags/{tag}", get(tag))
        .route("/{page}", get(markdown_page))
}

#[derive(Debug, Default, Deserialize)]
struct Search {
    #[serde(default)]
    q: String,
    tag: Option<String>,
}

async fn home(State(app): State<AppState>) -> Response {
    let library = app.library();
    let latest = library.posts().iter().take(LATEST_POSTS);
    let cards = cards::load(&app, latest).await;
    list(&app, cards, View::Home).await
}

async fn blog(State(app): State<AppState>, search: Result<Query<Search>, QueryRejection>) -> Response {
    let Query(search) = search.unwrap_or_default();
    let query: String = search.q.trim().chars().take(MAX_SEARCH_CHARS).collect();
    let tag = search.tag.filter(|tag| !tag.is_empty());
    let library = app.library();
    let cards = cards::load(&app, &library.search(&query, tag.as_deref())).await;
    let tags = library.tags().to_vec();
    let view = |posts| {
        View::Blog(BlogIndex {
            posts,
            tags,
            query,
            tag,
        })
    };
    list(&app, cards, view).await
}

async fn tag(State(app): State<AppState>, tag: Result<Path<String>, PathRejection>) -> Response {
    let library = app.library();
    let Some(tagged) = tag.ok().and_then(|Path(tag)| library.tagged(&tag)) else {
        return respond::not_found(&app).await;
    };
    let cards = cards::load(&app, &tagged.posts).await;
    list(&app, cards, |posts| View::Tag(tagged.tag.clone(), posts)).await
}

async fn markdown_page(State(app): State<AppState>, slug: Result<Path<String>, PathRejection>) -> Response {
    let library = app.library();
    match slug.ok().and_then(|Path(slug)| library.page(&slug)) {
        Some(page) => respond::view(&app, View::Page(page.clone())).await,
        None => respond::not_found(&app).await,
    }
}

/// Redirects a path with a trailing slash to the page without it if `targets` has that page. Other paths are not
/// found.
pub(crate) async fn fallback(State(app): State<AppState>, request: Request, targets: Router) -> Response {
    if request.method().is_safe()
        && let Some(target) = without_slash(request.uri())
        && is_found(targets, &target, request).await
    {
        return Redirect::permanent(&target.to_string()).into_response();
    }
    respond::not_found(&app).await
}

/// Returns a local URI without the slashes at the ends of its path, or `None` if its path does not end with one.
fn without_slash(uri: &Uri) -> Option<Uri> {
    let path = uri.path();
    // Browsers treat a backslash as a slash, and a path that starts with two of them as another host.
    if !path.ends_with('/') || path.contains('\\') {
        return None;
    }
    let query = uri.query().map_or_else(String::new, |query| format!("?{query}"));
    format!("/{}{query}", path.trim_matches('/')).parse().ok()
}

async fn is_found(targets: Router, target: &Uri, mut request: Request) -> bool {
    *request.method_mut() = Method::HEAD;
    *request.uri_mut() = target.clone();
    let Ok(response) = targets.oneshot(request).await;
    response.status() != StatusCode::NOT_FOUND
}

async fn list(app: &AppState, cards: Cards, view: impl FnOnce(Vec<horizon_app::PostCard>) -> View) -> Response {
    let values = SlotValues::for_site(cards.site);
    let response = respond::render(app, view(cards.posts), &values).await;
    respond::no_store_unless(cards.is_current, response)
}
