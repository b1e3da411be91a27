use clap::ValueEnum;
use horizon_core::reports::{Dimension, Metric, RecentDays};

/// A report with a name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Preset {
    /// The numbers of the whole site.
    #[default]
    Overview,
    /// The hours of today.
    Today,
    /// Each day.
    Days,
    /// Each month.
    Months,
    /// The pages.
    Pages,
    /// The first pages of the sessions.
    EntryPages,
    /// The last pages of the sessions.
    ExitPages,
    /// Where the sessions came from.
    Sources,
    /// The kinds of sources.
    Channels,
    /// The campaigns.
    Campaigns,
    /// The countries.
    Countries,
    /// The languages.
    Languages,
    /// The browsers.
    Browsers,
    /// The operating systems.
    Systems,
    /// The kinds of devices.
    Devices,
    /// The custom events.
    Events,
}

impl Preset {
    pub(super) fn dimension(self) -> Option<Dimension> {
        Some(match self {
            Self::Overview => return None,
            Self::Today => Dimension::Hour,
            Self::Days => Dimension::Day,
            Self::Months => Dimension::Month,
            Self::Pages => Dimension::Page,
            Self::EntryPages => Dimension::EntryPage,
            Self::ExitPages => Dimension::ExitPage,
            Self::Sources => Dimension::Source,
            Self::Channels => Dimension::Channel,
            Self::Campaigns => Dimension::Campaign,
            Self::Countries => Dimension::Country,
            Self::Languages => Dimension::Language,
            Self::Browsers => Dimension::Browser,
            Self::Systems => Dimension::System,
            Self::Devices => Dimension::Device,
            Self::Events => Dimension::Event,
        })
    }

    pub(super) fn period(self) -> RecentDays {
        match self {
            Self::Today => RecentDays::Days(1),
            Self::Months => RecentDays::Months(12),
            _ => RecentDays::Days(30),
        }
    }
}

/// Returns the metrics that fit these dimensions best.
pub(super) fn metrics(dimensions: &[Dimension]) -> &'static [Metric] {
    const OF_SITE: &[Metric] = &[
        Metric::Visitors,
        Metric::Visits,
        Metric::Pageviews,
        Metric::ViewsPerVisit,
        Metric::BounceRate,
        Metric::VisitDuration,
        Metric::AnonymousShare,
        Metric::TimeOnPage,
        Metric::Likes,
        Metric::Comments,
        Metric::Events,
    ];
    const OF_TIMES: &[Metric] = &[
        Metric::Visitors,
        Metric::Visits,
        Metric::Pageviews,
        Metric::BounceRate,
        Metric::VisitDuration,
        Metric::Likes,
        Metric::Comments,
    ];
    const OF_PAGES: &[Metric] = &[
        Metric::Visitors,
        Metric::Pageviews,
        Metric::MedianTimeOnPage,
        Metric::FinishedShare,
        Metric::Likes,
    ];
    const OF_SESSIONS: &[Metric] = &[
        Metric::Visitors,
        Metric::Visits,
        Metric::Pageviews,
        Metric::BounceRate,
        Metric::VisitDuration,
    ];
    if dimensions.contains(&Dimension::Event) {
        return &[Metric::Events];
    }
    if dimensions.iter().any(|dimension| dimension.session_index().is_some()) {
        return OF_SESSIONS;
    }
    match dimensions {
        [] => OF_SITE,
        dimensions if dimensions.contains(&Dimension::Page) => OF_PAGES,
        _ => OF_TIMES,
    }
}
