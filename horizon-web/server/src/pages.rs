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
use eventhorizon::ReadSession;
use horizon_app::{BlogIndex, Card, ErrorPage, Home, Page, TagPage, Template, Values};
use horizon_core::{Error, Result};
use serde::Deserialize;

use crate::{
    sheet::THEIRS,
    show::{self, Cards},
    state::App,
};

/// How many posts the first page shows.
const LATEST: usize = 8;

/// Stands in place of the usual header where a page shows the last known numbers, or none.
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

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
    let cards = show::cards(&app, &posts).await;
    answer_list(&app, cards, |posts| Page::Home(Home { posts })).await
}

async fn blog(State(app): State<App>, search: Result<Query<Search>, QueryRejection>) -> Response {
    let Query(search) = search.unwrap_or_default();
    let query: String = search.q.trim().chars().take(LONGEST_SEARCH).collect();
    let tag = search.tag.filter(|tag| !tag.is_empty());
    let library = app.library();
    let found = library.search(&query, tag.as_deref());
    let cards = show::cards(&app, &found).await;
    let page = |posts| {
        Page::Blog(BlogIndex {
            posts,
            tags: show::tags(&library),
            query,
            tag,
        })
    };
    answer_list(&app, cards, page).await
}

async fn tag(State(app): State<App>, tag: Result<Path<String>, PathRejection>) -> Response {
    let library = app.library();
    let Some(tagged) = tag.ok().and_then(|Path(tag)| library.tagged(&tag)) else {
        return not_found(&app).await;
    };
    let cards = show::cards(&app, &tagged.posts).await;
    let tag = show::tag(&tagged.tag);
    answer_list(&app, cards, |posts| Page::Tag(TagPage { tag, posts })).await
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

/// Renders a list of posts.
async fn answer_list(app: &App, cards: Cards, page: impl FnOnce(Vec<Card>) -> Page) -> Response {
    let values = Values::of_site(cards.totals);
    marked(lay_out(app, page(cards.posts), &values).await, cards.is_current)
}

/// Renders the page, or says that it cannot be had now.
pub(crate) async fn answer(app: &App, page: Result<Page>) -> Response {
    answer_within(app, &app.horizon.read_session(), page).await
}

/// The same, for a request that has read before.
pub(crate) async fn answer_within(app: &App, reads: &ReadSession, page: Result<Page>) -> Response {
    match page {
        Ok(page) => {
            let totals = app.totals(reads).await;
            let values = Values::of_site(totals.map(|totals| totals.stats));
            let is_current = totals.is_some_and(|totals| totals.is_current);
            marked(lay_out(app, page, &values).await, is_current)
        }
        Err(error) => sorry(app, &error).await,
    }
}

/// Says that nobody may keep the page, unless it is current: it shows the last known numbers, or none.
pub(crate) fn marked(mut response: Response, is_current: bool) -> Response {
    if !is_current {
        response.headers_mut().insert(header::CACHE_CONTROL, NO_STORE);
    }
    response
}

/// Says that the page cannot be had now.
pub(crate) async fn sorry(app: &App, error: &Error) -> Response {
    let mut response = marked(lay_out(app, unavailable(error), &Values::of_site(None)).await, false);
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
        detail: "The store of this blog does not answer at the moment. Please try again in a few seconds.".into(),
    })
}
