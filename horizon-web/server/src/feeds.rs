//! What machines read: feeds, sitemap, robots.

use axum::{
    Router,
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
    routing::get,
};

use crate::state::App;

/// A new post may reach a feed reader this much later.
const FIVE_MINUTES: HeaderValue = HeaderValue::from_static("public, max-age=300");

pub(crate) fn router() -> Router<App> {
    Router::new()
        .route("/feed.xml", get(atom))
        .route("/rss.xml", get(rss))
        .route("/sitemap.xml", get(sitemap))
        .route("/robots.txt", get(robots))
}

async fn atom(State(app): State<App>) -> Response {
    answer(
        "application/atom+xml; charset=utf-8",
        horizon_posts::atom(&app.library(), &app.feeds),
    )
}

async fn rss(State(app): State<App>) -> Response {
    answer(
        "application/rss+xml; charset=utf-8",
        horizon_posts::rss(&app.library(), &app.feeds),
    )
}

async fn sitemap(State(app): State<App>) -> Response {
    answer(
        "application/xml; charset=utf-8",
        horizon_posts::sitemap(&app.library(), &app.feeds),
    )
}

async fn robots(State(app): State<App>) -> Response {
    answer("text/plain; charset=utf-8", horizon_posts::robots(&app.feeds))
}

fn answer(content_type: &'static str, body: String) -> Response {
    let fields = [
        (header::CONTENT_TYPE, HeaderValue::from_static(content_type)),
        (header::CACHE_CONTROL, FIVE_MINUTES),
    ];
    (fields, body).into_response()
}
