//! Feeds, the sitemap and `robots.txt`.

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use eventhorizon::http::if_none_match;

use crate::{etag, state::AppState};

/// The delay after which a new post may reach a feed reader: 5 minutes.
const CACHE_CONTROL: HeaderValue = HeaderValue::from_static("public, max-age=300");

const ATOM: &str = "application/atom+xml; charset=utf-8";
const RSS: &str = "application/rss+xml; charset=utf-8";
const XML: &str = "application/xml; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";

pub(crate) fn router() -> Router<AppState> {
    let feed = |content_type, write: fn(&AppState) -> String| {
        get(async move |State(app): State<AppState>, headers: HeaderMap| respond(&headers, content_type, write(&app)))
    };
    Router::new()
        .route(
            "/feed.xml",
            feed(ATOM, |app| horizon_posts::atom(&app.library(), &app.feeds)),
        )
        .route(
            "/rss.xml",
            feed(RSS, |app| horizon_posts::rss(&app.library(), &app.feeds)),
        )
        .route(
            "/sitemap.xml",
            feed(XML, |app| horizon_posts::sitemap(&app.library(), &app.feeds)),
        )
        .route("/robots.txt", feed(TEXT, |app| horizon_posts::robots(&app.feeds)))
}

fn respond(headers: &HeaderMap, content_type: &'static str, body: String) -> Response {
    let digest = format!("{:.16}", blake3::hash(body.as_bytes()).to_hex());
    let fields = [
        (header::CONTENT_TYPE, HeaderValue::from_static(content_type)),
        (header::CACHE_CONTROL, CACHE_CONTROL),
        (header::VARY, HeaderValue::from_static("accept-encoding")),
    ];
    let tag = etag::weak(&digest);
    if if_none_match(headers).any(|tag| tag == digest) {
        return (StatusCode::NOT_MODIFIED, fields, tag, ()).into_response();
    }
    (fields, tag, body).into_response()
}
