//! The routes of the blog.

use std::{path::Path, sync::Arc};

use axum::{Router, extract::Request, middleware};
use tower_http::{catch_panic::CatchPanicLayer, compression::CompressionLayer};

use crate::{
    cluster, feeds, headers, health, lists, log, media, moderation, old_addresses, pages, pictures, posts,
    state::AppState,
};

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

/// Returns the router of the blog. `content` is the content folder.
pub(crate) fn router(app: AppState, content: &Path) -> Router {
    let known = Router::new()
        .merge(lists::router())
        .merge(pages::router())
        .merge(posts::router())
        .merge(feeds::router())
        .merge(moderation::router())
        .merge(cluster::router())
        .merge(health::router());
    let targets = known.clone().with_state(app.clone());
    let compressed = known
        .fallback(move |state, request: Request| pages::fallback(state, request, targets))
        .layer(CompressionLayer::new());
    let files: Router = media::router(content, app.library.clone());
    let old_addresses = (app.clone(), files.clone());
    compressed
        .layer(middleware::from_fn_with_state(old_addresses, old_addresses::respond))
        .merge(app.assets.router())
        .merge(pictures::router(Arc::clone(&app.pictures)))
        .route_service("/media/{*path}", files)
        .layer(CatchPanicLayer::new())
        // Not in the layer, which would wrap the bodies of live streams at a cost for each frame.
        .nest(HORIZON, horizon_axum::router(&app.horizon))
        .layer(middleware::from_fn_with_state(app.clone(), headers::secure))
        .layer(middleware::from_fn(log::request))
        .with_state(app)
}

#[cfg(test)]
mod tests {
    use axum::http::{Method, StatusCode, header};

    use crate::slow_backends::TestBlog;

    #[tokio::test(start_paused = true)]
    async fn a_slash_at_the_end_redirects_only_to_a_page() {
        let blog = TestBlog::open(true).await;
        for (path, target) in [
            ("/blog/", Some("/blog")),
            ("/blog//", Some("/blog")),
            ("/blog/?q=text&tag=", Some("/blog?q=text&tag=")),
            ("/blog/hello/", Some("/blog/hello")),
            ("/tags/test/", Some("/tags/test")),
            ("/feed.xml/", Some("/feed.xml")),
            ("/admin/", Some("/admin")),
            ("/cluster/", Some("/cluster")),
            ("///", Some("/")),
            ("/nope/", None),
            ("/blog/nope/", None),
            ("/tags/nope/", None),
            ("//evil.example/", None),
            ("/blog\\/", None),
            ("/pkg/nope.js/", None),
        ] {
            let response = blog.get(path, &[]).await;
            let location = response.headers().get(header::LOCATION);
            assert_eq!(location.map(|location| location.to_str().unwrap()), target, "{path}");
            let status = if target.is_some() { 308 } else { 404 };
            assert_eq!(response.status(), status, "{path}");
        }
        let posted = blog.send(Method::POST, "/blog/", String::new()).await;
        assert_eq!(posted.status(), StatusCode::NOT_FOUND);
    }

    #[tokio::test(start_paused = true)]
    async fn text_files_are_utf_8_and_compressed() {
        let blog = TestBlog::open(true).await;
        for (codings, coding) in [("gzip, br", "br"), ("gzip", "gzip"), ("", "")] {
            let response = blog.get("/media/notes.txt", &[("accept-encoding", codings)]).await;
            let headers = response.headers();
            assert_eq!(headers[header::CONTENT_TYPE], "text/plain; charset=utf-8");
            assert_eq!(headers[header::VARY], "accept-encoding", "{codings}");
            let actual = headers.get(header::CONTENT_ENCODING);
            assert_eq!(actual.map_or("", |actual| actual.to_str().unwrap()), coding);
        }
        let first = blog.get("/media/notes.txt", &[]).await;
        let modified = first.headers()[header::LAST_MODIFIED].to_str().unwrap();
        let known = blog.get("/media/notes.txt", &[("if-modified-since", modified)]).await;
        assert_eq!(known.status(), StatusCode::NOT_MODIFIED);
    }

    #[tokio::test(start_paused = true)]
    async fn a_feed_is_made_once_and_has_a_date() {
        let blog = TestBlog::open(true).await;
        for path in ["/feed.xml", "/rss.xml", "/sitemap.xml", "/robots.txt"] {
            let (first, second) = (blog.get(path, &[]).await, blog.get(path, &[]).await);
            let modified = first.headers()[header::LAST_MODIFIED].to_str().unwrap();
            assert_eq!(second.headers()[header::LAST_MODIFIED], modified, "{path}");
            let known = blog.get(path, &[("if-modified-since", modified)]).await;
            assert_eq!(known.status(), StatusCode::NOT_MODIFIED, "{path}");
        }
    }
}
