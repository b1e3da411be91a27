use std::num::NonZeroUsize;

use super::{Dimension, Metric};
use crate::Day;

/// The maximum number of dimensions of a query.
pub const MAX_DIMENSIONS: usize = 2;

/// The maximum number of filters of a query.
pub const MAX_FILTERS: usize = 20;

/// The maximum number of values of a filter.
pub const MAX_FILTER_VALUES: usize = 200;

/// A question about the past: metrics, grouped by dimensions, of a range of days.
///
/// ```
/// use horizon_core::reports::{DayRange, Dimension, Metric, Query};
/// use horizon_core::Day;
///
/// let week = DayRange::new(Day::from_number(20_600), Day::from_number(20_606));
/// let top_pages = Query::new(week).metrics([Metric::Visitors, Metric::Pageviews]).dimensions([Dimension::Page]);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Query {
    /// The days.
    pub range: DayRange,
    /// The metrics, the columns of the answer.
    pub metrics: Vec<Metric>,
    /// At most [`MAX_DIMENSIONS`] dimensions, which group the rows.
    pub dimensions: Vec<Dimension>,
    /// The conditions, all of which must hold. At most [`MAX_FILTERS`].
    pub filters: Vec<Filter>,
    /// The order of the rows. If it is empty: by time if a dimension is a time, otherwise the highest first metric
    /// first. Rows that are equal in this order are ordered by their dimensions, bytewise, [`OTHER_VALUE`] last.
    ///
    /// [`OTHER_VALUE`]: super::OTHER_VALUE
    pub order: Vec<(OrderBy, Direction)>,
    /// The maximum number of rows.
    pub limit: Option<NonZeroUsize>,
    /// The number of rows that are left out at the start.
    pub offset: usize,
}

/// The days from the first to the last, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct DayRange {
    /// The first day.
    pub first: Day,
    /// The last day.
    pub last: Day,
}

/// A condition on the value of a dimension.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Filter {
    /// The dimension. Not a time.
    pub dimension: Dimension,
    /// How the values are compared.
    pub operator: FilterOperator,
    /// The values. At most [`MAX_FILTER_VALUES`].
    pub values: Vec<String>,
}

/// How a [`Filter`] compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FilterOperator {
    /// The value is one of the filter's.
    Is,
    /// The value is not one of the filter's. With a page: the session has a page that is not one of them.
    IsNot,
    /// The value contains one of the filter's.
    Contains,
    /// The value contains none of the filter's.
    ContainsNot,
}

/// What rows are ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OrderBy {
    /// A metric of the query. Rates and means are compared as fractions.
    Metric(Metric),
    /// A dimension of the query.
    Dimension(Dimension),
}

/// The direction of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// The lowest first.
    Ascending,
    /// The highest first.
    Descending,
}

impl Query {
    /// Returns a query for these days, without metrics.
    #[must_use]
    pub const fn new(range: DayRange) -> Self {
        Self {
            range,
            metrics: Vec::new(),
            dimensions: Vec::new(),
            filters: Vec::new(),
            order: Vec::new(),
            limit: None,
            offset: 0,
        }
    }

    /// Sets the metrics.
    #[must_use]
    pub fn metrics(mut self, metrics: impl IntoIterator<Item = Metric>) -> Self {
        self.metrics = metrics.into_iter().collect();
        self
    }

    /// Sets the dimensions.
    #[must_use]
    pub fn dimensions(mut self, dimensions: impl IntoIterator<Item = Dimension>) -> Self {
        self.dimensions = dimensions.into_iter().collect();
        self
    }

    /// Adds a filter.
    #[must_use]
    pub fn filter(mut self, filter: Filter) -> Self {
        self.filters.push(filter);
        self
    }

    /// Adds an order, after those that are there.
    #[must_use]
    pub fn order_by(mut self, by: OrderBy, direction: Direction) -> Self {
        self.order.push((by, direction));
        self
    }

    /// Sets the maximum number of rows.
    #[must_use]
    pub const fn limit(mut self, limit: NonZeroUsize) -> Self {
        self.limit = Some(limit);
        self
    }
}

impl DayRange {
    /// Returns the days from `first` to `last`. The range is empty if `last` is before `first`.
    #[must_use]
    pub const fn new(first: Day, last: Day) -> Self {
        Self { first, last }
    }

    /// Returns the `days` days that end with `last`. The range is empty if `days` is 0.
    ///
    /// ```
    /// use horizon_core::Day;
    /// use horizon_core::reports::DayRange;
    ///
    /// let week = DayRange::ending(Day::from_number(20_606), 7);
    /// assert_eq!(week, DayRange::new(Day::from_number(20_600), Day::from_number(20_606)));
    /// ```
    #[must_use]
    pub fn ending(last: Day, days: u32) -> Self {
        let first = last.number().saturating_sub(i64::from(days)).saturating_add(1);
        Self::new(Day::from_number(first), last)
    }

    /// Returns whether the day is in the range.
    #[must_use]
    pub fn contains(&self, day: Day) -> bool {
        self.first <= day && day <= self.last
    }
}

impl Filter {
    /// Returns a filter that accepts the values of a dimension for which the comparison holds.
    #[must_use]
    pub fn new<V: Into<String>>(
        dimension: Dimension,
        operator: FilterOperator,
        values: impl IntoIterator<Item = V>,
    ) -> Self {
        Self {
            dimension,
            operator,
            values: values.into_iter().map(Into::into).collect(),
        }
    }

    /// Returns whether the filter accepts a value.
    #[must_use]
    pub fn accepts(&self, value: &str) -> bool {
        let is = || self.values.iter().any(|wanted| wanted == value);
        let contains = || self.values.iter().any(|wanted| value.contains(wanted.as_str()));
        match self.operator {
            FilterOperator::Is => is(),
            FilterOperator::IsNot => !is(),
            FilterOperator::Contains => contains(),
            FilterOperator::ContainsNot => !contains(),
        }
    }
}
