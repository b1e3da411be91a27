//! What machines read: feeds, sitemap, robots.

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};

use crate::{etag, state::App};

/// A new post may reach a feed reader this much later.
const FIVE_MINUTES: HeaderValue = HeaderValue::from_static("public, max-age=300");

pub(crate) fn router() -> Router<App> {
    Router::new()
        .route("/feed.xml", get(atom))
        .route("/rss.xml", get(rss))
        .route("/sitemap.xml", get(sitemap))
        .route("/robots.txt", get(robots))
}

async fn atom(State(app): State<App>, headers: HeaderMap) -> Response {
    answer(
        &headers,
        "application/atom+xml; charset=utf-8",
        horizon_posts::atom(&app.library(), &app.feeds),
    )
}

async fn rss(State(app): State<App>, headers: HeaderMap) -> Response {
    answer(
        &headers,
        "application/rss+xml; charset=utf-8",
        horizon_posts::rss(&app.library(), &app.feeds),
    )
}

async fn sitemap(State(app): State<App>, headers: HeaderMap) -> Response {
    answer(
        &headers,
        "application/xml; charset=utf-8",
        horizon_posts::sitemap(&app.library(), &app.feeds),
    )
}

async fn robots(State(app): State<App>, headers: HeaderMap) -> Response {
    answer(&headers, "text/plain; charset=utf-8", horizon_posts::robots(&app.feeds))
}

/// The document, unless the machine that asks has it.
fn answer(headers: &HeaderMap, content_type: &'static str, body: String) -> Response {
    let digest = format!("{:.16}", blake3::hash(body.as_bytes()).to_hex());
    let fields = [
        (header::CONTENT_TYPE, HeaderValue::from_static(content_type)),
        (header::CACHE_CONTROL, FIVE_MINUTES),
        (header::VARY, HeaderValue::from_static("accept-encoding")),
    ];
    let tag = etag::weak(&digest);
    if etag::known(headers).any(|tag| tag == digest) {
        return (StatusCode::NOT_MODIFIED, fields, tag, ()).into_response();
    }
    (fields, tag, body).into_response()
}
