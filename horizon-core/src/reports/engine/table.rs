use std::sync::Arc;

use super::groups::QueryGroups;
use super::order::RowOrder;
use super::sums::Sums;
use crate::reports::plan::Plan;
use crate::reports::{Dimension, Metric, OTHER_VALUE, Query, Row, Table, Value};

/// Returns the table of the groups, of which `sums` has those of each source.
pub(super) fn table(query: &Query, plan: &Plan, groups: &QueryGroups<'_>, sums: &[Vec<Sums>]) -> Table {
    let empty = Sums::default();
    let metrics: Vec<_> = query.metrics.iter().copied().zip(plan.of_metrics.iter()).collect();
    let values = |group: usize| {
        let sums_of = |source: &usize| sums.get(*source).and_then(|sums| sums.get(group));
        let values = metrics.iter();
        let values = values.map(|(metric, source)| sums_of(source).unwrap_or(&empty).value(*metric));
        values.collect::<Vec<_>>()
    };
    let rows = groups
        .iter()
        .enumerate()
        .map(|(group, key)| Row::new(key, values(group)));
    let is_kept = |row: &Row| query.dimensions.is_empty() || row.metrics.iter().any(|value| !is_empty(*value));
    let mut rows: Vec<Row> = rows.filter(is_kept).collect();
    RowOrder::new(query).sort(&mut rows);

    let has_other = rows.iter().any(|row| has_other(&query.dimensions, &row.dimensions));
    let total_rows = rows.len();
    let limit = query.limit.map_or(usize::MAX, Into::into);
    Table {
        dimensions: query.dimensions.clone(),
        metrics: query.metrics.clone(),
        rows: rows.into_iter().skip(query.offset).take(limit).collect(),
        total_rows,
        has_other,
        sums_daily_visitors: sums_daily_visitors(query),
    }
}

/// Returns whether the value is zero or unknown.
fn is_empty(value: Value) -> bool {
    match value {
        Value::Count(count) => count == 0,
        Value::Ratio { numerator, denominator } => numerator == 0 || denominator == 0,
        Value::Median(median) => median.is_none_or(|median| median == 0.0),
    }
}

fn has_other(dimensions: &[Dimension], values: &[Arc<str>]) -> bool {
    let mut values = dimensions.iter().zip(values);
    values.any(|(dimension, value)| !dimension.is_time() && **value == *OTHER_VALUE)
}

fn sums_daily_visitors(query: &Query) -> bool {
    query.metrics.contains(&Metric::Visitors)
        && !matches!(query.time(), Some(Dimension::Hour | Dimension::Day))
        && query.range.first < query.range.last
}
