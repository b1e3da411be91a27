//! Reports as CSV files: the lists of the dashboard, and the course of its numbers.

use std::{collections::HashSet, num::NonZeroUsize};

use horizon_backend::report_csv;
use horizon_core::{
    Slug,
    reports::{DayRange, Dimension, Filter, FilterOperator, Metric, Query, ReportError, Row, Table, Value, hour_value},
};

use crate::{
    Horizon, Problem, ProblemKind,
    dashboard::{DashboardState, ListKind, PAGE_METRICS, PeriodChoice, is_old_page, nothing_of},
    reports::time_step,
};

/// The maximum number of rows of a file.
const MAX_FILE_ROWS: NonZeroUsize = NonZeroUsize::new(100_000).unwrap();

/// The name of the course of the numbers.
const TIMESERIES: &str = "timeseries";

/// The metrics of the site in [`TIMESERIES`].
const SITE_METRICS: &[Metric] = &[
    Metric::Visitors,
    Metric::Visits,
    Metric::Pageviews,
    Metric::ViewsPerVisit,
    Metric::BounceRate,
    Metric::VisitDuration,
    Metric::AnonymousShare,
    Metric::TimeOnPage,
    Metric::MedianTimeOnPage,
    Metric::FinishedShare,
    Metric::Likes,
    Metric::Comments,
    Metric::Events,
];

/// A report as a file.
pub(crate) struct ReportFile {
    /// The name, such as `pages-2026-11-01-2026-11-30.csv`.
    pub(crate) name: String,
    /// The content: comma-separated values.
    pub(crate) csv: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum ReportFileKind {
    List(ListKind),
    Timeseries,
}

impl Horizon {
    /// Returns the file with this name, without `.csv`. The query is that of a URL of the dashboard. Metrics that the
    /// store refuses are left out.
    pub(crate) async fn report_file(&self, name: &str, query: &str) -> Result<ReportFile, Problem> {
        let kind = ReportFileKind::parse(name).ok_or_else(|| Problem::new(ProblemKind::NotFound))?;
        let (state, notes) = DashboardState::parse(query);
        if !notes.is_empty() {
            // Nobody sees a note about a file.
            return Err(Problem::new(ProblemKind::InvalidQuery).detail(notes.join(" ")));
        }
        let range = self.days_of(state.period).await?;
        let query = kind.query(range, state.filters);
        let mut table = self.report_known_metrics(query).await?.table;
        match kind {
            ReportFileKind::List(ListKind::OldPages) => table.rows.retain(|row| self.is_row_of_old_page(row, range)),
            ReportFileKind::List(_) => {}
            ReportFileKind::Timeseries => add_times(&mut table, self.times_until_now(range)),
        }
        Ok(ReportFile {
            name: format!("{name}-{}-{}.csv", range.first, range.last),
            csv: report_csv(&table)?,
        })
    }

    async fn days_of(&self, period: PeriodChoice) -> Result<DayRange, ReportError> {
        let today = self.today();
        let first = match period {
            PeriodChoice::All => self.first_report_day().await?.unwrap_or(today),
            _ => today,
        };
        Ok(period.resolve(today, first).range)
    }

    /// Returns the values of [`time_step`] in a range, without those that have not come.
    fn times_until_now(&self, range: DayRange) -> Vec<String> {
        match time_step(range) {
            Dimension::Hour => {
                let now = self.0.clock.now();
                let hours = self.time_zone().hours(range.first).into_iter();
                hours.filter(|hour| *hour <= now).map(hour_value).collect()
            }
            step => DayRange::new(range.first, range.last.min(self.today())).periods(step),
        }
    }

    fn is_row_of_old_page(&self, row: &Row, range: DayRange) -> bool {
        let page = row.dimensions.first().and_then(|page| Slug::new(page).ok());
        let description = page.and_then(|page| (self.0.rules.descriptions)(&page));
        description.is_some_and(|description| is_old_page(&description, range))
    }
}

impl ReportFileKind {
    fn parse(name: &str) -> Option<Self> {
        if name == TIMESERIES {
            return Some(Self::Timeseries);
        }
        let mut lists = ListKind::ALL.into_iter();
        lists.find(|list| list.name() == name).map(Self::List)
    }

    fn query(self, range: DayRange, filters: Vec<Filter>) -> Query {
        let dimension = match self {
            Self::List(list) => list.dimension(),
            Self::Timeseries => time_step(range),
        };
        let metrics = match self {
            _ if has_event(&filters) => &[Metric::Events],
            Self::List(list) => list.metrics(),
            // Those of the site would need session rows, which are erased.
            Self::Timeseries if is_one_page(&filters) => PAGE_METRICS,
            Self::Timeseries => SITE_METRICS,
        };
        let query = Query::new(range)
            .metrics(metrics.iter().copied())
            .dimensions([dimension]);
        let query = filters.into_iter().fold(query, Query::filter);
        query.limit(MAX_FILE_ROWS)
    }
}

/// Adds a row for each time in which nothing was counted.
fn add_times(table: &mut Table, times: Vec<String>) {
    let known: HashSet<&str> = table
        .rows
        .iter()
        .flat_map(|row| &row.dimensions)
        .map(AsRef::as_ref)
        .collect();
    let missing: Vec<String> = times
        .into_iter()
        .filter(|time| !known.contains(time.as_str()))
        .collect();
    let nothing: Vec<Value> = table.metrics.iter().copied().map(nothing_of).collect();
    let rows = missing
        .into_iter()
        .map(|time| Row::new(vec![time.into()], nothing.clone()));
    table.rows.extend(rows);
    table.rows.sort_by(|a, b| a.dimensions.cmp(&b.dimensions));
}

/// Returns whether custom events are selected, which have no other metric.
fn has_event(filters: &[Filter]) -> bool {
    filters.iter().any(|filter| filter.dimension == Dimension::Event)
}

fn is_one_page(filters: &[Filter]) -> bool {
    let [filter] = filters else {
        return false;
    };
    filter.dimension == Dimension::Page && filter.operator == FilterOperator::Is && filter.values.len() == 1
}
