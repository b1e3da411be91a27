use http::{HeaderMap, header};

/// Returns the entity tags in `If-None-Match`, without quotes and `W/` (RFC 9110 §13.1.2).
pub fn if_none_match(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    let lists = headers.get_all(header::IF_NONE_MATCH).iter();
    // A tag with a comma is split and so matches nothing. Tags made here contain none.
    lists
        .filter_map(|list| list.to_str().ok())
        .flat_map(|list| list.split(','))
        .filter_map(|tag| match tag.trim().trim_start_matches("W/") {
            "*" => Some("*"),
            tag => tag.strip_prefix('"')?.strip_suffix('"'),
        })
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn weak_and_strong_tags_and_lists_are_parsed() {
        let mut headers = HeaderMap::new();
        headers.append(header::IF_NONE_MATCH, HeaderValue::from_static(r#"W/"a-1", "b""#));
        headers.append(header::IF_NONE_MATCH, HeaderValue::from_static(r#"*, "c, d"#));
        assert_eq!(if_none_match(&headers).collect::<Vec<_>>(), ["a-1", "b", "*"]);
    }
}
