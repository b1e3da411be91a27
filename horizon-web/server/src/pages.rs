//! The pages of the blog except for posts.

use axum::{
    Router,
    extract::{
        OriginalUri, Path, Query, Request, State,
        rejection::{PathRejection, QueryRejection},
    },
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use horizon_app::{BlogIndex, SlotValues, View};
use serde::Deserialize;

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

/// Redirects a path with a trailing slash; other unknown paths are not found.
pub(crate) async fn fallback(State(app): State<AppState>, OriginalUri(uri): OriginalUri, request: Request) -> Response {
    let path = uri.path();
    // Browsers treat a backslash as a slash, and a path that starts with two of them as another host.
    if path.ends_with('/') && !path.contains('\\') && request.method().is_safe() {
        return Redirect::permanent(&format!("/{}", path.trim_matches('/'))).into_response();
    }
    respond::not_found(&app).await
}

async fn list(app: &AppState, cards: Cards, view: impl FnOnce(Vec<horizon_app::PostCard>) -> View) -> Response {
    let values = SlotValues::for_site(cards.site);
    let response = respond::render(app, view(cards.posts), &values).await;
    respond::no_store_unless(cards.is_current, response)
}
