//! What the router counts about itself. Never a label per page: their number has no bound.

use horizon_core::EventKind;
use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode_registry},
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::Registry,
};

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct Reason {
    reason: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct Named {
    kind: &'static str,
}

#[derive(Debug, Default)]
pub(crate) struct Metrics {
    registry: Registry,
    pub(crate) live_connections: Gauge,
    pub(crate) live_pages: Gauge,
    pub(crate) live_frames: Counter,
    pub(crate) server_visits: Counter,
    pub(crate) connections: Gauge,
    dropped_visits: Family<Reason, Counter>,
    events_tracked: Family<Named, Counter>,
    events_failed: Family<Named, Counter>,
    rate_limited: Family<Named, Counter>,
    connections_refused: Family<Reason, Counter>,
}

impl Metrics {
    /// Adds the metrics of a site to `registry`.
    pub(crate) fn new(registry: Registry) -> Self {
        let mut all = Self {
            registry,
            ..Self::default()
        };
        all.register();
        #[cfg(feature = "log")]
        horizon_backend::register_log_metrics(&mut all.registry);
        all
    }

    fn register(&mut self) {
        let all = self;
        let registry = &mut all.registry;
        registry.register(
            "horizon_live_connections",
            "Open live streams",
            all.live_connections.clone(),
        );
        registry.register(
            "horizon_live_pages",
            "Pages and sites that someone watches",
            all.live_pages.clone(),
        );
        registry.register(
            "horizon_live_frames",
            "Frames that live pages made",
            all.live_frames.clone(),
        );
        registry.register(
            "horizon_server_visits",
            "Page loads that count as a visit without a live stream",
            all.server_visits.clone(),
        );
        registry.register("horizon_connections", "Open TCP connections", all.connections.clone());
        registry.register(
            "horizon_dropped_visits",
            "Live streams and page loads that count as no visit",
            all.dropped_visits.clone(),
        );
        registry.register(
            "horizon_events_tracked",
            "Events that the pipe took",
            all.events_tracked.clone(),
        );
        registry.register(
            "horizon_events_failed",
            "Events that were given up or refused",
            all.events_failed.clone(),
        );
        registry.register(
            "horizon_rate_limited",
            "Requests over their rate",
            all.rate_limited.clone(),
        );
        registry.register(
            "horizon_connections_refused",
            "TCP connections over a cap",
            all.connections_refused.clone(),
        );
    }

    pub(crate) fn dropped_visit(&self, reason: &'static str) {
        self.dropped_visits.get_or_create(&Reason { reason }).inc();
    }

    pub(crate) fn event_tracked(&self, kind: &EventKind) {
        self.events_tracked.get_or_create(&Named { kind: name(kind) }).inc();
    }

    pub(crate) fn event_failed(&self, kind: &EventKind) {
        self.events_failed.get_or_create(&Named { kind: name(kind) }).inc();
    }

    /// How many visits are lost.
    pub(crate) fn visits_failed(&self) -> u64 {
        self.events_failed.get_or_create(&Named { kind: "visit" }).get()
    }

    pub(crate) fn rate_limited(&self, kind: &'static str) {
        self.rate_limited.get_or_create(&Named { kind }).inc();
    }

    pub(crate) fn connection_refused(&self, reason: &'static str) {
        self.connections_refused.get_or_create(&Reason { reason }).inc();
    }

    /// All of it in Prometheus' text format, without an end mark, so that more can follow.
    pub(crate) fn encode(&self) -> String {
        let mut text = String::new();
        if let Err(error) = encode_registry(&mut text, &self.registry) {
            tracing::error!(%error, "the metrics could not be written");
        }
        text
    }
}

fn name(kind: &EventKind) -> &'static str {
    match kind {
        EventKind::Visit { .. } => "visit",
        EventKind::Like { .. } => "like",
        EventKind::Unlike { .. } => "unlike",
        EventKind::Comment { .. } => "comment",
        EventKind::Moderate { .. } => "moderate",
        _ => "other",
    }
}
