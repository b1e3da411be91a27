//! What a page of the dashboard shows. `view` turns it into HTML, `load` fills it from reports.

use std::{borrow::Cow, sync::Arc};

use horizon_core::{
    Day, Slug,
    reports::{Metric, Value},
};

pub(crate) use super::list_kind::{CardKind, ListKind};
use super::state::{DashboardState, ResolvedPeriod};
use crate::{NowSnapshot, PageDescription};

/// A page of the dashboard.
pub(crate) struct Dashboard {
    /// The name of the site.
    pub(crate) site: String,
    pub(crate) state: DashboardState,
    pub(crate) period: ResolvedPeriod,
    /// Whether the reader has public access: no filters, no single pages, no CSV.
    pub(crate) is_public: bool,
    /// Whether the site was ever visited.
    pub(crate) has_visits: bool,
    /// What happens now. `None` in the view of a list.
    pub(crate) now: Option<NowSnapshot>,
    /// The page, if a filter selects exactly one.
    pub(crate) page: Option<PageHeading>,
    pub(crate) figures: Vec<Figure>,
    pub(crate) chart: Option<Chart>,
    /// The cards of the overview, or the only list.
    pub(crate) cards: Vec<Card>,
    /// What a reader should know about the numbers, each as a sentence.
    pub(crate) notes: Vec<String>,
    /// The titles of pages in lists, `now` and filters.
    pub(crate) descriptions: PageTitles,
    /// The links of the application in the header.
    pub(crate) links: Vec<DashboardLink>,
}

/// A link of the application at the top of the dashboard; see
/// [`Config::dashboard_links`](crate::Config::dashboard_links).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DashboardLink {
    /// The text.
    pub title: Cow<'static, str>,
    /// The path of the application, or a URL.
    pub href: Cow<'static, str>,
}

impl DashboardLink {
    /// Returns a link with this text.
    #[must_use]
    pub fn new(title: impl Into<Cow<'static, str>>, href: impl Into<Cow<'static, str>>) -> Self {
        Self {
            title: title.into(),
            href: href.into(),
        }
    }
}

/// What the application says about the pages that are shown.
#[derive(Default)]
pub(crate) struct PageTitles(pub(crate) std::collections::BTreeMap<Slug, PageDescription>);

/// The heading of the view of one page.
pub(crate) struct PageHeading {
    pub(crate) slug: Slug,
    /// The viewers of the page at this moment, if they are known.
    pub(crate) viewers: Option<u64>,
}

/// A number at the top, with the previous period and, for a page, the whole site beside it.
pub(crate) struct Figure {
    pub(crate) metric: Metric,
    pub(crate) value: Shown,
    /// The value in the previous period.
    pub(crate) previous: Option<Shown>,
    /// The value of the whole site, for rates and times in the view of a page.
    pub(crate) of_site: Option<Shown>,
}

/// A value that may be hidden in public mode.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Shown {
    Value(Value),
    /// Fewer than three visitors, or a value from which such a value could be computed.
    Hidden,
}

/// The course of a metric.
pub(crate) struct Chart {
    pub(crate) metric: Metric,
    /// The metrics that the chart can show; links of the figures.
    pub(crate) metrics: Vec<Metric>,
    pub(crate) step: ChartStep,
    /// At least one point, in order, without gaps.
    pub(crate) points: Vec<ChartPoint>,
}

/// The length of a point of a [`Chart`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ChartStep {
    Hour,
    Day,
    Week,
    Month,
}

pub(crate) struct ChartPoint {
    /// The label on the axis: `14:00`, `2026-11-29`, `2026-11`.
    pub(crate) label: String,
    /// The days that the point covers, for its link. `None` for an hour.
    pub(crate) days: Option<(Day, Day)>,
    /// `None` for a time that has not come yet.
    pub(crate) value: Option<Shown>,
    /// The value at the same position of the previous period.
    pub(crate) previous: Option<Shown>,
    /// Whether it includes this moment, so that its value still grows.
    pub(crate) is_current: bool,
}

/// A box with lists, of which one is shown.
pub(crate) struct Card {
    pub(crate) kind: CardKind,
    /// The lists of the card that the store can answer, the tabs.
    pub(crate) lists: Vec<ListKind>,
    pub(crate) list: List,
}

pub(crate) struct List {
    pub(crate) kind: ListKind,
    /// The columns. The first one orders the rows and is drawn as a bar.
    pub(crate) metrics: Vec<Metric>,
    pub(crate) rows: Vec<ListRow>,
    /// The rows of all pages of the list.
    pub(crate) total_rows: usize,
    /// Whether some values count as "(other)".
    pub(crate) has_other: bool,
    /// Whether the store can filter by a value of the list, so that each row is a link.
    pub(crate) can_filter: bool,
    /// Whether the store does not have the list for these days and filters. It then has no rows, and a note says why.
    pub(crate) is_missing: bool,
}

pub(crate) struct ListRow {
    /// The value of the dimension; empty if it is unknown.
    pub(crate) value: Arc<str>,
    /// One for each metric of the list.
    pub(crate) values: Vec<Shown>,
    /// The share of the first metric in the highest row that has a bar, from 0 to 1.
    pub(crate) bar: f64,
}

impl ListRow {
    /// Returns whether the row counts the visits without a campaign, or without a part of one. These are most visits,
    /// so that the row has no bar, which would leave no room for those of the others.
    pub(crate) fn is_without_value(&self, list: ListKind) -> bool {
        let is_of_campaigns = matches!(
            list,
            ListKind::Campaigns | ListKind::Mediums | ListKind::Terms | ListKind::Contents
        );
        is_of_campaigns && self.value.is_empty()
    }

    fn first_value(&self) -> f64 {
        match self.values.first() {
            Some(Shown::Value(value)) => value.to_f64().unwrap_or(0.0),
            _ => 0.0,
        }
    }
}

/// Sets the bars of all rows of a list.
pub(crate) fn set_bars(list: ListKind, rows: &mut [ListRow]) {
    let with_bars = rows.iter().filter(|row| !row.is_without_value(list));
    let highest = with_bars.map(ListRow::first_value).fold(0.0, f64::max);
    for row in rows {
        let has_bar = highest > 0.0 && !row.is_without_value(list);
        row.bar = if has_bar {
            (row.first_value() / highest).clamp(0.0, 1.0)
        } else {
            0.0
        };
    }
}
