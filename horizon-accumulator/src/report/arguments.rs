use std::num::NonZeroUsize;

use clap::{Args, ValueEnum};
use horizon_core::{
    Day,
    reports::{Dimension, Direction, Filter, Metric, OrderBy, Query},
};

use super::{
    filter::parse_filter,
    order::parse_order,
    preset::{self, Preset},
    range::RangeArguments,
};

/// The number of rows of a table without a limit, unless its rows are times.
const DEFAULT_ROWS: NonZeroUsize = NonZeroUsize::new(20).unwrap();

/// A report: metrics, grouped by dimensions.
#[derive(Clone, Debug, Args)]
pub(crate) struct ReportArguments {
    /// A report with a name. The other arguments change it.
    #[arg(value_enum, default_value_t)]
    preset: Preset,
    /// The metrics, separated by commas: `visitors`, `visits` (sessions), `pageviews`, `page_visits`,
    /// `views_per_visit`, `bounce_rate`, `visit_duration`, `anonymous_share`, `seconds`, `time_on_page`,
    /// `median_time_on_page`, `finished_share`, `likes`, `comments`, `events`.
    #[arg(long, short, value_name = "METRICS", value_delimiter = ',')]
    metrics: Vec<Metric>,
    /// At most two dimensions, separated by a comma, one row for each value: `hour`, `day`, `week`, `month`, `page`,
    /// `event`, `entry_page`, `exit_page`, `source`, `channel`, `medium`, `campaign`, `term`, `content`, `browser`,
    /// `system`, `device`, `country`, `language`.
    #[arg(long, value_name = "DIMENSIONS", value_delimiter = ',')]
    by: Vec<Dimension>,
    /// Count only what matches, such as `page=hello`, `source!=google,bing` (none of them), `page~docs/` (contains) or
    /// `page!~docs/`. Repeat it for more conditions.
    #[arg(long, short, value_name = "FILTER", value_parser = parse_filter)]
    filter: Vec<Filter>,
    #[command(flatten)]
    range: RangeArguments,
    /// The order of the rows: metrics or dimensions of the report, separated by commas, each with `:asc` or `:desc` if
    /// needed.
    #[arg(long, value_name = "ORDER", value_delimiter = ',', value_parser = parse_order)]
    order: Vec<(OrderBy, Direction)>,
    /// The maximum number of rows. Default: 20 in a table without times, otherwise all.
    #[arg(long, short = 'n', value_name = "ROWS")]
    limit: Option<NonZeroUsize>,
    /// How the report is printed.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// How a report is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// A table for a terminal, with the course of the first metric in each row.
    #[default]
    Table,
    /// Comma-separated values, without rounding. Unknown values are empty.
    Csv,
    /// One JSON object. Rates and means have a numerator and a denominator.
    Json,
}

impl ReportArguments {
    pub(super) fn format(&self) -> Format {
        self.format
    }

    /// Returns whether the metrics are named, so that none of them may be left out.
    pub(super) fn has_own_metrics(&self) -> bool {
        !self.metrics.is_empty()
    }

    /// Returns the query of the report.
    pub(super) fn query(&self, today: Day) -> Query {
        let dimensions = match self.by.as_slice() {
            [] => Vec::from_iter(self.preset.dimension()),
            by => by.to_vec(),
        };
        let metrics = match self.metrics.as_slice() {
            [] => preset::metrics(&dimensions).to_vec(),
            metrics => metrics.to_vec(),
        };
        let has_times = dimensions.iter().any(|dimension| dimension.is_time());
        let mut query = Query::new(self.range.range(today, self.preset.period()));
        query.filters.clone_from(&self.filter);
        query.order.clone_from(&self.order);
        query.limit = match self.format {
            Format::Table if !has_times => self.limit.or(Some(DEFAULT_ROWS)),
            _ => self.limit,
        };
        query.metrics(metrics).dimensions(dimensions)
    }
}
