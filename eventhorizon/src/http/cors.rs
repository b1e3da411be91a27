//! The CORS protocol (WHATWG Fetch §3.2): lets pages of [`Config::origins`](crate::Config::origins) read and write.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Response, header};

use super::{
    ResponseBody,
    response::{add_vary, set},
};
use crate::Origin;

/// The methods of the contract.
const METHODS: &str = "GET, PUT, DELETE, POST";

/// The headers of requests that a browser does not send to other origins without permission.
const REQUEST_HEADERS: &str = "content-type, idempotency-key";

/// The headers of responses that a script of another origin cannot read without permission.
const RESPONSE_HEADERS: &str = "retry-after";

/// Returns the response to a preflight request of one of these origins, or `None` for other requests.
pub(super) fn preflight(origins: &[Origin], method: &Method, headers: &HeaderMap) -> Option<Response<ResponseBody>> {
    let is_preflight = method == Method::OPTIONS && headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    if !is_preflight || allowed_origin(origins, headers).is_none() {
        return None;
    }
    let mut response = Response::new(ResponseBody::Bytes(Bytes::new()));
    set(&mut response, header::ACCESS_CONTROL_ALLOW_METHODS, METHODS);
    set(&mut response, header::ACCESS_CONTROL_ALLOW_HEADERS, REQUEST_HEADERS);
    Some(response)
}

/// Adds to a response what a browser needs to show it to a page of one of these origins.
pub(super) fn set_headers(origins: &[Origin], request: &HeaderMap, response: &mut Response<ResponseBody>) {
    if origins.is_empty() {
        return;
    }
    add_vary(response, "origin");
    if let Some(origin) = allowed_origin(origins, request) {
        let headers = response.headers_mut();
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        headers.insert(
            header::ACCESS_CONTROL_ALLOW_CREDENTIALS,
            HeaderValue::from_static("true"),
        );
        set(response, header::ACCESS_CONTROL_EXPOSE_HEADERS, RESPONSE_HEADERS);
    }
}

/// Returns the origin of the page that sent the request, if it is one of these.
pub(super) fn allowed_origin<'a>(origins: &'a [Origin], headers: &HeaderMap) -> Option<&'a HeaderValue> {
    let origin = headers.get(header::ORIGIN)?;
    origins.iter().map(Origin::as_header).find(|known| *known == origin)
}
