use std::cmp::Ordering;

use crate::reports::{Direction, OTHER_VALUE, OrderBy, Query, Row, Value};

/// The order of the rows of a table.
pub(super) struct RowOrder {
    columns: Vec<(OrderColumn, Direction)>,
}

enum OrderColumn {
    Metric(usize),
    Dimension(usize),
}

impl RowOrder {
    pub(super) fn new(query: &Query) -> Self {
        let time = query.dimensions.iter().position(|dimension| dimension.is_time());
        let columns = match (query.order.as_slice(), time) {
            ([], Some(time)) => vec![(OrderColumn::Dimension(time), Direction::Ascending)],
            ([], None) => vec![(OrderColumn::Metric(0), Direction::Descending)],
            (order, _) => {
                let columns = order
                    .iter()
                    .map(|(by, direction)| Some((column_of(query, *by)?, *direction)));
                columns.flatten().collect()
            }
        };
        Self { columns }
    }

    pub(super) fn sort(&self, rows: &mut [Row]) {
        rows.sort_unstable_by(|a, b| self.compare(a, b));
    }

    fn compare(&self, a: &Row, b: &Row) -> Ordering {
        for (column, direction) in &self.columns {
            let order = match column {
                OrderColumn::Metric(column) => compare_values(a.metrics.get(*column), b.metrics.get(*column)),
                OrderColumn::Dimension(column) => compare_texts(a.dimensions.get(*column), b.dimensions.get(*column)),
            };
            match (order, direction) {
                (Ordering::Equal, _) => {}
                (order, Direction::Ascending) => return order,
                (order, Direction::Descending) => return order.reverse(),
            }
        }
        let columns = 0..a.dimensions.len();
        columns.fold(Ordering::Equal, |order, column| {
            order.then_with(|| compare_texts(a.dimensions.get(column), b.dimensions.get(column)))
        })
    }
}

fn column_of(query: &Query, by: OrderBy) -> Option<OrderColumn> {
    match by {
        OrderBy::Metric(by) => query
            .metrics
            .iter()
            .position(|metric| *metric == by)
            .map(OrderColumn::Metric),
        OrderBy::Dimension(by) => {
            let position = query.dimensions.iter().position(|dimension| *dimension == by);
            position.map(OrderColumn::Dimension)
        }
    }
}

/// Compares bytewise, with [`OTHER_VALUE`] after all others.
fn compare_texts<T: AsRef<str>>(a: Option<&T>, b: Option<&T>) -> Ordering {
    let key = |text: Option<&T>| text.map(|text| text.as_ref() == OTHER_VALUE);
    let order = key(a).cmp(&key(b));
    order.then_with(|| a.map(AsRef::as_ref).cmp(&b.map(AsRef::as_ref)))
}

/// Compares numbers, with unknown ones before all others. Ratios are compared as fractions, without rounding.
fn compare_values(a: Option<&Value>, b: Option<&Value>) -> Ordering {
    match (a, b) {
        (Some(Value::Count(a)), Some(Value::Count(b))) => a.cmp(b),
        (Some(Value::Median(a)), Some(Value::Median(b))) => a.partial_cmp(b).unwrap_or(Ordering::Equal),
        (Some(Value::Ratio { .. }), Some(Value::Ratio { .. })) => {
            let (a, b) = (fraction(a), fraction(b));
            match (a, b) {
                (Some((a, a_parts)), Some((b, b_parts))) => (a * b_parts).cmp(&(b * a_parts)),
                (a, b) => a.is_some().cmp(&b.is_some()),
            }
        }
        _ => Ordering::Equal,
    }
}

/// Returns the numerator and the positive denominator of a known ratio.
fn fraction(value: Option<&Value>) -> Option<(i128, i128)> {
    match value {
        Some(Value::Ratio { numerator, denominator }) if *denominator != 0 => {
            let sign = i128::from(denominator.signum());
            Some((i128::from(*numerator) * sign, i128::from(*denominator) * sign))
        }
        _ => None,
    }
}
