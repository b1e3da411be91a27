//! The course of a metric over the range of a report, drawn with block characters.

use std::collections::BTreeMap;
use std::sync::Arc;

use horizon_core::reports::{DayRange, Dimension, Query, Reports, Row};

use super::answer::Answer;

/// The maximum number of characters of a course: 31, the days of a month.
pub(super) const MAX_WIDTH: usize = 31;

/// The heights of a character, from the lowest.
const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// The courses of the first metric: one for each row, or none if they are unknown.
#[derive(Debug, Default)]
pub(super) struct Trends {
    pub(super) rows: Vec<Vec<f64>>,
}

impl Answer {
    /// Asks the store for the courses of the rows. Without them a report is still complete, so errors are ignored.
    pub(super) async fn trends(&self, reports: &dyn Reports) -> Trends {
        let Some(query) = self.trend_query() else {
            return Trends::default();
        };
        match reports.query(&query).await {
            Ok(table) => self.draw(&query, &table.rows),
            Err(error) => {
                tracing::debug!(%error, "the report has no courses");
                Trends::default()
            }
        }
    }

    /// Returns the query of the courses, or `None` if the rows of the report are times or have two dimensions.
    fn trend_query(&self) -> Option<Query> {
        let metric = *self.query.metrics.first()?;
        let value = match self.query.dimensions.as_slice() {
            [] => None,
            [dimension] if !dimension.is_time() => Some(*dimension),
            _ => return None,
        };
        let period = period_of(self.query.range)?;
        let mut query = Query::new(self.query.range)
            .metrics([metric])
            .dimensions([period].into_iter().chain(value));
        query.filters.clone_from(&self.query.filters);
        Some(query)
    }

    fn draw(&self, query: &Query, rows: &[Row]) -> Trends {
        let Some(period) = query.dimensions.first() else {
            return Trends::default();
        };
        let periods = query.range.periods(*period);
        let mut values: BTreeMap<Option<Arc<str>>, BTreeMap<&str, f64>> = BTreeMap::new();
        for row in rows {
            let (Some(period), Some(metric)) = (row.dimensions.first(), row.metrics.first()) else {
                continue;
            };
            let of_row = values.entry(row.dimensions.get(1).cloned()).or_default();
            if let Some(value) = metric.to_f64() {
                of_row.insert(period, value);
            }
        }
        let course = |row: &Row| {
            let of_row = values.get(&row.dimensions.first().cloned());
            let value = |period: &String| of_row.and_then(|values| values.get(period.as_str())).copied();
            periods.iter().map(|period| value(period).unwrap_or(0.0)).collect()
        };
        Trends {
            rows: self.table.rows.iter().map(course).collect(),
        }
    }
}

/// Returns the period that gives at most [`MAX_WIDTH`] characters if possible, or `None` for a single day.
fn period_of(range: DayRange) -> Option<Dimension> {
    match usize::try_from(range.days()).unwrap_or(usize::MAX) {
        0 | 1 => None,
        2..=MAX_WIDTH => Some(Dimension::Day),
        days if days <= (MAX_WIDTH - 1) * 7 => Some(Dimension::Week),
        _ => Some(Dimension::Month),
    }
}

/// Draws values with a height relative to the greatest. More than `width` values share characters.
pub(super) fn sparkline(values: &[f64], width: usize) -> String {
    let share = values.len().div_ceil(width).max(1);
    let sums: Vec<f64> = values.chunks(share).map(|chunk| chunk.iter().sum()).collect();
    let greatest = sums.iter().copied().fold(0.0, f64::max);
    sums.iter().map(|sum| block(*sum, greatest)).collect()
}

fn block(value: f64, greatest: f64) -> char {
    // The lowest block is for zero only.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the height is from 0 to 7"
    )]
    let height = if value > 0.0 {
        (value / greatest * 7.0).ceil() as usize
    } else {
        0
    };
    BLOCKS.get(height).copied().unwrap_or('█')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(first: &str, last: &str) -> DayRange {
        DayRange::new(first.parse().unwrap(), last.parse().unwrap())
    }

    #[test]
    fn the_greatest_value_is_the_highest_and_only_zero_the_lowest() {
        assert_eq!(sparkline(&[0.0, 1.0, 50.0, 100.0], 10), "▁▂▅█");
        assert_eq!(sparkline(&[0.0, 0.0], 10), "▁▁");
        assert_eq!(sparkline(&[1.0; 62], 31).chars().count(), 31);
    }

    #[test]
    fn a_long_range_is_drawn_by_weeks_or_months() {
        assert_eq!(period_of(range("2026-01-01", "2026-01-01")), None);
        assert_eq!(period_of(range("2026-01-01", "2026-01-31")), Some(Dimension::Day));
        let quarter = range("2026-01-01", "2026-03-31");
        assert_eq!(period_of(quarter), Some(Dimension::Week));
        let year = range("2025-12-31", "2026-12-01");
        assert_eq!(period_of(year), Some(Dimension::Month));
    }
}
