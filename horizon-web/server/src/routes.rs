//! The routes of the blog.

use std::path::Path;

use axum::{Router, middleware};
use tower_http::{catch_panic::CatchPanicLayer, compression::CompressionLayer, services::ServeDir};

use crate::{cluster, feeds, headers, health, log, moderation, pages, posts, state::AppState};

/// The base path of the HTTP API; the islands use the same.
const HORIZON: &str = "/horizon";

/// The first path segments of the routes. A Markdown page cannot have one of them as its slug.
pub(crate) const RESERVED: [&str; 14] = [
    "admin",
    "blog",
    "cluster",
    "feed.xml",
    "healthz",
    "horizon",
    "media",
    "metrics",
    "pkg",
    "readyz",
    "robots.txt",
    "rss.xml",
    "sitemap.xml",
    "tags",
];

/// Returns the router of the blog. `media` is the folder with images.
pub(crate) fn router(app: AppState, media: &Path) -> Router {
    let compressed = Router::new()
        .merge(pages::router())
        .merge(posts::router())
        .merge(feeds::router())
        .merge(moderation::router())
        .fallback(pages::fallback)
        .layer(CompressionLayer::new());
    compressed
        .merge(cluster::router())
        .merge(health::router())
        .merge(app.assets.router())
        .nest_service("/media", ServeDir::new(media).append_index_html_on_directories(false))
        .layer(CatchPanicLayer::new())
        // Not in the layer, which would wrap the bodies of live streams at a cost for each frame.
        .nest(HORIZON, horizon_axum::router(&app.horizon))
        .layer(middleware::from_fn(headers::secure))
        .layer(middleware::from_fn(log::request))
        .with_state(app)
}
