//! The headers of all responses.

use axum::{
    extract::{Request, State},
    http::{HeaderName, HeaderValue, header},
    middleware::Next,
    response::Response,
};

use crate::state::AppState;

/// The policy of responses that are not pages.
const DEFAULT_POLICY: HeaderValue = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'; sandbox");

const SECURITY_HEADERS: [(HeaderName, HeaderValue); 4] = [
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (
        header::REFERRER_POLICY,
        HeaderValue::from_static("strict-origin-when-cross-origin"),
    ),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        HeaderValue::from_static("same-origin"),
    ),
    (
        HeaderName::from_static("permissions-policy"),
        HeaderValue::from_static("camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    ),
];

/// Browsers use only HTTPS for a year after the last response.
const TRANSPORT_SECURITY: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// Keeps pages of other origins from embedding a response. Those that they may embed have another value.
const RESOURCE_POLICY: HeaderValue = HeaderValue::from_static("same-origin");

/// Adds the security headers, and the default policies if the response has none.
pub(crate) async fn secure(State(app): State<AppState>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    // Not for TLS without a base URL: a test certificate would make browsers refuse plain HTTP on localhost for a year.
    if app.site.base_url.is_some() && app.is_https {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, TRANSPORT_SECURITY);
    }
    headers.entry("cross-origin-resource-policy").or_insert(RESOURCE_POLICY);
    for (name, value) in SECURITY_HEADERS {
        headers.insert(name, value);
    }
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(DEFAULT_POLICY);
    response
}

#[cfg(test)]
mod tests {
    use axum::http::Method;

    use super::*;
    use crate::slow_backends::TestBlog;

    async fn get(blog: &TestBlog, path: &str) -> axum::http::HeaderMap {
        blog.send(Method::GET, path, String::new()).await.headers().clone()
    }

    #[tokio::test(start_paused = true)]
    async fn only_a_site_with_https_requires_it() {
        for (url, expected) in [("http://blog", None), ("https://blog", Some("max-age=31536000"))] {
            let blog = TestBlog::open_at(url, false).await;
            for path in ["/", "/horizon/stats", "/no-such-page", "/healthz"] {
                let headers = get(&blog, path).await;
                let found = headers.get(header::STRICT_TRANSPORT_SECURITY);
                assert_eq!(found.map(|value| value.to_str().unwrap()), expected, "{url}{path}");
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn other_origins_may_embed_only_the_client() {
        let blog = TestBlog::open(false).await;
        for (path, expected) in [
            ("/", "same-origin"),
            ("/blog/hello", "same-origin"),
            ("/admin", "same-origin"),
            ("/horizon/stats/hello", "same-origin"),
            ("/horizon/client.js", "cross-origin"),
        ] {
            assert_eq!(
                get(&blog, path).await["cross-origin-resource-policy"],
                expected,
                "{path}"
            );
        }
    }
}
