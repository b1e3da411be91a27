use std::sync::Arc;

use super::{Dimension, Metric};

/// The answer to a [`Query`](super::Query).
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Table {
    /// The dimensions of the query.
    pub dimensions: Vec<Dimension>,
    /// The metrics of the query.
    pub metrics: Vec<Metric>,
    /// The rows, in the order of the query. A query without dimensions has exactly one.
    pub rows: Vec<Row>,
    /// The number of rows before the limit and the offset.
    pub total_rows: usize,
    /// Whether some values count under [`OTHER_VALUE`](super::OTHER_VALUE).
    pub has_other: bool,
    /// Whether visitors of several days were added, so that one who came on two days counts twice.
    pub sums_daily_visitors: bool,
}

/// A row of a [`Table`].
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Row {
    /// The value of each dimension.
    pub dimensions: Vec<Arc<str>>,
    /// The value of each metric.
    pub metrics: Vec<Value>,
}

/// The value of a metric. Round it only to show it.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Value {
    /// A count.
    Count(i64),
    /// A rate or a mean. It is unknown if the denominator is 0.
    Ratio {
        /// The numerator.
        numerator: i64,
        /// The denominator.
        denominator: i64,
    },
    /// A median in seconds. It is unknown without page visits.
    Median(Option<f64>),
}

impl Row {
    /// Returns a row with these values.
    #[must_use]
    pub const fn new(dimensions: Vec<Arc<str>>, metrics: Vec<Value>) -> Self {
        Self { dimensions, metrics }
    }
}

impl Value {
    /// Returns the value as a number, or `None` if it is unknown.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "counts are below 2^53")]
    pub fn to_f64(self) -> Option<f64> {
        match self {
            Self::Count(count) => Some(count as f64),
            Self::Ratio { denominator: 0, .. } => None,
            Self::Ratio { numerator, denominator } => Some(numerator as f64 / denominator as f64),
            Self::Median(median) => median,
        }
    }
}
