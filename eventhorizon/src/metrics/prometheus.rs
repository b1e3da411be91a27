//! The metric types of `prometheus-client`.

use horizon_backend::Backend;
use prometheus_client::encoding::text::encode_registry;

pub(crate) use prometheus_client::{
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::Registry,
};

/// Returns a registry with the metrics of the backend and of the log.
pub(crate) fn registry(backend: &Backend) -> Registry {
    let mut registry = Registry::default();
    backend.register_metrics(&mut registry);
    #[cfg(feature = "log")]
    horizon_backend::register_log_metrics(&mut registry);
    registry
}

/// Returns the metrics in the OpenMetrics text format, without `# EOF`.
pub(super) fn encode(registry: &Registry) -> String {
    let mut text = String::new();
    if let Err(error) = encode_registry(&mut text, registry) {
        tracing::error!(%error, "encoding the metrics failed");
    }
    text
}
