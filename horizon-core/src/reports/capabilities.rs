use super::{Dimension, Metric};

/// What a store can answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Capabilities {
    /// The metrics.
    pub metrics: &'static [Metric],
    /// The dimensions.
    pub dimensions: &'static [Dimension],
    /// Whether the store keeps the rows of sessions, which filters and two dimensions need.
    pub has_session_rows: bool,
}

impl Capabilities {
    /// The capabilities of a store that answers every query.
    pub const ALL: Self = Self::new(&Metric::ALL, &Dimension::ALL, true);

    /// Returns the capabilities of a store with these metrics and dimensions.
    #[must_use]
    pub const fn new(metrics: &'static [Metric], dimensions: &'static [Dimension], has_session_rows: bool) -> Self {
        Self {
            metrics,
            dimensions,
            has_session_rows,
        }
    }
}
