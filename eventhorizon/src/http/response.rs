use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, header};
use serde::Serialize;

use super::{
    ContentCoding, HandlerResult, ResponseBody,
    compression::{Effort, compress},
};
use crate::{Live, Problem};

/// The size, in bytes, from which a response is compressed. A smaller one fits into one packet anyway.
const MIN_COMPRESSED_BYTES: usize = 1_024;

pub(super) fn json(value: &impl Serialize) -> HandlerResult {
    let json = serde_json::to_vec(value);
    let json = json.map_err(|error| horizon_core::Error::permanent("encoding a response failed").with_source(error))?;
    let mut response = Response::new(ResponseBody::Bytes(json.into()));
    set(&mut response, header::CONTENT_TYPE, "application/json");
    Ok(response)
}

/// Returns a live stream, or only its headers for `HEAD`.
pub(super) fn stream(live: Option<Live>) -> Response<ResponseBody> {
    let mut response = Response::new(live.map_or(ResponseBody::Empty, ResponseBody::Live));
    for (name, value) in Live::HEADERS.iter().copied() {
        set(&mut response, HeaderName::from_static(name), value);
    }
    response
}

pub(super) fn see_other(location: &str) -> Response<ResponseBody> {
    let mut response = Response::new(ResponseBody::Bytes(Bytes::new()));
    *response.status_mut() = StatusCode::SEE_OTHER;
    set(&mut response, header::LOCATION, location);
    response
}

pub(super) fn no_content() -> Response<ResponseBody> {
    let mut response = Response::new(ResponseBody::Empty);
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}

pub(super) fn with_cookie(mut response: Response<ResponseBody>, cookie: Option<String>) -> Response<ResponseBody> {
    if let Some(cookie) = cookie {
        set(&mut response, header::SET_COOKIE, &cookie);
    }
    response
}

/// Returns an HTML page with this status.
pub(super) fn html(status: StatusCode, page: String) -> Response<ResponseBody> {
    let mut response = Response::new(ResponseBody::Bytes(page.into()));
    *response.status_mut() = status;
    set(&mut response, header::CONTENT_TYPE, "text/html; charset=utf-8");
    response
}

/// Returns a file of comma-separated values, which a browser saves under this name.
pub(super) fn csv(name: &str, csv: String) -> Response<ResponseBody> {
    let mut response = Response::new(ResponseBody::Bytes(csv.into()));
    set(
        &mut response,
        header::CONTENT_TYPE,
        "text/csv; charset=utf-8; header=present",
    );
    let disposition = format!("attachment; filename=\"{name}\"");
    set(&mut response, header::CONTENT_DISPOSITION, &disposition);
    set(&mut response, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    response
}

/// Turns a problem into a response, and adds what all responses have in common.
pub(super) fn finish(result: HandlerResult, method: &Method, headers: &HeaderMap) -> Response<ResponseBody> {
    let mut response = result.unwrap_or_else(|problem| error(&problem, method, headers));
    // Stats are current only now, so caching is opt-in.
    let no_store = HeaderValue::from_static("no-store");
    response.headers_mut().entry(header::CACHE_CONTROL).or_insert(no_store);
    compress_body(&mut response, headers);
    if method == Method::HEAD {
        remove_body(&mut response);
    }
    response
}

/// Compresses a large body, unless it is compressed already.
fn compress_body(response: &mut Response<ResponseBody>, request: &HeaderMap) {
    let ResponseBody::Bytes(bytes) = response.body() else {
        return;
    };
    if bytes.len() < MIN_COMPRESSED_BYTES || response.headers().contains_key(header::CONTENT_ENCODING) {
        return;
    }
    let coding = ContentCoding::preferred(request);
    let compressed = compress(bytes, coding, Effort::Fast);
    add_vary(response, "accept-encoding");
    if let Some(compressed) = compressed {
        *response.body_mut() = ResponseBody::Bytes(compressed);
        set_coding(response, coding);
    }
}

/// Removes the body of a response to `HEAD`, and states its length (RFC 9110 §8.6).
fn remove_body(response: &mut Response<ResponseBody>) {
    let body = std::mem::replace(response.body_mut(), ResponseBody::Empty);
    if let ResponseBody::Bytes(bytes) = body
        && response.status() != StatusCode::NOT_MODIFIED
    {
        response
            .headers_mut()
            .insert(header::CONTENT_LENGTH, bytes.len().into());
    }
}

pub(super) fn set_coding(response: &mut Response<ResponseBody>, coding: ContentCoding) {
    if let Some(name) = coding.name() {
        set(response, header::CONTENT_ENCODING, name);
    }
}

fn error(problem: &Problem, method: &Method, headers: &HeaderMap) -> Response<ResponseBody> {
    let mut response = html(problem.status(), String::new());
    let text = match prefers_html(headers) {
        true if method == Method::POST => problem.to_form_page(),
        true => problem.to_page(),
        false => {
            set(&mut response, header::CONTENT_TYPE, Problem::MEDIA_TYPE);
            problem.to_json()
        }
    };
    *response.body_mut() = ResponseBody::Bytes(text.into());
    add_vary(&mut response, "accept");
    if let Some(seconds) = problem.retry_after() {
        response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    if let Some(methods) = problem.allow() {
        set(&mut response, header::ALLOW, methods);
    }
    if let Some(challenge) = problem.challenge() {
        set(&mut response, header::WWW_AUTHENTICATE, challenge);
    }
    response
}

/// Returns whether a person sees the response to a request: its `Accept` header names HTML and not JSON, as that of a
/// browser that opens a page or sends a plain form.
///
/// ```
/// use eventhorizon::{http::{HeaderMap, HeaderValue}, prefers_html};
///
/// let mut headers = HeaderMap::new();
/// assert!(!prefers_html(&headers));
/// headers.insert("accept", HeaderValue::from_static("text/html,application/xhtml+xml,*/*;q=0.8"));
/// assert!(prefers_html(&headers));
/// ```
#[must_use]
pub fn prefers_html(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    accept.is_some_and(|accept| accept.contains("text/html") && !accept.contains("json"))
}

/// Adds a header of the request on which the response depends (RFC 9110 §12.5.5).
pub(super) fn add_vary(response: &mut Response<ResponseBody>, name: &str) {
    let vary = response.headers().get(header::VARY).and_then(|vary| vary.to_str().ok());
    let vary = match vary {
        Some(vary) if vary.split(", ").any(|present| present == name) => return,
        Some(vary) => format!("{vary}, {name}"),
        None => name.to_owned(),
    };
    set(response, header::VARY, &vary);
}

/// Sets a header whose value is known to be valid.
pub(super) fn set(response: &mut Response<ResponseBody>, name: HeaderName, value: &str) {
    match HeaderValue::from_str(value) {
        Ok(value) => drop(response.headers_mut().insert(name, value)),
        Err(error) => tracing::error!(%error, %name, "left out a response header with an invalid value"),
    }
}
