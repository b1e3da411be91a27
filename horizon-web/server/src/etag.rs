//! Entity tags (RFC 9110 §8.8.3, §13.1.2).

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

/// Returns the header of a weak tag, because the tag does not depend on the compression.
pub(crate) fn weak(tag: &str) -> Option<[(HeaderName, HeaderValue); 1]> {
    let tag = HeaderValue::from_str(&format!("W/\"{tag}\"")).ok()?;
    Some([(header::ETAG, tag)])
}

/// Returns the tags of `If-None-Match` without quotes. Ignores `*`, which browsers do not send with `GET`.
pub(crate) fn if_none_match(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    let lists = headers.get_all(header::IF_NONE_MATCH).iter();
    // The tags of this server contain no comma and no quote.
    lists
        .filter_map(|list| list.to_str().ok())
        .flat_map(|list| list.split(','))
        .filter_map(|tag| tag.trim().trim_start_matches("W/").strip_prefix('"')?.strip_suffix('"'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_read_weak_or_not_and_in_lists() {
        let mut headers = HeaderMap::new();
        headers.append(header::IF_NONE_MATCH, HeaderValue::from_static(r#"W/"a-1", "b""#));
        headers.append(header::IF_NONE_MATCH, HeaderValue::from_static(r#"*, "c, d"#));
        assert_eq!(if_none_match(&headers).collect::<Vec<_>>(), ["a-1", "b"]);
    }
}
