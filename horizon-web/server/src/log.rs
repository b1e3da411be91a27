//! Logs requests without client addresses: failed ones, and all of them with `RUST_LOG=debug`.

use std::time::Instant;

use axum::{
    extract::Request,
    http::{Method, Uri},
    middleware::Next,
    response::Response,
};

/// Logs a request when its response starts. Leaves the query out, because it contains searches.
pub(crate) async fn request(request: Request, next: Next) -> Response {
    let started = Instant::now();
    let (method, uri) = (request.method().clone(), request.uri().clone());
    let response = next.run(request).await;
    log(&method, &uri, &response, started);
    response
}

/// Successful requests are logged at `debug`: a line costs more than 10 % of the CPU of a like.
fn log(method: &Method, uri: &Uri, response: &Response, started: Instant) {
    let (path, status) = (uri.path(), response.status());
    let micros = || u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
    if status.is_server_error() {
        tracing::warn!(%method, path, status = status.as_u16(), micros = micros(), "request failed");
    } else if status.is_client_error() {
        tracing::info!(%method, path, status = status.as_u16(), micros = micros(), "request rejected");
    } else {
        tracing::debug!(%method, path, status = status.as_u16(), micros = micros(), "request succeeded");
    }
}
