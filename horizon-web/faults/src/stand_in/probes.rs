use axum::{Router, http::StatusCode, routing::get};
use horizon_accumulator::process::{Health, Ready, Store};

/// `/healthz`, `/readyz` and `/metrics` of an accumulator whose background tasks have no problem to report.
pub(crate) fn probes(store: Store) -> Router {
    let ready = std::sync::Arc::new(Ready::new(store, Health::default()));
    Router::new()
        .route("/healthz", get(async || "the process answers\n"))
        .route("/metrics", get(async || "horizon_stream_lost_total 0\n# EOF\n"))
        .route(
            "/readyz",
            get(async move || match ready.check().await {
                Ok(sentence) => (StatusCode::OK, format!("{sentence}\n")),
                Err(problems) => (StatusCode::SERVICE_UNAVAILABLE, format!("{problems}\n")),
            }),
        )
}
