//! The site's own metrics. No metric has a label per page, because the number of pages is unbounded.

#[cfg(not(feature = "metrics"))]
#[path = "metrics/disabled.rs"]
mod prometheus;
#[cfg(feature = "metrics")]
mod prometheus;

use std::sync::atomic::{AtomicU64, Ordering};

use horizon_core::EventKind;

use self::prometheus::{Counter, Family, Registry};

pub(crate) use self::prometheus::{Gauge, registry};

#[cfg_attr(feature = "metrics", derive(prometheus_client::encoding::EncodeLabelSet))]
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct ReasonLabel {
    reason: &'static str,
}

#[cfg_attr(feature = "metrics", derive(prometheus_client::encoding::EncodeLabelSet))]
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct KindLabel {
    kind: &'static str,
}

#[derive(Debug, Default)]
pub(crate) struct Metrics {
    registry: Registry,
    visits_failed: AtomicU64,
    pub(crate) live_connections: Gauge,
    pub(crate) live_pages: Gauge,
    pub(crate) live_frames: Counter,
    pub(crate) server_visits: Counter,
    pub(crate) connections: Gauge,
    limit_entries: Family<KindLabel, Gauge>,
    dropped_visits: Family<ReasonLabel, Counter>,
    events_tracked: Family<KindLabel, Counter>,
    events_failed: Family<KindLabel, Counter>,
    rate_limited: Family<KindLabel, Counter>,
    connections_refused: Family<ReasonLabel, Counter>,
}

impl Metrics {
    /// Adds the metrics of a site to `registry`.
    pub(crate) fn new(registry: Registry) -> Self {
        let mut metrics = Self {
            registry,
            ..Self::default()
        };
        metrics.register();
        metrics
    }

    fn register(&mut self) {
        let registry = &mut self.registry;
        registry.register(
            "horizon_live_connections",
            "Open live streams",
            self.live_connections.clone(),
        );
        registry.register(
            "horizon_live_pages",
            "Topics with a live stream",
            self.live_pages.clone(),
        );
        registry.register(
            "horizon_live_frames",
            "Frames published to live streams",
            self.live_frames.clone(),
        );
        registry.register(
            "horizon_server_visits",
            "Page loads that count as a visit without a live stream",
            self.server_visits.clone(),
        );
        registry.register("horizon_connections", "Open TCP connections", self.connections.clone());
        registry.register(
            "horizon_dropped_visits",
            "Live streams and page loads not counted as a visit",
            self.dropped_visits.clone(),
        );
        self.register_events();
        // Operators watch lost visits: show a zero, too.
        let _series = self.events_failed.get_or_create(&KindLabel { kind: "visit" });
    }

    fn register_events(&mut self) {
        let registry = &mut self.registry;
        registry.register(
            "horizon_events_tracked",
            "Events that the event bus accepted",
            self.events_tracked.clone(),
        );
        registry.register(
            "horizon_events_failed",
            "Events that the event bus did not accept",
            self.events_failed.clone(),
        );
        registry.register(
            "horizon_rate_limited",
            "Requests over a rate or limit of their network",
            self.rate_limited.clone(),
        );
        registry.register(
            "horizon_limit_entries",
            "Hashes of networks, visitors and pages that the limits remember",
            self.limit_entries.clone(),
        );
        registry.register(
            "horizon_connections_refused",
            "TCP connections, and further requests on those of HTTP/2, over a limit",
            self.connections_refused.clone(),
        );
    }

    pub(crate) fn dropped_visit(&self, reason: &'static str) {
        self.dropped_visits.get_or_create(&ReasonLabel { reason }).inc();
    }

    pub(crate) fn event_tracked(&self, kind: &EventKind) {
        self.events_tracked.get_or_create(&KindLabel { kind: name(kind) }).inc();
    }

    pub(crate) fn event_failed(&self, kind: &EventKind) {
        if matches!(kind, EventKind::Visit { .. }) {
            self.visits_failed.fetch_add(1, Ordering::Relaxed);
        }
        self.events_failed.get_or_create(&KindLabel { kind: name(kind) }).inc();
    }

    /// Returns the number of lost visits.
    pub(crate) fn visits_failed(&self) -> u64 {
        self.visits_failed.load(Ordering::Relaxed)
    }

    pub(crate) fn rate_limited(&self, kind: &'static str) {
        self.rate_limited.get_or_create(&KindLabel { kind }).inc();
    }

    pub(crate) fn connection_refused(&self, reason: &'static str) {
        self.connections_refused.get_or_create(&ReasonLabel { reason }).inc();
    }

    /// Sets the number of hashes that limits of this kind remember.
    pub(crate) fn set_limit_entries(&self, kind: &'static str, entries: usize) {
        let entries = i64::try_from(entries).unwrap_or(i64::MAX);
        self.limit_entries.get_or_create(&KindLabel { kind }).set(entries);
    }

    /// Returns the metrics in the OpenMetrics text format, without `# EOF`.
    #[cfg(feature = "metrics")]
    pub(crate) fn encode(&self) -> String {
        prometheus::encode(&self.registry)
    }
}

fn name(kind: &EventKind) -> &'static str {
    match kind {
        EventKind::Visit(_) => "visit",
        EventKind::Like { .. } => "like",
        EventKind::Unlike { .. } => "unlike",
        EventKind::Comment { .. } => "comment",
        EventKind::Moderate { .. } => "moderate",
        EventKind::Custom { .. } => "custom",
        _ => "other",
    }
}
