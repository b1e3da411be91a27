//! What a supervisor and a scraper ask.

use std::time::Duration;

use axum::{Router, extract::State, http::StatusCode, http::header, response::IntoResponse, routing::get};
use horizon_core::Error;
use tokio::time::timeout;

use crate::state::App;

/// How long the store may take to say that it is writable.
const READY_WAIT: Duration = Duration::from_secs(2);

pub(crate) fn router() -> Router<App> {
    Router::new()
        .route("/healthz", get(async || "the process answers\n"))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
}

async fn ready(State(app): State<App>) -> impl IntoResponse {
    let late = |_| Err(Error::unavailable("the store did not answer in time"));
    match timeout(READY_WAIT, app.store.ready()).await.unwrap_or_else(late) {
        Ok(()) => (StatusCode::OK, "the store is writable\n"),
        Err(error) => {
            tracing::warn!(%error, "the store is not writable");
            (StatusCode::SERVICE_UNAVAILABLE, "the store is not writable\n")
        }
    }
}

async fn metrics(State(app): State<App>) -> impl IntoResponse {
    let format = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, format)], app.horizon.metrics() + "# EOF\n")
}
