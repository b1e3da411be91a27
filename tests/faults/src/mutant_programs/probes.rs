use std::sync::Arc;

use axum::{Router, http::StatusCode, routing::get};
use horizon_backend::{Health, ReadinessCheck, StoreHandle, register_log_metrics};
use prometheus_client::{encoding::text::encode, registry::Registry};

/// Returns the routes `/healthz`, `/readyz` and `/metrics` of an accumulator without background checks.
pub(crate) fn probes(store: StoreHandle) -> Router {
    let ready = Arc::new(ReadinessCheck::new(Health::default()).with_store(store));
    let mut registry = Registry::default();
    register_log_metrics(&mut registry);
    let registry = Arc::new(registry);
    Router::new()
        .route("/healthz", get(async || "the process answers\n"))
        .route(
            "/metrics",
            get(async move || {
                let mut text = "horizon_stream_lost_total 0\n".to_owned();
                // Writing to a `String` cannot fail.
                let _ = encode(&mut text, &registry);
                text
            }),
        )
        .route(
            "/readyz",
            get(async move || match ready.check().await {
                Ok(sentence) => (StatusCode::OK, format!("{sentence}\n")),
                Err(problems) => (StatusCode::SERVICE_UNAVAILABLE, format!("{problems}\n")),
            }),
        )
}
