use std::{fmt, str::FromStr};

/// A number that a [`Query`](super::Query) asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Metric {
    /// The distinct visitors of each day with a pageview, summed over the days. Nobody is recognised across days.
    Visitors,
    /// The sessions. With a page, those that contain it.
    Visits,
    /// The opened pages.
    Pageviews,
    /// The visits of pages: the events of a visitor on a page, with gaps of at most 30 minutes.
    PageVisits,
    /// The pageviews per session.
    ViewsPerVisit,
    /// The share of sessions with at most one pageview and no interaction.
    BounceRate,
    /// The mean time from the start of a session to its last event, in seconds.
    VisitDuration,
    /// The share of sessions of readers without a visitor key.
    AnonymousShare,
    /// The seconds that pages were visible.
    Seconds,
    /// The mean of the seconds that a page visit took.
    TimeOnPage,
    /// The median of the seconds that a page visit took.
    MedianTimeOnPage,
    /// The share of page visits in which the end of the page was on screen.
    FinishedShare,
    /// The likes, in the hour of each reader's latest like.
    Likes,
    /// The comments that are shown, in the hour in which they were written.
    Comments,
    /// The custom events.
    Events,
}

/// A text that is not the name of a [`Metric`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown metric; use one of {}", Metric::ALL.map(Metric::name).join(", "))]
pub struct UnknownMetric;

impl Metric {
    /// All metrics.
    pub const ALL: [Self; 15] = [
        Self::Visitors,
        Self::Visits,
        Self::Pageviews,
        Self::PageVisits,
        Self::ViewsPerVisit,
        Self::BounceRate,
        Self::VisitDuration,
        Self::AnonymousShare,
        Self::Seconds,
        Self::TimeOnPage,
        Self::MedianTimeOnPage,
        Self::FinishedShare,
        Self::Likes,
        Self::Comments,
        Self::Events,
    ];

    /// Returns the name in queries and tables, such as `bounce_rate`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Visitors => "visitors",
            Self::Visits => "visits",
            Self::Pageviews => "pageviews",
            Self::PageVisits => "page_visits",
            Self::ViewsPerVisit => "views_per_visit",
            Self::BounceRate => "bounce_rate",
            Self::VisitDuration => "visit_duration",
            Self::AnonymousShare => "anonymous_share",
            Self::Seconds => "seconds",
            Self::TimeOnPage => "time_on_page",
            Self::MedianTimeOnPage => "median_time_on_page",
            Self::FinishedShare => "finished_share",
            Self::Likes => "likes",
            Self::Comments => "comments",
            Self::Events => "events",
        }
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Metric {
    type Err = UnknownMetric;

    fn from_str(name: &str) -> Result<Self, UnknownMetric> {
        Self::ALL
            .into_iter()
            .find(|metric| metric.name() == name)
            .ok_or(UnknownMetric)
    }
}
