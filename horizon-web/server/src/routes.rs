//! Every address of the blog.

use std::path::Path;

use axum::{Router, middleware};
use tower_http::{catch_panic::CatchPanicLayer, compression::CompressionLayer, services::ServeDir};

use crate::{admin, cluster, feeds, headers, health, log, pages, posts, state::App};

/// Where the live contract is: the path that the islands know.
pub(crate) const HORIZON: &str = "/horizon";

/// What addresses of the blog begin with. An extra page of such a name could not be reached.
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

/// The blog as one router. `media` is the folder with the author's images.
pub(crate) fn router(app: App, media: &Path) -> Router {
    let compressed = Router::new()
        .merge(pages::router())
        .merge(posts::router())
        .merge(feeds::router())
        .merge(admin::router())
        .fallback(pages::fallback)
        .layer(CompressionLayer::new());
    compressed
        .merge(cluster::router())
        .merge(health::router())
        .merge(app.assets.router())
        .nest_service("/media", ServeDir::new(media).append_index_html_on_directories(false))
        .layer(CatchPanicLayer::new())
        // Not in the layer: a body that is put into another pays for it with each frame, and a panic ends one connection.
        .nest(HORIZON, horizon_axum::router(&app.horizon))
        .layer(middleware::from_fn(headers::secure))
        .layer(middleware::from_fn(log::request))
        .with_state(app)
}
