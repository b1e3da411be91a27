use horizon_core::reports::Metric;

use super::list_kind::ListKind;

/// The metrics of pages, which need no session rows.
pub(crate) const PAGE_METRICS: &[Metric] = &[
    Metric::Visitors,
    Metric::Pageviews,
    Metric::PageVisits,
    Metric::TimeOnPage,
    Metric::MedianTimeOnPage,
    Metric::FinishedShare,
    Metric::Likes,
    Metric::Comments,
];

const SESSION_METRICS: &[Metric] = &[
    Metric::Visitors,
    Metric::Visits,
    Metric::Pageviews,
    Metric::ViewsPerVisit,
    Metric::BounceRate,
    Metric::VisitDuration,
];

impl ListKind {
    /// Returns the columns of the list with all its rows, and of its CSV file.
    pub(crate) const fn metrics(self) -> &'static [Metric] {
        match self {
            Self::Pages => PAGE_METRICS,
            Self::Events => &[Metric::Events],
            _ => SESSION_METRICS,
        }
    }
}
