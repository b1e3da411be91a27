//! Which queries are refused, and what the others are answered from.

use crate::reports::{
    Capabilities, Dimension, FilterOperator, MAX_DIMENSIONS, MAX_FILTER_VALUES, MAX_FILTERS, Metric, OrderBy, Query,
    Refusal,
};

/// What a metric of a query is computed from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum MetricSource {
    /// The buckets of the topic `site`.
    Site,
    /// The buckets of the pages.
    Pages,
    /// The buckets of all topics.
    AllTopics,
    /// The buckets of custom events by name.
    EventNames,
    /// The buckets of a session dimension.
    SessionDimension,
    /// The rows of sessions.
    Rows,
}

/// Returns the source of each metric.
pub(super) fn sources(query: &Query, capabilities: &Capabilities) -> Result<Vec<MetricSource>, Refusal> {
    check_form(query)?;
    check_capabilities(query, capabilities)?;
    let sources = query.metrics.iter().map(|metric| source(query, *metric));
    let sources = sources.collect::<Result<Vec<_>, _>>()?;
    let needs_rows = query.metrics.iter().zip(&sources);
    let needs_rows = needs_rows.filter(|(_, source)| **source == MetricSource::Rows);
    if !capabilities.has_session_rows
        && let Some((metric, _)) = needs_rows.into_iter().next()
    {
        return Err(without_rows(query, *metric));
    }
    Ok(sources)
}

fn check_form(query: &Query) -> Result<(), Refusal> {
    if query.metrics.is_empty() {
        return Err(Refusal::NoMetric);
    }
    let metrics: Vec<_> = query.metrics.iter().map(|metric| metric.name()).collect();
    let dimensions: Vec<_> = query.dimensions.iter().map(|dimension| dimension.name()).collect();
    if let Some(name) = repeated(&metrics).or_else(|| repeated(&dimensions)) {
        return Err(Refusal::NamedTwice(name));
    }
    let most_values = query.filters.iter().map(|filter| filter.values.len()).max();
    for (what, count, max) in [
        ("dimensions", dimensions.len(), MAX_DIMENSIONS),
        ("filters", query.filters.len(), MAX_FILTERS),
        ("values in a filter", most_values.unwrap_or_default(), MAX_FILTER_VALUES),
    ] {
        if count > max {
            return Err(Refusal::TooMany { what, max });
        }
    }
    if query.range.last < query.range.first {
        return Err(Refusal::EmptyRange);
    }
    if let [first, second] = *query.dimensions
        && first.is_time()
        && second.is_time()
    {
        return Err(Refusal::TwoTimes(first, second));
    }
    if let Some(filter) = query.filters.iter().find(|filter| filter.dimension.is_time()) {
        return Err(Refusal::TimeFilter(filter.dimension));
    }
    let unknown = query.order.iter().find_map(|(by, _)| match by {
        OrderBy::Metric(metric) => (!query.metrics.contains(metric)).then(|| metric.name()),
        OrderBy::Dimension(dimension) => (!query.dimensions.contains(dimension)).then(|| dimension.name()),
    });
    unknown.map_or(Ok(()), |name| Err(Refusal::UnknownOrder(name)))
}

/// Returns the first name that is there before.
fn repeated(names: &[&'static str]) -> Option<&'static str> {
    let mut positions = (0..).zip(names);
    let found = positions.find(|(position, name)| names.iter().take(*position).any(|other| other == *name));
    found.map(|(_, name)| *name)
}

fn check_capabilities(query: &Query, capabilities: &Capabilities) -> Result<(), Refusal> {
    let mut metrics = query.metrics.iter();
    if let Some(metric) = metrics.find(|metric| !capabilities.metrics.contains(metric)) {
        return Err(Refusal::Metric(*metric));
    }
    let filters = query.filters.iter().map(|filter| filter.dimension);
    let mut dimensions = query.dimensions.iter().copied().chain(filters);
    let unknown = dimensions.find(|dimension| !capabilities.dimensions.contains(dimension));
    unknown.map_or(Ok(()), |dimension| Err(Refusal::Dimension(dimension)))
}

fn source(query: &Query, metric: Metric) -> Result<MetricSource, Refusal> {
    let grouped: Vec<_> = query.dimensions.iter().copied().filter(|d| !d.is_time()).collect();
    let filtered: Vec<_> = query.filters.iter().map(|filter| filter.dimension).collect();
    let refuse = |dimension| {
        Err(if grouped.contains(&dimension) {
            Refusal::Grouping { metric, dimension }
        } else {
            Refusal::Filtering { metric, dimension }
        })
    };
    let mut all = grouped.iter().chain(&filtered).copied();
    let of_sessions = all.clone().find(|dimension| dimension.session_index().is_some());
    if all.any(|dimension| dimension == Dimension::Event) {
        return match of_sessions {
            _ if metric != Metric::Events => refuse(Dimension::Event),
            Some(dimension) => refuse(dimension),
            None => Ok(MetricSource::EventNames),
        };
    }
    match of_sessions {
        None if grouped.is_empty() && filtered.is_empty() => Ok(source_of_everything(metric)),
        None => Ok(source_by_page(query, metric, !grouped.is_empty())),
        Some(dimension) => match metric {
            Metric::MedianTimeOnPage | Metric::Likes | Metric::Comments | Metric::Events => refuse(dimension),
            Metric::PageVisits | Metric::TimeOnPage | Metric::FinishedShare => Ok(MetricSource::Rows),
            _ if query.dimensions.contains(&Dimension::Hour) => Ok(MetricSource::Rows),
            _ if grouped.len() == 1 && filtered.is_empty() => Ok(MetricSource::SessionDimension),
            _ => Ok(MetricSource::Rows),
        },
    }
}

/// Returns the source of a metric that is neither filtered nor grouped, except by time.
fn source_of_everything(metric: Metric) -> MetricSource {
    match metric {
        Metric::PageVisits | Metric::TimeOnPage | Metric::MedianTimeOnPage | Metric::FinishedShare => {
            MetricSource::Pages
        }
        Metric::Likes | Metric::Comments | Metric::Events => MetricSource::AllTopics,
        _ => MetricSource::Site,
    }
}

/// Returns the source of a metric that is filtered or grouped by page.
fn source_by_page(query: &Query, metric: Metric, is_grouped: bool) -> MetricSource {
    match metric {
        Metric::Visitors => {
            let is_one_page = match &*query.filters {
                [filter] => filter.operator == FilterOperator::Is && filter.values.len() == 1,
                _ => false,
            };
            if is_grouped || is_one_page {
                MetricSource::Pages
            } else {
                MetricSource::Rows
            }
        }
        Metric::Visits
        | Metric::ViewsPerVisit
        | Metric::BounceRate
        | Metric::VisitDuration
        | Metric::AnonymousShare => MetricSource::Rows,
        _ => MetricSource::Pages,
    }
}

fn without_rows(query: &Query, metric: Metric) -> Refusal {
    match (&*query.filters, &*query.dimensions) {
        ([filter, ..], _) => Refusal::Filter {
            dimension: filter.dimension,
            operator: filter.operator,
        },
        ([], [first, second]) => Refusal::TwoDimensions(*first, *second),
        ([], [dimension, ..]) => Refusal::Grouping {
            metric,
            dimension: *dimension,
        },
        ([], []) => Refusal::Metric(metric),
    }
}
