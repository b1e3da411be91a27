//! The pages that readers see.

use axum::{
    Router,
    extract::{
        OriginalUri, Path, Query, Request, State,
        rejection::{PathRejection, QueryRejection},
    },
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use horizon_app::{BlogIndex, ErrorPage, Home, Page, PostPage, TagPage};
use horizon_axum::Requester;
use horizon_core::{Error, Result, Topic};
use serde::Deserialize;

use crate::{show, state::App};

/// How many posts the first page shows.
const LATEST: usize = 8;

/// The longest search that is looked for, in characters; the rest is cut.
const LONGEST_SEARCH: usize = 200;

pub(crate) fn router() -> Router<App> {
    Router::new()
        .route("/", get(home))
        .route("/blog", get(blog))
        .route("/blog/{slug}", get(post))
        .route("/tags/{tag}", get(tag))
        .route("/{page}", get(extra))
}

#[derive(Debug, Default, Deserialize)]
struct Search {
    #[serde(default)]
    q: String,
    tag: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
struct Talk {
    reply: Option<String>,
    comment: Option<String>,
    before: Option<String>,
}

async fn home(State(app): State<App>) -> Response {
    let library = app.library();
    let posts: Vec<_> = library.posts().iter().take(LATEST).cloned().collect();
    let page = show::cards(&app, &posts).await.map(|posts| Page::Home(Home { posts }));
    answer(&app, page).await
}

async fn blog(State(app): State<App>, search: Result<Query<Search>, QueryRejection>) -> Response {
    let Query(search) = search.unwrap_or_default();
    let query: String = search.q.trim().chars().take(LONGEST_SEARCH).collect();
    let tag = search.tag.filter(|tag| !tag.is_empty());
    let library = app.library();
    let found = library.search(&query, tag.as_deref());
    let page = show::cards(&app, &found).await.map(|posts| {
        Page::Blog(BlogIndex {
            posts,
            tags: show::tags(&library),
            query,
            tag,
        })
    });
    answer(&app, page).await
}

async fn tag(State(app): State<App>, tag: Result<Path<String>, PathRejection>) -> Response {
    let library = app.library();
    let Some(tagged) = tag.ok().and_then(|Path(tag)| library.tagged(&tag)) else {
        return not_found(&app).await;
    };
    let page = show::cards(&app, &tagged.posts).await.map(|posts| {
        Page::Tag(TagPage {
            tag: show::tag(&tagged.tag),
            posts,
        })
    });
    answer(&app, page).await
}

async fn post(
    State(app): State<App>,
    slug: Result<Path<String>, PathRejection>,
    talk: Result<Query<Talk>, QueryRejection>,
    Requester(caller): Requester,
) -> Response {
    let library = app.library();
    let Some(post) = slug.ok().and_then(|Path(slug)| library.post(&slug).cloned()) else {
        return not_found(&app).await;
    };
    let Query(talk) = talk.unwrap_or_default();
    let before = talk.before.and_then(|id| id.parse().ok());
    let page = async {
        let topic = [Topic::Blog(post.slug.clone())];
        let (numbers, (comments, liked)) =
            futures::try_join!(app.horizon.numbers(&topic), app.talk(&post.slug, before, &caller))?;
        let (older, newer) = library.neighbours(post.slug.as_str());
        Ok(Page::Post(Box::new(PostPage {
            post: show::head(&post),
            html: post.html().to_owned(),
            toc: show::toc(&post),
            older: older.map(show::link),
            newer: newer.map(show::link),
            numbers: numbers.first().copied().unwrap_or_default(),
            liked,
            comments,
            before,
            reply_to: talk.reply.and_then(|id| id.parse().ok()),
            is_waiting: talk.comment.as_deref() == Some("waiting"),
            like_id: app.fresh_id()?,
            comment_id: app.fresh_id()?,
        })))
    };
    let page = page.await;
    answer(&app, page).await
}

async fn extra(State(app): State<App>, name: Result<Path<String>, PathRejection>) -> Response {
    let library = app.library();
    match name.ok().and_then(|Path(name)| library.page(&name)) {
        Some(page) => answer(&app, Ok(Page::Extra(show::extra(page)))).await,
        None => not_found(&app).await,
    }
}

/// What no route takes: a trailing slash too many, or nothing that is here.
pub(crate) async fn fallback(State(app): State<App>, OriginalUri(uri): OriginalUri, request: Request) -> Response {
    let path = uri.path();
    // A browser reads a backslash as a slash, and two of them in front as another host.
    if path.ends_with('/') && !path.contains('\\') && request.method().is_safe() {
        // One slash in front: two would name another host.
        return Redirect::permanent(&format!("/{}", path.trim_matches('/'))).into_response();
    }
    not_found(&app).await
}

pub(crate) async fn not_found(app: &App) -> Response {
    answer(app, Ok(Page::NotFound)).await
}

/// Renders the page, or says that it cannot be had now.
pub(crate) async fn answer(app: &App, page: Result<Page>) -> Response {
    let (page, totals) = match (page, app.totals().await) {
        (Ok(page), Ok(totals)) => (page, totals),
        (Err(error), _) | (_, Err(error)) => (unavailable(&error), horizon_core::live::Numbers::default()),
    };
    let mut response = horizon_app::render(app.site(), totals, page).await;
    if response.status() == StatusCode::SERVICE_UNAVAILABLE {
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
    }
    // The page says whether this reader likes it: it is theirs, and old as soon as it is sent.
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    response
}

fn unavailable(error: &Error) -> Page {
    tracing::error!(%error, source = ?std::error::Error::source(error), "a page could not be put together");
    Page::Error(ErrorPage {
        status: StatusCode::SERVICE_UNAVAILABLE.as_u16(),
        title: "Not now".into(),
        detail: "The numbers cannot be read at the moment. Please try again in a few seconds.".into(),
    })
}
