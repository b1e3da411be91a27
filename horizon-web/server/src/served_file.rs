//! Files in memory, compressed once, with conditional requests.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use eventhorizon::http::{CompressedBody, ContentCoding, if_none_match};

use crate::etag;

const ACCEPT_ENCODING: HeaderValue = HeaderValue::from_static("accept-encoding");

/// A file that is the same for all clients.
pub(crate) struct ServedFile {
    content_type: HeaderValue,
    cache_control: HeaderValue,
    body: CompressedBody,
    /// A hash of the body.
    digest: String,
    modified: SystemTime,
}

impl ServedFile {
    /// Creates a file. `modified` is when its content last changed.
    pub(crate) fn new(
        content_type: HeaderValue,
        cache_control: HeaderValue,
        body: CompressedBody,
        modified: SystemTime,
    ) -> Self {
        Self {
            digest: format!("{:.16}", blake3::hash(body.plain()).to_hex()),
            content_type,
            cache_control,
            body,
            modified,
        }
    }

    pub(crate) fn modified(&self) -> SystemTime {
        self.modified
    }

    /// Returns the file in the best coding that the client accepts, or 304 if the client has it.
    pub(crate) fn respond(&self, request: &HeaderMap) -> Response {
        let fields = [
            (header::CONTENT_TYPE, self.content_type.clone()),
            (header::CACHE_CONTROL, self.cache_control.clone()),
            (header::VARY, ACCEPT_ENCODING),
        ];
        let modified = HeaderValue::from_str(&httpdate::fmt_http_date(self.modified)).ok();
        let modified = modified.map(|date| [(header::LAST_MODIFIED, date)]);
        let validators = (etag::weak(&self.digest), modified);
        if self.is_known(request) {
            return (StatusCode::NOT_MODIFIED, fields, validators, ()).into_response();
        }
        let (bytes, coding) = self.body.in_coding(ContentCoding::preferred(request));
        let coding = coding.name().map(|name| [(header::CONTENT_ENCODING, name)]);
        (fields, validators, coding, Body::from(bytes)).into_response()
    }

    /// Returns whether the client has the file. `If-None-Match` wins over `If-Modified-Since` (RFC 9110 §13.2.2).
    fn is_known(&self, request: &HeaderMap) -> bool {
        if request.contains_key(header::IF_NONE_MATCH) {
            return if_none_match(request).any(|tag| tag == "*" || tag == self.digest);
        }
        let since = request
            .get(header::IF_MODIFIED_SINCE)
            .and_then(|date| date.to_str().ok());
        let since = since.and_then(|date| httpdate::parse_http_date(date).ok());
        since.is_some_and(|since| seconds(self.modified) <= seconds(since))
    }
}

/// Returns whole seconds, the resolution of dates in HTTP.
fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// Returns the time at which content that replaces a file of `before` counts as modified: later by at least the
/// resolution of dates in HTTP.
pub(crate) fn modified_after(before: Option<SystemTime>) -> SystemTime {
    let now = SystemTime::now();
    before.map_or(now, |before| now.max(before + Duration::from_secs(1)))
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;

    use super::*;

    fn file(modified: SystemTime) -> ServedFile {
        let text = HeaderValue::from_static("text/plain; charset=utf-8");
        let caching = HeaderValue::from_static("public, max-age=300");
        ServedFile::new(text, caching, CompressedBody::new("word ".repeat(100)), modified)
    }

    fn request(fields: &[(&'static str, &str)]) -> HeaderMap {
        let fields = fields
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
        fields.collect()
    }

    #[tokio::test]
    async fn the_coding_is_what_the_client_accepts() {
        let file = file(SystemTime::now());
        for (codings, expected) in [("gzip, br", "br"), ("gzip", "gzip"), ("gzip, br;q=0", "gzip"), ("", "")] {
            let response = file.respond(&request(&[("accept-encoding", codings)]));
            assert_eq!(response.headers()[header::VARY], ACCEPT_ENCODING);
            let coding = response.headers().get(header::CONTENT_ENCODING);
            assert_eq!(coding.map_or("", |coding| coding.to_str().unwrap()), expected);
            let length = to_bytes(response.into_body(), 1_000).await.unwrap().len();
            assert_eq!(length == 500, expected.is_empty(), "{codings}: {length} bytes");
        }
    }

    #[test]
    fn a_known_file_is_not_sent_again() {
        let modified = UNIX_EPOCH + Duration::from_millis(1_800_000_000_700);
        let (before, same) = ("Fri, 15 Jan 2027 07:59:59 GMT", "Fri, 15 Jan 2027 08:00:00 GMT");
        let file = file(modified);
        let first = file.respond(&HeaderMap::new());
        assert_eq!(first.headers()[header::LAST_MODIFIED], same);
        let tag = first.headers()[header::ETAG].to_str().unwrap();
        for (fields, status) in [
            (&[("if-modified-since", same)][..], 304),
            (&[("if-modified-since", before)], 200),
            (&[("if-modified-since", "yesterday")], 200),
            (&[("if-none-match", tag)], 304),
            (&[("if-none-match", "*")], 304),
            (&[("if-none-match", "\"other\""), ("if-modified-since", same)], 200),
            (&[("if-none-match", tag), ("if-modified-since", before)], 304),
        ] {
            let response = file.respond(&request(fields));
            assert_eq!(response.status(), status, "{fields:?}");
            for name in [header::ETAG, header::LAST_MODIFIED, header::VARY, header::CACHE_CONTROL] {
                assert!(response.headers().contains_key(&name), "{status} without {name}");
            }
        }
    }

    #[test]
    fn two_versions_in_one_second_have_different_dates() {
        let first = modified_after(None);
        let second = modified_after(Some(first));
        assert!(seconds(second) > seconds(first));
    }
}
