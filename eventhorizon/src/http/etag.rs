use http::{HeaderMap, header};

/// Returns the entity tags in `If-None-Match`, without quotes and `W/` (RFC 9110 §13.1.2).
///
/// ```
/// let mut headers = http::HeaderMap::new();
/// headers.insert("if-none-match", r#"W/"a-1", "b", *"#.parse().unwrap());
/// assert!(eventhorizon::http::if_none_match(&headers).eq(["a-1", "b", "*"]));
/// ```
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
