//! `/media`: the files of the content folder that are not posts.

use std::path::Path;

use axum::{
    Router,
    http::{Extensions, HeaderMap, HeaderValue, StatusCode, Version, header},
    response::Response,
};
use tower_http::{
    compression::{
        CompressionLayer, Predicate,
        predicate::{DefaultPredicate, NotForContentType},
    },
    services::ServeDir,
};

use crate::state::AppState;

/// The largest file that is compressed, in bytes: 1 MiB. It is compressed for each response.
const MAX_COMPRESSED_BYTES: u64 = 1 << 20;

pub(crate) fn router(media: &Path) -> Router<AppState> {
    let files = ServeDir::new(media).append_index_html_on_directories(false);
    let small_text = DefaultPredicate::new()
        .and(NotForContentType::const_new("audio/"))
        .and(NotForContentType::const_new("video/"))
        .and(|_: StatusCode, _: Version, headers: &HeaderMap, _: &Extensions| is_small(headers));
    Router::new()
        .fallback_service(files)
        .layer(axum::middleware::map_response(with_charset))
        .layer(CompressionLayer::new().compress_when(small_text))
}

fn is_small(headers: &HeaderMap) -> bool {
    let length = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok());
    length
        .and_then(|length| length.parse().ok())
        .is_some_and(|length: u64| length <= MAX_COMPRESSED_BYTES)
}

/// Adds the character encoding of text files, because browsers guess another one.
async fn with_charset(mut response: Response) -> Response {
    let media_type = response.headers().get(header::CONTENT_TYPE);
    let text = media_type
        .and_then(|media_type| media_type.to_str().ok())
        .filter(|media_type| media_type.starts_with("text/") && !media_type.contains("charset"));
    if let Some(text) = text
        && let Ok(with_charset) = HeaderValue::from_str(&format!("{text}; charset=utf-8"))
    {
        response.headers_mut().insert(header::CONTENT_TYPE, with_charset);
    }
    response
}
