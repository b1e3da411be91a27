//! What a supervisor and a scraper ask.

use axum::{Router, extract::State, http::StatusCode, http::header, response::IntoResponse, routing::get};

use crate::state::App;

pub(crate) fn router() -> Router<App> {
    Router::new()
        .route("/healthz", get(async || "the process answers\n"))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
}

async fn ready(State(app): State<App>) -> impl IntoResponse {
    match app.store.ready().await {
        Ok(()) => (StatusCode::OK, "the store is writable\n"),
        Err(error) => {
            tracing::warn!(%error, "the store is not writable");
            (StatusCode::SERVICE_UNAVAILABLE, "the store is not writable\n")
        }
    }
}

async fn metrics(State(app): State<App>) -> impl IntoResponse {
    (
        [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")],
        app.horizon.metrics(),
    )
}
