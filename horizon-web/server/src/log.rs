//! What the server says of requests, without an address of a person: what failed, and with `RUST_LOG=debug` all of
//! them.

use std::time::Instant;

use axum::{
    extract::Request,
    http::{Method, Uri},
    middleware::Next,
    response::Response,
};

/// Logs a request once its answer starts. The query stays out: readers search in it.
pub(crate) async fn request(request: Request, next: Next) -> Response {
    let started = Instant::now();
    // Neither is copied: the path is shared.
    let (method, uri) = (request.method().clone(), request.uri().clone());
    let response = next.run(request).await;
    log(&method, &uri, &response, started);
    response
}

/// A success is worth no line by default: writing it cost more than a tenth of a like.
fn log(method: &Method, uri: &Uri, response: &Response, started: Instant) {
    let (path, status) = (uri.path(), response.status());
    let micros = || u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
    if status.is_server_error() {
        tracing::warn!(%method, path, status = status.as_u16(), micros = micros(), "request failed");
    } else if status.is_client_error() {
        tracing::info!(%method, path, status = status.as_u16(), micros = micros(), "request refused");
    } else {
        tracing::debug!(%method, path, status = status.as_u16(), micros = micros(), "request answered");
    }
}
