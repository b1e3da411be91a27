//! What a page of the dashboard shows. `view` turns it into HTML, `load` fills it from reports.

use std::sync::Arc;

use horizon_core::{
    Day, Slug,
    reports::{Dimension, Metric, Value},
};

use super::state::{DashboardState, ResolvedPeriod};
use crate::{NowSnapshot, PageDescription};

/// A page of the dashboard.
pub(crate) struct Dashboard {
    /// The name of the site.
    pub(crate) site: String,
    pub(crate) state: DashboardState,
    pub(crate) period: ResolvedPeriod,
    /// The name of the site's time zone.
    pub(crate) time_zone: String,
    /// Whether the reader has public access: no filters, no single pages, no CSV.
    pub(crate) is_public: bool,
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

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum CardKind {
    Pages,
    Sources,
    Devices,
    Places,
    Events,
}

/// A list of the values of a dimension.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ListKind {
    Pages,
    EntryPages,
    ExitPages,
    /// The entry pages that were published 90 days before the range or earlier. Only if the application says when.
    OldPages,
    Sources,
    Channels,
    Campaigns,
    Mediums,
    Terms,
    Contents,
    Devices,
    Browsers,
    Systems,
    Countries,
    Languages,
    Events,
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
}

pub(crate) struct ListRow {
    /// The value of the dimension; empty if it is unknown.
    pub(crate) value: Arc<str>,
    /// One for each metric of the list.
    pub(crate) values: Vec<Shown>,
    /// The share of the first metric in the highest row, from 0 to 1.
    pub(crate) bar: f64,
}

impl ListKind {
    pub(crate) const ALL: [Self; 16] = [
        Self::Pages,
        Self::EntryPages,
        Self::ExitPages,
        Self::OldPages,
        Self::Sources,
        Self::Channels,
        Self::Campaigns,
        Self::Mediums,
        Self::Terms,
        Self::Contents,
        Self::Devices,
        Self::Browsers,
        Self::Systems,
        Self::Countries,
        Self::Languages,
        Self::Events,
    ];

    /// Returns the name in URLs, also of the CSV file.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Pages => "pages",
            Self::EntryPages => "entry-pages",
            Self::ExitPages => "exit-pages",
            Self::OldPages => "old-pages",
            Self::Sources => "sources",
            Self::Channels => "channels",
            Self::Campaigns => "campaigns",
            Self::Mediums => "mediums",
            Self::Terms => "terms",
            Self::Contents => "contents",
            Self::Devices => "devices",
            Self::Browsers => "browsers",
            Self::Systems => "systems",
            Self::Countries => "countries",
            Self::Languages => "languages",
            Self::Events => "events",
        }
    }

    pub(crate) const fn dimension(self) -> Dimension {
        match self {
            Self::Pages => Dimension::Page,
            Self::EntryPages | Self::OldPages => Dimension::EntryPage,
            Self::ExitPages => Dimension::ExitPage,
            Self::Sources => Dimension::Source,
            Self::Channels => Dimension::Channel,
            Self::Campaigns => Dimension::Campaign,
            Self::Mediums => Dimension::Medium,
            Self::Terms => Dimension::Term,
            Self::Contents => Dimension::Content,
            Self::Devices => Dimension::Device,
            Self::Browsers => Dimension::Browser,
            Self::Systems => Dimension::System,
            Self::Countries => Dimension::Country,
            Self::Languages => Dimension::Language,
            Self::Events => Dimension::Event,
        }
    }

    pub(crate) const fn card(self) -> CardKind {
        match self {
            Self::Pages | Self::EntryPages | Self::ExitPages | Self::OldPages => CardKind::Pages,
            Self::Sources | Self::Channels | Self::Campaigns | Self::Mediums | Self::Terms | Self::Contents => {
                CardKind::Sources
            }
            Self::Devices | Self::Browsers | Self::Systems => CardKind::Devices,
            Self::Countries | Self::Languages => CardKind::Places,
            Self::Events => CardKind::Events,
        }
    }
}

impl CardKind {
    pub(crate) const ALL: [Self; 5] = [Self::Pages, Self::Sources, Self::Devices, Self::Places, Self::Events];

    /// Returns the name of the parameter that selects the list.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Pages => "pages",
            Self::Sources => "sources",
            Self::Devices => "devices",
            Self::Places => "places",
            Self::Events => "events",
        }
    }
}
