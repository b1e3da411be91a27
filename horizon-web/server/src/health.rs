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
    match app.horizon.ready().await {
        Ok(sentence) => (StatusCode::OK, format!("{sentence}\n")),
        Err(problems) => (StatusCode::SERVICE_UNAVAILABLE, format!("{problems}\n")),
    }
}

async fn metrics(State(app): State<App>) -> impl IntoResponse {
    let format = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, format)], app.horizon.metrics() + "# EOF\n")
}
