//! What the server says of requests: one line for each, and no address of a person.

use std::time::Instant;

use axum::{extract::Request, middleware::Next, response::Response};

/// Logs a request once its answer starts. The query stays out: readers search in it.
pub(crate) async fn request(request: Request, next: Next) -> Response {
    let started = Instant::now();
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let response = next.run(request).await;
    let status = response.status().as_u16();
    let micros = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
    tracing::info!(%method, path, status, micros, "request answered");
    response
}
