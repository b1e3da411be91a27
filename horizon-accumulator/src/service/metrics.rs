//! The metrics of the service. No label is a page, because the number of pages is unbounded.

use std::sync::Arc;

use horizon_backend::{AccumulatorObserver, Health, ReportsCheck, register_log_metrics};
use horizon_core::{BatchOutcome, Error, RejectReason, Timestamp};
use horizon_redis::{NodeInfo, NodeRole};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

use super::consumers::BusState;
use crate::arguments::ServiceConfig;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutcomeLabels {
    reason: &'static str,
}

#[derive(Debug)]
pub(crate) struct ServiceMetrics {
    registry: Registry,
    name: String,
    started: Timestamp,
    bus_state: Arc<BusState>,
    health: Health,
    counted: Counter,
    refused: Family<OutcomeLabels, Counter>,
    batches: Counter,
    failures: Family<OutcomeLabels, Counter>,
}

impl ServiceMetrics {
    pub(crate) fn new(
        config: &ServiceConfig,
        started: Timestamp,
        bus_state: BusState,
        health: &Health,
        reports: &ReportsCheck,
    ) -> Self {
        let mut metrics = Self {
            registry: Registry::default(),
            name: config.node.to_string(),
            started,
            bus_state: Arc::new(bus_state),
            health: health.clone(),
            counted: Counter::default(),
            refused: Family::default(),
            batches: Counter::default(),
            failures: Family::default(),
        };
        metrics.register(config);
        metrics.registry.register_collector(Box::new(reports.clone()));
        metrics
    }

    fn register(&mut self, config: &ServiceConfig) {
        let registry = &mut self.registry;
        let counted = "Events in the store, including duplicates, which count once";
        registry.register("horizon_events_counted", counted, self.counted.clone());
        registry.register("horizon_events_refused", "Rejected events", self.refused.clone());
        registry.register("horizon_batches", "Batches in the store", self.batches.clone());
        let failures = "Failed attempts to count a batch";
        registry.register("horizon_batch_failures", failures, self.failures.clone());
        let started = ConstGauge::new(self.started.as_millis() / 1_000);
        let help = "When the process started, in seconds since 1970";
        registry.register("horizon_start_time_seconds", help, started);
        let labels = vec![
            ("version", env!("CARGO_PKG_VERSION")),
            ("pipe", config.delivery.name()),
            ("store", config.urls.store().name()),
        ];
        let help = "The version and the configuration of this process";
        registry.register("horizon_accumulator", help, Info::new(labels));
        registry.register_collector(Box::new(Arc::clone(&self.bus_state)));
        register_log_metrics(registry);
        registry.register_collector(Box::new(self.health.clone()));
    }

    /// Returns what this node registers in Redis.
    pub(crate) fn node_info(&self) -> NodeInfo {
        let state = self.bus_state.total();
        let role = NodeRole::Accumulator {
            counted: self.counted.get(),
            unread: state.unread,
            pending: state.pending,
            lost: state.lost,
        };
        let mut info = NodeInfo::new(&*self.name, self.started, role);
        info.problems = self.health.problems();
        info
    }

    /// Returns the metrics in the OpenMetrics text format.
    pub(crate) fn encode(&self) -> String {
        let mut text = String::new();
        if let Err(error) = encode(&mut text, &self.registry) {
            tracing::error!(%error, "the metrics could not be encoded");
        }
        text
    }
}

impl AccumulatorObserver for ServiceMetrics {
    fn on_batch(&self, outcome: &BatchOutcome) {
        self.health.on_batch(outcome);
        self.batches.inc();
        self.counted.inc_by(outcome.applied as u64);
        for (_, reason) in &outcome.rejected {
            let reason = match reason {
                RejectReason::FromTheFuture => "from_the_future",
                RejectReason::TooOld => "too_old",
                _ => "other",
            };
            self.refused.get_or_create(&OutcomeLabels { reason }).inc();
        }
    }

    fn on_error(&self, error: &Error) {
        self.health.on_error(error);
        let reason = match error.is_retryable() {
            true => "unavailable",
            false => "permanent",
        };
        self.failures.get_or_create(&OutcomeLabels { reason }).inc();
    }
}
