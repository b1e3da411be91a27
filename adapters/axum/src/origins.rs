//! Pages of other origins: none, unless the site's configuration names them.

use eventhorizon::{Origin, same_site};
use http::{HeaderMap, HeaderName, Method, header};
use tower_http::cors::{AllowOrigin, CorsLayer};

/// Answers what browsers ask before a page of another origin may read or write (the CORS protocol, WHATWG Fetch §3.2).
pub(crate) fn layer(origins: &[Origin]) -> Option<CorsLayer> {
    if origins.is_empty() {
        return None;
    }
    let origins = origins.iter().map(|origin| origin.as_header().clone());
    let cors = CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins))
        .allow_methods([Method::GET, Method::PUT, Method::DELETE, Method::POST])
        .allow_headers([header::CONTENT_TYPE, HeaderName::from_static("idempotency-key")])
        .allow_credentials(true);
    Some(cors)
}

/// Whether a writing request comes from a page of this host, of one of these origins, or from no page at all.
pub(crate) fn may_write(origins: &[Origin], headers: &HeaderMap) -> bool {
    let origin = headers.get(header::ORIGIN);
    same_site(headers) || origin.is_some_and(|origin| origins.iter().any(|allowed| allowed.as_header() == origin))
}
