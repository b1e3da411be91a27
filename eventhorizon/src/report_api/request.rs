use horizon_core::reports::{DayRange, Direction, Metric, OrderBy, Query, SiteTimeZone};
use serde_json::Value;

use super::{
    body::{DirectionName, IncludedParts, MAX_ROWS, QueryBody, RowSelection},
    filters, invalid,
    named_dimension::{ANY_TIME, NamedDimension},
    time_labels, unknown_name,
};
use crate::Problem;

/// A query of the API whose names are known.
pub(super) struct QueryRequest {
    pub(super) site_id: Option<String>,
    pub(super) dimensions: Vec<NamedDimension>,
    /// The filters as the request has them.
    pub(super) filters: Vec<Value>,
    /// The order as the request has it, or the default.
    pub(super) order: Vec<(&'static str, DirectionName)>,
    pub(super) include: IncludedParts,
    pub(super) pagination: RowSelection,
    query: Query,
}

impl QueryRequest {
    /// Checks the names of a query of these days.
    pub(super) fn new(body: QueryBody, range: DayRange) -> Result<Self, Problem> {
        let metrics = metrics(&body.metrics)?;
        let dimensions = dimensions(&body.dimensions, range)?;
        let order = order(&body.order_by, &metrics, &dimensions, range)?;
        if body.pagination.limit > MAX_ROWS {
            return Err(invalid("pagination.limit", format!("must be at most {MAX_ROWS}.")));
        }
        let mut query = Query::new(range)
            .metrics(metrics)
            .dimensions(dimensions.iter().map(|named| named.dimension))
            .limit(body.pagination.limit);
        query.filters = filters::parse(&body.filters)?;
        query.offset = usize::try_from(body.pagination.offset).unwrap_or(usize::MAX);
        query.order = order
            .iter()
            .map(|(by, direction)| (by.by, direction.to_direction()))
            .collect();
        Ok(Self {
            site_id: body.site_id,
            dimensions,
            filters: body.filters,
            order: order.iter().map(|(by, direction)| (by.name, *direction)).collect(),
            include: body.include,
            pagination: body.pagination,
            query,
        })
    }

    pub(super) fn query(&self) -> &Query {
        &self.query
    }

    /// Returns all times of the range, if the query asks for them.
    pub(super) fn time_labels(&self, zone: &SiteTimeZone) -> Result<Option<Vec<String>>, Problem> {
        if !self.include.time_labels {
            return Ok(None);
        }
        let time = self.dimensions.iter().find(|named| named.dimension.is_time());
        let time = time.ok_or_else(|| invalid("include.time_labels", "needs a dimension that is a time."))?;
        time_labels::of_range(*time, self.query.range, zone).map(Some)
    }
}

fn metrics(names: &[String]) -> Result<Vec<Metric>, Problem> {
    let metrics = names.iter().enumerate().map(|(index, name)| {
        name.parse()
            .map_err(|_| unknown_name(format!("metrics[{index}]"), name, &Metric::ALL.map(Metric::name)))
    });
    metrics.collect()
}

fn dimensions(names: &[String], range: DayRange) -> Result<Vec<NamedDimension>, Problem> {
    let dimensions = names.iter().enumerate().map(|(index, name)| {
        dimension(name, range)
            .ok_or_else(|| unknown_name(format!("dimensions[{index}]"), name, &NamedDimension::names()))
    });
    dimensions.collect()
}

fn dimension(name: &str, range: DayRange) -> Option<NamedDimension> {
    match name {
        ANY_TIME => Some(NamedDimension::time_of(range)),
        name => NamedDimension::parse(name),
    }
}

/// What orders rows, with its name.
#[derive(Clone, Copy)]
struct NamedOrder {
    name: &'static str,
    by: OrderBy,
}

impl NamedOrder {
    fn metric(metric: Metric) -> Self {
        Self {
            name: metric.name(),
            by: OrderBy::Metric(metric),
        }
    }

    fn dimension(named: NamedDimension) -> Self {
        Self {
            name: named.name,
            by: OrderBy::Dimension(named.dimension),
        }
    }
}

/// Returns the order of the rows. By default times ascend, and then the first metric descends.
fn order(
    names: &[(String, DirectionName)],
    metrics: &[Metric],
    dimensions: &[NamedDimension],
    range: DayRange,
) -> Result<Vec<(NamedOrder, DirectionName)>, Problem> {
    if names.is_empty() {
        let time = dimensions.iter().copied().find(|named| named.dimension.is_time());
        let time = time.map(|time| (NamedOrder::dimension(time), DirectionName::Asc));
        let metric = metrics.first().copied();
        let metric = metric.map(|metric| (NamedOrder::metric(metric), DirectionName::Desc));
        return Ok(time.into_iter().chain(metric).collect());
    }
    let order = names.iter().enumerate().map(|(index, (name, direction))| {
        let metric = name.parse().map(NamedOrder::metric).ok();
        let by = metric.or_else(|| dimension(name, range).map(NamedOrder::dimension));
        let known = || -> Vec<_> {
            let metrics = metrics.iter().map(|metric| metric.name());
            metrics.chain(dimensions.iter().map(|named| named.name)).collect()
        };
        let by = by.ok_or_else(|| unknown_name(format!("order_by[{index}][0]"), name, &known()))?;
        Ok((by, *direction))
    });
    order.collect()
}

impl DirectionName {
    const fn to_direction(self) -> Direction {
        match self {
            Self::Asc => Direction::Ascending,
            Self::Desc => Direction::Descending,
        }
    }
}
