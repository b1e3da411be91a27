use horizon_core::reports::{Metric, Value};

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

/// Returns the value of a metric of a time in which nothing was counted.
pub(crate) const fn nothing_of(metric: Metric) -> Value {
    match metric {
        Metric::ViewsPerVisit
        | Metric::BounceRate
        | Metric::VisitDuration
        | Metric::AnonymousShare
        | Metric::TimeOnPage
        | Metric::FinishedShare => Value::Ratio {
            numerator: 0,
            denominator: 0,
        },
        Metric::MedianTimeOnPage => Value::Median(None),
        _ => Value::Count(0),
    }
}
