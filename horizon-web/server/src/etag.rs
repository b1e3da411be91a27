//! Entity tags (RFC 9110 §8.8.3).

use axum::http::{HeaderName, HeaderValue, header};

/// Returns the header of a weak tag, because the tag does not depend on the compression.
pub(crate) fn weak(tag: &str) -> Option<[(HeaderName, HeaderValue); 1]> {
    let tag = HeaderValue::from_str(&format!("W/\"{tag}\"")).ok()?;
    Some([(header::ETAG, tag)])
}
