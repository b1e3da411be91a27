//! What the reports answer, as rows of text.

use horizon_core::Day;
use horizon_core::reports::{DayRange, Dimension, Filter, FilterOperator, Metric, Query, Reports as _, Row, Value};
use horizon_postgres::PostgresStore;

use crate::blog::days_before;

/// Asks a store.
pub(crate) struct Answers<'a> {
    pub(crate) store: &'a PostgresStore,
    pub(crate) today: Day,
}

impl<'a> Answers<'a> {
    pub(crate) const fn new(store: &'a PostgresStore, today: Day) -> Self {
        Self { store, today }
    }

    /// Returns the days that end today.
    pub(crate) fn last(&self, days: u32) -> DayRange {
        DayRange::ending(self.today, days)
    }

    /// Returns the day that is so many days before today.
    pub(crate) fn day(&self, days: i64) -> DayRange {
        let day = days_before(self.today, days);
        DayRange::new(day, day)
    }

    /// Returns the rows of a query, in its default order.
    pub(crate) async fn rows(
        &self,
        range: DayRange,
        dimensions: &[Dimension],
        metrics: &[Metric],
    ) -> anyhow::Result<Vec<Row>> {
        let query = Query::new(range)
            .dimensions(dimensions.to_vec())
            .metrics(metrics.to_vec());
        Ok(self.store.query(&query).await?.rows)
    }

    /// Returns the numbers of a page, or of the site.
    pub(crate) async fn numbers(
        &self,
        range: DayRange,
        page: Option<&str>,
        metrics: &[Metric],
    ) -> anyhow::Result<Vec<String>> {
        let mut query = Query::new(range).metrics(metrics.to_vec());
        if let Some(page) = page {
            query = query.filter(Filter::new(Dimension::Page, FilterOperator::Is, [page]));
        }
        let table = self.store.query(&query).await?;
        Ok(texts(&table.rows[0], metrics))
    }
}

/// Returns the values of a row: first the dimensions, then the metrics.
pub(crate) fn cells(row: &Row, metrics: &[Metric]) -> Vec<String> {
    let dimensions = row.dimensions.iter().map(ToString::to_string);
    dimensions.chain(texts(row, metrics)).collect()
}

fn texts(row: &Row, metrics: &[Metric]) -> Vec<String> {
    let values = row.metrics.iter().zip(metrics);
    values.map(|(value, metric)| text(*value, *metric)).collect()
}

/// Returns a number as text, in percent if it is a share. Empty if it is unknown.
pub(crate) fn text(value: Value, metric: Metric) -> String {
    let is_share = matches!(
        metric,
        Metric::BounceRate | Metric::FinishedShare | Metric::AnonymousShare
    );
    let factor = if is_share { 100.0 } else { 1.0 };
    value
        .to_f64()
        .map(|number| (number * factor).to_string())
        .unwrap_or_default()
}

/// Returns whether the rows are equal, if the expected numbers are rounded to the decimals of the actual ones.
pub(crate) fn are_equal(expected: &[Vec<String>], actual: &[Vec<String>]) -> bool {
    let are_rows_equal = |(expected, actual): (&Vec<String>, &Vec<String>)| {
        expected.len() == actual.len() && expected.iter().zip(actual).all(|(left, right)| is_equal(left, right))
    };
    expected.len() == actual.len() && expected.iter().zip(actual).all(are_rows_equal)
}

fn is_equal(expected: &str, actual: &str) -> bool {
    let (Ok(exact), Ok(rounded)) = (expected.parse::<f64>(), actual.parse::<f64>()) else {
        return expected == actual;
    };
    let decimals = actual.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    let half = 0.5 / 10_f64.powi(i32::try_from(decimals).unwrap());
    (exact - rounded).abs() <= half + 1e-9
}
