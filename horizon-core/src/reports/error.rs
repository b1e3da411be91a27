use super::{Dimension, FilterOperator, Metric};
use crate::{Day, Error};

/// Why a [`Query`](super::Query) has no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReportError {
    /// The store cannot answer the query, now or later.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The query needs session rows that are erased.
    #[error(
        "the query needs the sessions of each day, which are erased before day {first}; start later, or leave out the \
         filters, `visits` by page, and all but one dimension"
    )]
    RowsExpired {
        /// The first day whose session rows are kept.
        first: FirstDay,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] Error),
}

/// A day in an error message, as `2026-11-29`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FirstDay(pub Day);

/// Why a store refuses a query.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The query has no metric.
    #[error("the query has no metric")]
    NoMetric,
    /// A metric or dimension is named twice.
    #[error("`{0}` is named twice")]
    NamedTwice(&'static str),
    /// There are too many dimensions, filters or values.
    #[error("a query has at most {max} {what}")]
    TooMany {
        /// What there is too much of.
        what: &'static str,
        /// The limit.
        max: usize,
    },
    /// The first day is after the last.
    #[error("the first day is after the last day")]
    EmptyRange,
    /// Two dimensions are times.
    #[error("`{0}` and `{1}` are both times; use one")]
    TwoTimes(Dimension, Dimension),
    /// A filter is on a time.
    #[error("`{0}` cannot be a filter; use the range")]
    TimeFilter(Dimension),
    /// An order names something that the query does not ask for.
    #[error("`{0}` cannot order the rows because the query does not ask for it")]
    UnknownOrder(&'static str),
    /// A metric cannot be grouped by a dimension.
    #[error("`{metric}` cannot be grouped by `{dimension}`")]
    Grouping {
        /// The metric.
        metric: Metric,
        /// The dimension.
        dimension: Dimension,
    },
    /// A metric cannot be filtered by a dimension.
    #[error("`{metric}` cannot be filtered by `{dimension}`")]
    Filtering {
        /// The metric.
        metric: Metric,
        /// The dimension.
        dimension: Dimension,
    },
    /// The store does not have a metric.
    #[error("this store has no `{0}`; use SQLite")]
    Metric(Metric),
    /// The store does not have a dimension.
    #[error("this store has no `{0}`; use SQLite")]
    Dimension(Dimension),
    /// The store keeps no sessions, so it cannot filter.
    #[error("this store cannot filter by `{dimension}` here; use SQLite")]
    Filter {
        /// The dimension.
        dimension: Dimension,
        /// The operator.
        operator: FilterOperator,
    },
    /// The store keeps no sessions, so it cannot group by two dimensions.
    #[error("this store cannot group by `{0}` and `{1}` together; use SQLite")]
    TwoDimensions(Dimension, Dimension),
}

impl std::fmt::Display for FirstDay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        super::time_zone::date_of(self.0).fmt(f)
    }
}

impl ReportError {
    /// Returns whether the same query may succeed later.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_retryable())
    }
}
