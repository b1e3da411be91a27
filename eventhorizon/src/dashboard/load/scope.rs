use horizon_core::{
    Slug,
    reports::{Dimension, Filter, FilterOperator, Metric},
};

use crate::dashboard::list_kind::ListKind;

/// What the filters select. It decides which metrics exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum FilterScope {
    /// The whole site.
    Site,
    /// Exactly one page.
    Page(Slug),
    /// Some pages.
    Pages,
    /// Custom events. They have no other metric.
    Events,
    /// Some sessions.
    Sessions,
}

impl FilterScope {
    pub(super) fn new(filters: &[Filter]) -> Self {
        let has = |dimension| filters.iter().any(|filter| filter.dimension == dimension);
        match filters {
            [] => Self::Site,
            [filter] if filter.dimension == Dimension::Page => one_page(filter).map_or(Self::Pages, Self::Page),
            _ if has(Dimension::Event) => Self::Events,
            filters if filters.iter().all(|filter| filter.dimension == Dimension::Page) => Self::Pages,
            _ => Self::Sessions,
        }
    }

    /// Returns the metrics at the top.
    pub(super) const fn figures(&self) -> &'static [Metric] {
        match self {
            Self::Site => &[
                Metric::Visitors,
                Metric::Visits,
                Metric::Pageviews,
                Metric::BounceRate,
                Metric::VisitDuration,
                Metric::MedianTimeOnPage,
                Metric::FinishedShare,
                Metric::Likes,
                Metric::Comments,
            ],
            Self::Page(_) | Self::Pages => &[
                Metric::Visitors,
                Metric::Pageviews,
                Metric::PageVisits,
                Metric::MedianTimeOnPage,
                Metric::FinishedShare,
                Metric::Likes,
                Metric::Comments,
                Metric::BounceRate,
            ],
            Self::Events => &[Metric::Events],
            Self::Sessions => &[
                Metric::Visitors,
                Metric::Visits,
                Metric::Pageviews,
                Metric::BounceRate,
                Metric::VisitDuration,
                Metric::TimeOnPage,
                Metric::FinishedShare,
            ],
        }
    }

    /// Returns the metrics that a page has beside those of the whole site.
    pub(super) const fn of_site(&self) -> &'static [Metric] {
        match self {
            Self::Page(_) => &[Metric::MedianTimeOnPage, Metric::FinishedShare, Metric::BounceRate],
            _ => &[],
        }
    }

    /// Returns whether a list says something about what is selected. The only page of a list of one page does not.
    pub(super) fn has_list(&self, list: ListKind) -> bool {
        !matches!((self, list), (Self::Page(_), ListKind::Pages))
    }

    /// Returns the columns of a list in a card, or of the only list. The store leaves out those that have no meaning
    /// with the filters.
    pub(super) const fn columns(&self, list: ListKind, is_only: bool) -> &'static [Metric] {
        match (self, list) {
            (Self::Events, _) | (_, ListKind::Events) => &[Metric::Events],
            _ if is_only => list.metrics(),
            (_, ListKind::Pages) => &[Metric::Visitors, Metric::Pageviews],
            (_, ListKind::ExitPages) => &[Metric::Visitors, Metric::Visits],
            (
                _,
                ListKind::Devices | ListKind::Browsers | ListKind::Systems | ListKind::Countries | ListKind::Languages,
            ) => &[Metric::Visitors],
            _ => &[Metric::Visitors, Metric::BounceRate],
        }
    }
}

fn one_page(filter: &Filter) -> Option<Slug> {
    match (filter.operator, filter.values.as_slice()) {
        (FilterOperator::Is, [page]) => Slug::new(page).ok(),
        _ => None,
    }
}
