//! The lists of the dashboard.

use horizon_core::{
    Day,
    reports::{DayRange, Dimension},
};

use crate::PageDescription;

/// A box of the dashboard with lists, of which one is shown.
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

    /// Returns the name of the URL parameter that selects the list.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Pages => "pages",
            Self::Sources => "sources",
            Self::Devices => "devices",
            Self::Places => "places",
            Self::Events => "events",
        }
    }

    /// Returns the list that is shown without a choice.
    pub(crate) const fn first_list(self) -> ListKind {
        match self {
            Self::Pages => ListKind::Pages,
            Self::Sources => ListKind::Sources,
            Self::Devices => ListKind::Devices,
            Self::Places => ListKind::Countries,
            Self::Events => ListKind::Events,
        }
    }
}

/// The age from which a page is old, in days before the range.
const OLD_PAGE_DAYS: i64 = 90;

/// Returns whether a page was published at least 90 days before a range. `false` if the day is unknown.
pub(crate) fn is_old_page(page: &PageDescription, range: DayRange) -> bool {
    let is_old = |published: Day| range.first.number().saturating_sub(published.number()) >= OLD_PAGE_DAYS;
    page.published.is_some_and(is_old)
}
