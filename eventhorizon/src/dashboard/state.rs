//! What a URL of the dashboard asks for.

use horizon_core::{
    Day,
    reports::{DayRange, Filter, Metric},
};

use super::model::ListKind;

/// The parameters of a URL of the dashboard. Links are relative (`?period=7d&…`), so that the application may nest the
/// contract anywhere.
///
/// | parameter | meaning |
/// |---|---|
/// | `period` | a [`PeriodChoice`] without a range of its own |
/// | `from`, `to` | the first and last day of a range |
/// | `compare=off` | no comparison with the previous period |
/// | `metric` | the metric of the chart |
/// | `list` | the only list, with all its rows and more columns |
/// | `offset` | rows of that list that are left out |
/// | `pages`, `sources`, `devices`, `places` | the list of a card that is shown |
/// | a dimension, also with `!`, `~` or `!~` at its end | a filter: `page=hello`, `source!=google`, `page~=docs/` |
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DashboardState {
    pub(crate) period: PeriodChoice,
    pub(crate) compares: bool,
    /// The metric of the chart; `None` for the default.
    pub(crate) metric: Option<Metric>,
    /// The only list that is shown, with all its rows.
    pub(crate) list: Option<ListKind>,
    /// The rows of this list that are left out at the start.
    pub(crate) offset: usize,
    /// The lists that are shown instead of the first of their card, at most one for a card.
    pub(crate) tabs: Vec<ListKind>,
    pub(crate) filters: Vec<Filter>,
}

/// The days that the dashboard shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum PeriodChoice {
    /// `today`
    Today,
    /// `yesterday`
    Yesterday,
    /// `7d`
    Days7,
    /// `30d`, the default
    #[default]
    Days30,
    /// `90d`
    Days90,
    /// `month`: this month until today
    Month,
    /// `12m`: this month and the eleven before it
    Months12,
    /// `all`
    All,
    /// `from=2026-11-01&to=2026-11-30`; also a day (`from` = `to`) or a month of the chart
    Range(DayRange),
}

/// The days of a [`PeriodChoice`], and those that they are compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ResolvedPeriod {
    pub(crate) range: DayRange,
    /// The previous period: as many days before it; for `month` the same days of the month before; for `12m` the twelve
    /// months before, up to the same day. `None` for `all`.
    pub(crate) previous: Option<DayRange>,
    pub(crate) today: Day,
}
