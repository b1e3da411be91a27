//! The files of static folders, and redirects from old addresses.

use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderValue, Method, StatusCode, Uri, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use tower::ServiceExt;

use crate::state::AppState;

/// The time for which browsers remember a redirect: a day. An author may reuse an address.
const CACHE_CONTROL: HeaderValue = HeaderValue::from_static("public, max-age=86400");

/// Sends the file at the path of a request, or redirects an old address of a page. Pages win over both.
pub(crate) async fn respond(State((app, files)): State<(AppState, Router)>, request: Request, next: Next) -> Response {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return next.run(request).await;
    }
    let library = app.library();
    if library.file(request.uri().path()).is_some() {
        let Ok(response) = files.oneshot(request).await;
        return response;
    }
    match library.redirect(request.uri().path()) {
        Some(target) => redirect(&target, request.uri()),
        None => next.run(request).await,
    }
}

/// Returns a redirect to a path of this site. The query of the request stays unless the path has its own.
fn redirect(target: &str, uri: &Uri) -> Response {
    let target = match uri.query().filter(|_| !target.contains('?')) {
        Some(query) => format!("{target}?{query}"),
        None => target.to_owned(),
    };
    match HeaderValue::from_str(&target) {
        Ok(target) => {
            let fields = [(header::LOCATION, target), (header::CACHE_CONTROL, CACHE_CONTROL)];
            (StatusCode::MOVED_PERMANENTLY, fields).into_response()
        }
        Err(_) => StatusCode::NOT_FOUND.into_response(),
    }
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;

    use super::*;
    use crate::slow_backends::TestBlog;

    const POST: &str = "---\ntitle: A trip\ndate: 2026-01-03\naliases: [/old/Trip/, /blog/hello, /admin]\n---\nText.\n";

    async fn blog() -> TestBlog {
        let later = POST.replace("2026-01-03", "2099-01-01").replace("/old", "/later");
        TestBlog::open_with_files([
            ("trip/index.md", POST),
            ("trip/sea.svg", "<svg xmlns='http://www.w3.org/2000/svg'/>"),
            ("later/index.md", &later),
            ("later/secret.png", "secret"),
            ("drafts/secret.png", "secret"),
            (".env", "secret"),
            ("config.toml", "secret"),
            ("static/robots.txt", "User-agent: nobody\n"),
            ("static/favicon.ico", "icon"),
            ("static/google1.html", "google-site-verification: google1.html"),
            ("static/about.txt", "text"),
            ("static/.env", "secret"),
            ("static/evil.js", "alert(1)"),
            ("static/feed.xml", "<rss/>"),
        ])
        .await
    }

    #[tokio::test(start_paused = true)]
    async fn an_old_address_leads_to_its_post() {
        let blog = blog().await;
        for (path, target) in [
            ("/old/Trip/", "/blog/trip"),
            ("/OLD/trip.html?utm=1", "/blog/trip?utm=1"),
            ("/Blog/Trip", "/blog/trip"),
            ("/tag/TEST/", "/tags/test"),
            ("/posts/page/2?x=1", "/blog?page=2"),
            ("/index.xml", "/feed.xml"),
            ("/trip/sea.svg", "/media/trip/sea.svg"),
        ] {
            let response = blog.get(path, &[]).await;
            assert_eq!(response.status(), StatusCode::MOVED_PERMANENTLY, "{path}");
            assert_eq!(response.headers()[header::LOCATION], target, "{path}");
        }
        for path in ["/blog/hello", "/feed.xml", "/blog", "/"] {
            assert_eq!(blog.get(path, &[]).await.status(), StatusCode::OK, "{path}");
        }
        for path in ["/later/trip/", "/nope", "//evil.example/old/trip", "/admin/old"] {
            assert_eq!(blog.get(path, &[]).await.status(), StatusCode::NOT_FOUND, "{path}");
        }
        let posted = blog.send(Method::POST, "/old/Trip/", String::new()).await;
        assert_eq!(posted.status(), StatusCode::NOT_FOUND);
    }

    #[tokio::test(start_paused = true)]
    async fn files_are_served_without_rights_in_our_origin() {
        let blog = blog().await;
        for (path, media_type, text) in [
            ("/media/trip/sea.svg", "image/svg+xml", "<svg"),
            ("/robots.txt", "text/plain; charset=utf-8", "User-agent: nobody"),
            ("/favicon.ico", "image/x-icon", "icon"),
            ("/google1.html", "text/html; charset=utf-8", "google-site-verification"),
            ("/about.txt", "text/plain; charset=utf-8", "text"),
        ] {
            let response = blog.get(path, &[]).await;
            assert_eq!(response.status(), StatusCode::OK, "{path}");
            assert_eq!(response.headers()[header::CONTENT_TYPE], media_type, "{path}");
            let policy = response.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
            assert!(
                policy.contains("default-src 'none'") && policy.contains("sandbox"),
                "{path}: {policy}"
            );
            assert_eq!(response.headers()["x-content-type-options"], "nosniff", "{path}");
            let body = to_bytes(response.into_body(), 1_000).await.unwrap();
            assert!(body.starts_with(text.as_bytes()), "{path}");
        }
        let feed = blog.get("/feed.xml", &[]).await;
        assert_eq!(
            feed.headers()[header::CONTENT_TYPE],
            "application/atom+xml; charset=utf-8"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn no_other_file_of_the_folder_is_served() {
        let blog = blog().await;
        for path in [
            "/trip/index.md",
            "/media/trip/index.md",
            "/media/later/secret.png",
            "/later/secret.png",
            "/media/drafts/secret.png",
            "/.env",
            "/media/.env",
            "/media/static/.env",
            "/config.toml",
            "/media/config.toml",
            "/evil.js",
            "/media/static/evil.js",
            "/static/robots.txt",
            "/site/manifest.json",
            "/media/site/manifest.json",
            "/media/../config.toml",
            "/media/%2e%2e/config.toml",
            "/..%2fconfig.toml",
            "/media//etc/passwd",
            "/media/trip%2f..%2f..%2fconfig.toml",
            "/media/",
            "/media",
        ] {
            assert_eq!(blog.get(path, &[]).await.status(), StatusCode::NOT_FOUND, "{path}");
        }
    }
}
