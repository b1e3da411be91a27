//! Conditional requests: whether a browser still has what it would get (RFC 9110 §8.8.3, §13.1.2).

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

/// The header of a weak tag: what it stands for reads the same, whatever it is compressed with.
pub(crate) fn weak(tag: &str) -> Option<[(HeaderName, HeaderValue); 1]> {
    let tag = HeaderValue::from_str(&format!("W/\"{tag}\"")).ok()?;
    Some([(header::ETAG, tag)])
}

/// The tags that the browser has, without quotes. A `*` is none: nobody asks so for something to read.
pub(crate) fn known(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    let lists = headers.get_all(header::IF_NONE_MATCH).iter();
    // A tag of ours has no comma and no quote in it; what comes out of others matches nothing.
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
        assert_eq!(known(&headers).collect::<Vec<_>>(), ["a-1", "b"]);
    }
}
