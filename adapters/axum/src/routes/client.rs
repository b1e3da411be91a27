//! The script for pages of any kind, and its types.

use std::sync::LazyLock;

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};

/// For an hour unasked, and for a day while a newer one is fetched.
const CACHE: HeaderValue = HeaderValue::from_static("public, max-age=3600, stale-while-revalidate=86400");

static SCRIPT: LazyLock<File> = LazyLock::new(|| File {
    kind: HeaderValue::from_static("text/javascript; charset=utf-8"),
    ..File::new(eventhorizon::client_js())
});

static TYPES: LazyLock<File> = LazyLock::new(|| File::new(eventhorizon::client_types()));

/// `GET /client.js`: the script.
pub(super) async fn script(headers: HeaderMap) -> Response {
    SCRIPT.answer(&headers)
}

/// `GET /client.d.ts`: what the script exports, for TypeScript and for whoever reads it.
pub(super) async fn types(headers: HeaderMap) -> Response {
    TYPES.answer(&headers)
}

/// A file that changes only with the program.
struct File {
    kind: HeaderValue,
    etag: String,
    text: &'static str,
}

impl File {
    fn new(text: &'static str) -> Self {
        Self {
            kind: HeaderValue::from_static("text/plain; charset=utf-8"),
            etag: format!("\"{}\"", blake3::hash(text.as_bytes()).to_hex()),
            text,
        }
    }

    fn answer(&'static self, asked: &HeaderMap) -> Response {
        let headers = [(header::ETAG, self.etag.as_str())];
        let cache = [(header::CACHE_CONTROL, CACHE)];
        if self.is_known(asked) {
            return (StatusCode::NOT_MODIFIED, headers, cache).into_response();
        }
        let kind = [(header::CONTENT_TYPE, self.kind.clone())];
        (headers, cache, kind, self.text).into_response()
    }

    /// Whether the client has this very file. A proxy that compresses it makes its tag a weak one.
    fn is_known(&self, asked: &HeaderMap) -> bool {
        let lists = asked.get_all(header::IF_NONE_MATCH).iter();
        lists.filter_map(|list| list.to_str().ok()).any(|list| {
            list.split(',').map(str::trim).any(|tag| {
                let tag = tag.strip_prefix("W/").unwrap_or(tag);
                tag == "*" || tag == self.etag
            })
        })
    }
}
