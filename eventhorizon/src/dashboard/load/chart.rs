use std::collections::HashMap;

use horizon_core::{
    Day,
    reports::{DayRange, Dimension, Metric, Query, ReportError, Table, Value, hour_value},
};

use super::{DashboardLoader, store_reports::MissingNumbers};
use crate::dashboard::{
    list_metrics::nothing_of,
    model::{Chart, ChartPoint, ChartStep, Shown},
    state::PeriodChoice,
};

/// The most days that are drawn as days: 93, three months.
const MAX_DAYS: u64 = 93;

/// The most days that are drawn as weeks: 366, a year.
const MAX_DAYS_OF_WEEKS: u64 = 366;

/// The time of a point.
struct ChartTime {
    /// The value of the dimension.
    value: String,
    label: String,
    days: Option<DayRange>,
    is_current: bool,
    is_future: bool,
}

impl DashboardLoader<'_> {
    /// Returns the chart, or `None` if the store cannot draw it.
    ///
    /// # Errors
    /// The store cannot be read.
    pub(super) async fn chart(&self) -> Result<(Option<Chart>, MissingNumbers), ReportError> {
        let step = self.step();
        let can_draw = |metric: &Metric| {
            self.store
                .can_answer(&self.chart_query(self.period.range, *metric, step))
        };
        let metrics: Vec<Metric> = self.scope.figures().iter().copied().filter(can_draw).collect();
        let metric = self.state.metric.filter(can_draw).or(metrics.first().copied());
        let times = self.times(self.period.range, step);
        let Some(metric) = metric.filter(|_| !times.is_empty()) else {
            return Ok((None, MissingNumbers::default()));
        };
        let reply = async |range| self.store.query(self.chart_query(range, metric, step)).await;
        let previous = async || match self.previous() {
            Some(range) => reply(range).await.map(|reply| Some((range, reply))),
            None => Ok(None),
        };
        let (current, previous) = tokio::try_join!(reply(self.period.range), previous())?;
        let (mut missing, mut before) = (current.missing, Vec::new());
        if let Some((range, reply)) = previous {
            missing.merge(reply.missing);
            let table = reply.table.as_ref();
            before = table.map_or_else(Vec::new, |table| values_at(table, metric, &self.times(range, step)));
        }
        let chart = current.table.map(|table| Chart {
            metric,
            metrics,
            step,
            points: points(&table, metric, times, before),
        });
        Ok((chart, missing))
    }

    fn step(&self) -> ChartStep {
        let range = self.period.range;
        let has_months = self.state.period == PeriodChoice::Months12 || range.whole_months().is_some();
        match range.days() {
            0 | 1 => ChartStep::Hour,
            2..=MAX_DAYS => ChartStep::Day,
            _ if has_months => ChartStep::Month,
            days if days <= MAX_DAYS_OF_WEEKS => ChartStep::Week,
            _ => ChartStep::Month,
        }
    }

    fn chart_query(&self, range: DayRange, metric: Metric, step: ChartStep) -> Query {
        let metrics = std::iter::once(metric).chain(denominator(metric));
        self.query(range).metrics(metrics).dimensions([dimension(step)])
    }

    /// Returns the times of the points of a range, in order.
    fn times(&self, range: DayRange, step: ChartStep) -> Vec<ChartTime> {
        if step == ChartStep::Hour {
            return self.hours(range.first);
        }
        let mut times: Vec<ChartTime> = Vec::new();
        let mut day = range.first;
        while day <= range.last {
            let of_day = DayRange::new(day, day);
            let value = of_day.periods(dimension(step)).pop().unwrap_or_default();
            match times.last_mut().filter(|time| time.value == value) {
                Some(time) => time.days = time.days.map(|days| DayRange::new(days.first, day)),
                None => times.push(ChartTime {
                    label: value.clone(),
                    value,
                    days: Some(of_day),
                    is_current: false,
                    is_future: day > self.period.today,
                }),
            }
            day = day.next();
        }
        for time in &mut times {
            time.is_current = time.days.is_some_and(|days| days.contains(self.period.today));
        }
        times
    }

    fn hours(&self, day: Day) -> Vec<ChartTime> {
        let zone = self.horizon.time_zone();
        let now = zone.local_time(self.now);
        let hours = zone.hours(day).into_iter().map(|hour| ChartTime {
            value: hour_value(hour),
            label: zone
                .clock_text(hour)
                .chars()
                .skip("2026-11-29 ".len())
                .take("14:00".len())
                .collect(),
            days: None,
            is_current: hour == now.hour,
            is_future: hour > now.hour,
        });
        hours.collect()
    }
}

/// Returns the points of a table, beside the values of the previous period.
fn points(table: &Table, metric: Metric, times: Vec<ChartTime>, before: Vec<Value>) -> Vec<ChartPoint> {
    let values = values_at(table, metric, &times);
    let mut before = before.into_iter();
    let points = times.into_iter().zip(values).map(|(time, value)| ChartPoint {
        label: time.label,
        days: time.days.map(|days| (days.first, days.last)),
        value: (!time.is_future).then_some(Shown::Value(value)),
        previous: before.next().map(Shown::Value),
        is_current: time.is_current,
    });
    points.collect()
}

/// Returns the value of each time. Without a row nothing was counted then.
fn values_at(table: &Table, metric: Metric, times: &[ChartTime]) -> Vec<Value> {
    let column = table.metrics.iter().position(|other| *other == metric);
    let value = |row: &horizon_core::reports::Row| column.and_then(|column| row.metrics.get(column).copied());
    let values: HashMap<&str, Value> = table
        .rows
        .iter()
        .filter_map(|row| Some((row.dimensions.first()?.as_ref(), value(row)?)))
        .collect();
    let nothing = nothing_of(metric);
    times
        .iter()
        .map(|time| values.get(time.value.as_str()).copied().unwrap_or(nothing))
        .collect()
}

/// Returns a metric that is not 0 where the metric has a meaning: a store leaves out rows in which all metrics are 0,
/// also a rate of 0 %.
const fn denominator(metric: Metric) -> Option<Metric> {
    match metric {
        Metric::ViewsPerVisit | Metric::BounceRate | Metric::VisitDuration | Metric::AnonymousShare => {
            Some(Metric::Visits)
        }
        Metric::TimeOnPage | Metric::MedianTimeOnPage | Metric::FinishedShare => Some(Metric::PageVisits),
        _ => None,
    }
}

const fn dimension(step: ChartStep) -> Dimension {
    match step {
        ChartStep::Hour => Dimension::Hour,
        ChartStep::Day => Dimension::Day,
        ChartStep::Week => Dimension::Week,
        ChartStep::Month => Dimension::Month,
    }
}
