//! The pages that readers see, but for the posts.

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
use horizon_app::{BlogIndex, ErrorPage, Home, Page, TagPage, Template, Values};
use horizon_core::{Error, Result, live::Numbers};
use serde::Deserialize;

use crate::{sheet::THEIRS, show, state::App};

/// How many posts the first page shows.
const LATEST: usize = 8;

/// The longest search that is looked for, in characters; the rest is cut.
const LONGEST_SEARCH: usize = 200;

pub(crate) fn router() -> Router<App> {
    Router::new()
        .route("/", get(home))
        .route("/blog", get(blog))
        .route("/tags/{tag}", get(tag))
        .route("/{page}", get(extra))
}

#[derive(Debug, Default, Deserialize)]
struct Search {
    #[serde(default)]
    q: String,
    tag: Option<String>,
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
    match (page, app.totals().await) {
        (Ok(page), Ok(totals)) => lay_out(app, page, &Values::of_site(totals)).await,
        (Err(error), _) | (_, Err(error)) => sorry(app, &error).await,
    }
}

/// Says that the page cannot be had now.
pub(crate) async fn sorry(app: &App, error: &Error) -> Response {
    let mut response = lay_out(app, unavailable(error), &Values::of_site(Numbers::default())).await;
    response
        .headers_mut()
        .insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
    response
}

/// Renders the page for this answer alone.
pub(crate) async fn lay_out(app: &App, page: Page, values: &Values) -> Response {
    let template = match Template::new(&app.site(), page, app.marks).await {
        Ok(template) => template,
        Err(error) => {
            tracing::error!(%error, "a page could not be rendered");
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        }
    };
    let status = StatusCode::from_u16(template.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let fields = [
        (header::CONTENT_SECURITY_POLICY, template.policy.clone()),
        (header::CONTENT_TYPE, "text/html; charset=utf-8".into()),
    ];
    (status, fields, [(header::CACHE_CONTROL, THEIRS)], template.fill(values)).into_response()
}

fn unavailable(error: &Error) -> Page {
    tracing::error!(%error, source = ?std::error::Error::source(error), "a page could not be put together");
    Page::Error(ErrorPage {
        status: StatusCode::SERVICE_UNAVAILABLE.as_u16(),
        title: "Not now".into(),
        detail: "The numbers cannot be read at the moment. Please try again in a few seconds.".into(),
    })
}
