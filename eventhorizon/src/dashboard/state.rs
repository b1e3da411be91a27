//! What a URL of the dashboard asks for.

use horizon_core::reports::{Filter, Metric};

use super::list_kind::ListKind;
pub(crate) use super::period::PeriodChoice;
#[cfg(feature = "dashboard")]
pub(crate) use super::period::ResolvedPeriod;

/// The longest range: 7,306 days, twenty years. It bounds the points of a chart.
pub(super) const MAX_RANGE_DAYS: u64 = 7_306;

/// The note about what public access ignores.
#[cfg(feature = "dashboard")]
const PUBLIC_NOTE: &str = "The public dashboard has no filters, no single lists, no other metrics in its chart and no \
                           days of your choice.";

/// The parameters of a URL of the dashboard, also of a CSV file. Links are relative (`?period=7d&…`), so that the
/// application may nest the contract anywhere.
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
///
/// A repeated filter has several values: `source=google&source=bing`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DashboardState {
    pub(crate) period: PeriodChoice,
    pub(crate) compares: bool,
    /// The metric of the chart; `None` for the default, visitors.
    pub(crate) metric: Option<Metric>,
    /// The only list that is shown, with all its rows.
    pub(crate) list: Option<ListKind>,
    /// The rows of this list that are left out at the start.
    pub(crate) offset: usize,
    /// The lists that are shown instead of the first of their card, at most one for a card.
    pub(crate) tabs: Vec<ListKind>,
    /// The filters, at most one for a dimension and an operator.
    pub(crate) filters: Vec<Filter>,
}

impl Default for DashboardState {
    fn default() -> Self {
        Self {
            period: PeriodChoice::default(),
            compares: true,
            metric: None,
            list: None,
            offset: 0,
            tabs: Vec::new(),
            filters: Vec::new(),
        }
    }
}

#[cfg(feature = "dashboard")]
impl DashboardState {
    /// Returns the state without what public access does not have, and adds a note if something is ignored.
    pub(crate) fn in_public(self, notes: &mut Vec<String>) -> Self {
        let public = Self {
            period: match self.period {
                PeriodChoice::Range(_) => PeriodChoice::default(),
                period => period,
            },
            metric: None,
            list: None,
            offset: 0,
            filters: Vec::new(),
            ..self.clone()
        };
        if public != self {
            notes.push(PUBLIC_NOTE.to_owned());
        }
        public
    }
}
