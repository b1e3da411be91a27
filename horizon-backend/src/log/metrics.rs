//! How many lines of the log were not written, and why.

use std::sync::LazyLock;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

/// Why a line was dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Dropped {
    /// Too many lines wait for standard error.
    Overflow,
    /// The system refused to write it.
    WriteError,
    /// Its place in the code logs too often.
    RateLimit,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Reason {
    reason: &'static str,
}

/// One for the process, as the log is.
static DROPPED: LazyLock<Family<Reason, Counter>> = LazyLock::new(|| {
    let dropped = Family::default();
    for reason in [Dropped::Overflow, Dropped::WriteError, Dropped::RateLimit] {
        drop(dropped.get_or_create(&reason.label()));
    }
    dropped
});

impl Dropped {
    fn label(self) -> Reason {
        Reason {
            reason: match self {
                Self::Overflow => "overflow",
                Self::WriteError => "write_error",
                Self::RateLimit => "rate_limit",
            },
        }
    }

    /// Counts a line that was dropped.
    pub(super) fn count(self) {
        DROPPED.get_or_create(&self.label()).inc();
    }
}

/// Registers `horizon_log_lines_dropped_total`: the lines of the process's log that were not written, by `reason`.
///
/// `overflow`: standard error takes them too slowly; `write_error`: it does not take them at all; `rate_limit`: their
/// place in the code logged too many.
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
        "Lines of the log that were not written to standard error",
        DROPPED.clone(),
    );
}
