//! Counts the log lines that were not written.

use std::sync::LazyLock;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

use super::dropped::DropReason;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct DropLabels {
    reason: &'static str,
}

static DROPPED: LazyLock<Family<DropLabels, Counter>> = LazyLock::new(|| {
    let dropped = Family::default();
    for reason in [DropReason::Overflow, DropReason::WriteError, DropReason::RateLimit] {
        drop(dropped.get_or_create(&labels(reason)));
    }
    dropped
});

fn labels(reason: DropReason) -> DropLabels {
    DropLabels {
        reason: match reason {
            DropReason::Overflow => "overflow",
            DropReason::WriteError => "write_error",
            DropReason::RateLimit => "rate_limit",
        },
    }
}

/// Counts a dropped line.
pub(super) fn count(reason: DropReason) {
    DROPPED.get_or_create(&labels(reason)).inc();
}

/// Registers `horizon_log_lines_dropped_total` by `reason`: `overflow` (standard error is too slow), `write_error`, and
/// `rate_limit` (too many lines of one log statement).
///
/// ```
/// use horizon_backend::register_log_metrics;
/// use prometheus_client::{encoding::text::encode, registry::Registry};
///
/// let (mut registry, mut text) = (Registry::default(), String::new());
/// register_log_metrics(&mut registry);
/// encode(&mut text, &registry)?;
/// assert!(text.contains("horizon_log_lines_dropped_total{reason=\"overflow\"} 0"));
/// # Ok::<(), std::fmt::Error>(())
/// ```
pub fn register_log_metrics(registry: &mut Registry) {
    registry.register(
        "horizon_log_lines_dropped",
        "Log lines that were not written to standard error",
        DROPPED.clone(),
    );
}
