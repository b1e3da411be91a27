//! What the accumulator counts about itself. Never a label per page: their number has no bound.

use std::sync::Arc;

use horizon_core::{BatchOutcome, Error, RejectReason, Timestamp};
use horizon_redis::{NodeInfo, NodeRole};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

use horizon_backend::{AccumulatorObserver, Health, register_log_metrics};

use super::pipe::Standing;
use crate::Service;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Reason {
    reason: &'static str,
}

/// What was done so far, and how the pipe stands.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    name: String,
    started: Timestamp,
    standing: Arc<Standing>,
    health: Health,
    counted: Counter,
    refused: Family<Reason, Counter>,
    batches: Counter,
    failures: Family<Reason, Counter>,
}

impl Metrics {
    /// Nothing is done yet by this service, which started at `started`.
    pub(crate) fn new(service: &Service, started: Timestamp, standing: Standing, health: Health) -> Self {
        let mut all = Self {
            registry: Registry::default(),
            name: service.node.to_string(),
            started,
            standing: Arc::new(standing),
            health,
            counted: Counter::default(),
            refused: Family::default(),
            batches: Counter::default(),
            failures: Family::default(),
        };
        all.register(service);
        all
    }

    fn register(&mut self, service: &Service) {
        let registry = &mut self.registry;
        registry.register(
            "horizon_events_counted",
            "Events that are in the store; a repeat is among them, and counts once all the same",
            self.counted.clone(),
        );
        registry.register(
            "horizon_events_refused",
            "Events that could not be counted exactly",
            self.refused.clone(),
        );
        registry.register("horizon_batches", "Batches that are in the store", self.batches.clone());
        registry.register(
            "horizon_batch_failures",
            "Batches that could not be counted and come again",
            self.failures.clone(),
        );
        registry.register(
            "horizon_start_time_seconds",
            "When the process started, in seconds since 1970",
            ConstGauge::new(self.started.as_millis() / 1_000),
        );
        let about = [
            ("version", env!("CARGO_PKG_VERSION")),
            ("pipe", service.delivery.name()),
            ("store", service.store.name()),
        ];
        registry.register(
            "horizon_accumulator",
            "What this process is",
            Info::new(Vec::from(about)),
        );
        registry.register_collector(Box::new(Arc::clone(&self.standing)));
        register_log_metrics(registry);
        registry.register_collector(Box::new(self.health.clone()));
    }

    /// What this process says of itself to the others.
    pub(crate) fn about(&self) -> NodeInfo {
        let state = self.standing.state();
        let work = NodeRole::Accumulator {
            counted: self.counted.get(),
            unread: state.unread,
            pending: state.pending,
            lost: state.lost,
        };
        let mut about = NodeInfo::new(&*self.name, self.started, work);
        about.problems = self.health.problems();
        about
    }

    /// All of it in Prometheus' text format.
    pub(crate) fn encode(&self) -> String {
        let mut text = String::new();
        if let Err(error) = encode(&mut text, &self.registry) {
            tracing::error!(%error, "the metrics could not be written");
        }
        text
    }
}

impl AccumulatorObserver for Metrics {
    fn on_batch(&self, progress: &BatchOutcome) {
        self.health.on_batch(progress);
        self.batches.inc();
        self.counted.inc_by(progress.applied as u64);
        for (_, refusal) in &progress.rejected {
            let reason = match refusal {
                RejectReason::FromTheFuture => "from_the_future",
                RejectReason::TooOld => "too_old",
                _ => "other",
            };
            self.refused.get_or_create(&Reason { reason }).inc();
        }
    }

    fn on_error(&self, error: &Error) {
        self.health.on_error(error);
        let reason = match error.is_retryable() {
            true => "unavailable",
            false => "permanent",
        };
        self.failures.get_or_create(&Reason { reason }).inc();
    }
}
