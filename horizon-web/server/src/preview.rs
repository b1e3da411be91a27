//! Posts and pages that are not public, for their author.

use axum::{
    http::{HeaderMap, HeaderName, HeaderValue},
    response::Response,
};
use horizon_app::{SlotValues, View};

use crate::{auth, respond, state::AppState};

const X_ROBOTS_TAG: HeaderName = HeaderName::from_static("x-robots-tag");
const NO_INDEX: HeaderValue = HeaderValue::from_static("noindex");

/// Responds with a document that is not public if the author is signed in. For everybody else there is no such page.
pub(crate) async fn respond(app: &AppState, headers: &HeaderMap, view: Option<View>) -> Response {
    // Checked also without a document, so that the response time does not show whether there is one.
    let is_author = auth::is_signed_in(app, headers).await.unwrap_or_else(|error| {
        tracing::warn!(%error, "cannot check the session, so drafts are not shown");
        false
    });
    let Some(view) = view.filter(|_| is_author) else {
        return respond::not_found(app).await;
    };
    let page = respond::render(app, view, &SlotValues::for_site(None)).await;
    let mut response = respond::no_store_unless(false, page);
    response.headers_mut().insert(X_ROBOTS_TAG, NO_INDEX);
    response
}

#[cfg(test)]
mod tests {
    use axum::http::{Method, StatusCode, header};

    use crate::slow_backends::{self, TestBlog};

    const FILES: [(&str, &str); 3] = [
        (
            "secret.md",
            "---\ntitle: Secret plan\ndate: 2026-01-03\ndraft: true\n---\nNot yet.\n",
        ),
        ("later.md", "---\ntitle: Later news\ndate: 2099-01-01\n---\nNot yet.\n"),
        (
            "pages/hidden.md",
            "---\ntitle: Hidden page\ndraft: true\n---\nNot yet.\n",
        ),
    ];

    const PATHS: [&str; 3] = ["/blog/secret", "/blog/later", "/hidden"];

    #[tokio::test(start_paused = true)]
    async fn only_the_signed_in_author_sees_what_is_not_public() {
        let mut blog = TestBlog::open_with_files(FILES).await;
        let anonymous = blog.cookies.clone();
        blog.sign_in().await;
        let author = blog.cookies.clone();
        for path in PATHS {
            blog.cookies.clone_from(&author);
            let shown = blog.send(Method::GET, path, String::new()).await;
            assert_eq!(shown.status(), StatusCode::OK, "{path}");
            assert_eq!(shown.headers()[header::CACHE_CONTROL], "no-store", "{path}");
            assert_eq!(shown.headers()["x-robots-tag"], "noindex", "{path}");
            let html = slow_backends::text(shown).await;
            assert!(html.contains("Not yet."), "{path}");
            for counted in ["data-page=", "action=\"/horizon/", "<leptos-island"] {
                assert!(!html.contains(counted), "{path} has {counted}");
            }
            for cookies in [anonymous.clone(), author.replacen('=', "=x", 1)] {
                blog.cookies = cookies;
                let hidden = blog.send(Method::GET, path, String::new()).await;
                let none = blog.send(Method::GET, "/blog/none", String::new()).await;
                assert_eq!(hidden.status(), StatusCode::NOT_FOUND, "{path}");
                assert_eq!(hidden.headers(), none.headers(), "{path}");
                assert_eq!(slow_backends::text(hidden).await, slow_backends::text(none).await);
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_moderation_page_lists_what_is_not_public() {
        let mut blog = TestBlog::open_with_files(FILES).await;
        blog.sign_in().await;
        let html = slow_backends::text(blog.send(Method::GET, "/admin", String::new()).await).await;
        for path in PATHS {
            assert!(html.contains(&format!("href=\"{path}\"")), "{path}");
        }
        assert!(
            html.contains("January 1, 2099") || html.contains("2099-01-01"),
            "{html}"
        );
        let lists = [
            "/",
            "/blog",
            "/archive",
            "/feed.xml",
            "/atom.xml",
            "/sitemap.xml",
            "/blog?q=secret",
        ];
        for list in lists {
            let html = slow_backends::text(blog.send(Method::GET, list, String::new()).await).await;
            assert!(
                !html.contains("/blog/secret") && !html.contains("/blog/later"),
                "{list}"
            );
        }
    }
}
