//! The queries of the fault run about every metric, source and dimension.

use horizon_core::reports::{Capabilities, DayRange, Dimension, Filter, FilterOperator, Metric, Query};

/// The ways to group by time.
const TIMES: [Option<Dimension>; 5] = [
    None,
    Some(Dimension::Hour),
    Some(Dimension::Day),
    Some(Dimension::Week),
    Some(Dimension::Month),
];

/// The metrics of the buckets of pages.
const OF_PAGES: [Metric; 10] = [
    Metric::Visitors,
    Metric::Pageviews,
    Metric::PageVisits,
    Metric::Seconds,
    Metric::TimeOnPage,
    Metric::MedianTimeOnPage,
    Metric::FinishedShare,
    Metric::Likes,
    Metric::Comments,
    Metric::Events,
];

/// The metrics of the buckets of session dimensions.
const OF_SESSIONS: [Metric; 8] = [
    Metric::Visitors,
    Metric::Visits,
    Metric::Pageviews,
    Metric::ViewsPerVisit,
    Metric::BounceRate,
    Metric::VisitDuration,
    Metric::AnonymousShare,
    Metric::Seconds,
];

/// The metrics that only the rows of sessions have by a session dimension.
const OF_ROWS: [Metric; 3] = [Metric::PageVisits, Metric::TimeOnPage, Metric::FinishedShare];

/// The metrics of sessions that only their rows have by page.
const OF_ROWS_BY_PAGE: [Metric; 5] = [
    Metric::Visits,
    Metric::ViewsPerVisit,
    Metric::BounceRate,
    Metric::VisitDuration,
    Metric::AnonymousShare,
];

/// Returns queries that cover every metric, source and dimension of a store.
pub(crate) fn queries(range: DayRange, capabilities: &Capabilities) -> Vec<Query> {
    let all = [
        of_topics(range),
        of_custom_events(range),
        of_session_dimensions(range),
        of_session_rows(range),
    ];
    let queries = all.into_iter().flatten();
    queries.filter_map(|query| within(query, capabilities)).collect()
}

/// Returns queries about the site and its pages, by every time.
fn of_topics(range: DayRange) -> Vec<Query> {
    let page = Filter::new(Dimension::Page, FilterOperator::Is, ["hello"]);
    let others = Filter::new(Dimension::Page, FilterOperator::ContainsNot, ["e"]);
    let by_time = |time: Option<Dimension>| {
        let by_page = time.into_iter().chain([Dimension::Page]);
        [
            Query::new(range).metrics(Metric::ALL).dimensions(time),
            Query::new(range).metrics(OF_PAGES).dimensions(by_page),
            Query::new(range)
                .metrics(OF_PAGES)
                .dimensions(time)
                .filter(page.clone()),
            Query::new(range)
                .metrics(OF_PAGES.into_iter().filter(|metric| *metric != Metric::Visitors))
                .dimensions(time)
                .filter(others.clone()),
        ]
    };
    TIMES.into_iter().flat_map(by_time).collect()
}

fn of_custom_events(range: DayRange) -> Vec<Query> {
    let groups: [&[Dimension]; 5] = [
        &[Dimension::Event],
        &[Dimension::Event, Dimension::Hour],
        &[Dimension::Day, Dimension::Event],
        &[Dimension::Event, Dimension::Page],
        &[Dimension::Page],
    ];
    let grouped = groups.map(|dimensions| {
        let dimensions = dimensions.iter().copied();
        Query::new(range).metrics([Metric::Events]).dimensions(dimensions)
    });
    let name = Filter::new(Dimension::Event, FilterOperator::Is, ["download"]);
    let filtered = Query::new(range).metrics([Metric::Events]).filter(name);
    grouped.into_iter().chain([filtered]).collect()
}

/// Returns queries about every session dimension alone.
fn of_session_dimensions(range: DayRange) -> Vec<Query> {
    let queries = Dimension::OF_SESSIONS.into_iter().flat_map(|dimension| {
        [
            Query::new(range).metrics(OF_SESSIONS).dimensions([dimension]),
            Query::new(range)
                .metrics(OF_SESSIONS)
                .dimensions([Dimension::Day, dimension]),
        ]
    });
    queries.collect()
}

/// Returns queries that only the rows of sessions answer: every session dimension by hour, with a page, with another
/// dimension, and as a filter.
fn of_session_rows(range: DayRange) -> Vec<Query> {
    let mut queries = vec![
        Query::new(range).metrics(OF_ROWS_BY_PAGE).dimensions([Dimension::Page]),
        Query::new(range)
            .metrics(OF_ROWS_BY_PAGE.into_iter().chain([Metric::Visitors]))
            .dimensions([Dimension::Hour])
            .filter(Filter::new(Dimension::Page, FilterOperator::ContainsNot, ["e"])),
    ];
    let others = Dimension::OF_SESSIONS.into_iter().cycle().skip(1);
    for (dimension, other) in Dimension::OF_SESSIONS.into_iter().zip(others) {
        let unknown = Filter::new(dimension, FilterOperator::IsNot, [""]);
        let rows = Query::new(range).metrics(OF_SESSIONS.into_iter().chain(OF_ROWS));
        queries.extend([
            rows.clone().dimensions([dimension, Dimension::Hour]),
            rows.clone().dimensions([dimension, Dimension::Page]),
            rows.dimensions([other]).filter(unknown),
        ]);
    }
    queries
}

/// Returns the query with the metrics that the store has, or `None` if it cannot answer it.
fn within(mut query: Query, capabilities: &Capabilities) -> Option<Query> {
    query.metrics.retain(|metric| capabilities.metrics.contains(metric));
    let mut dimensions = query.dimensions.iter();
    let has_dimensions = dimensions.all(|dimension| capabilities.dimensions.contains(dimension));
    (has_dimensions && !query.metrics.is_empty()).then_some(query)
}

#[cfg(test)]
mod tests {
    use horizon_core::{
        Day,
        reports::{Reports, SiteTimeZone},
        testing::{ReportAnswer, ReportModel},
    };
    use horizon_memory::MemoryStore;

    use super::*;

    const DAYS: DayRange = DayRange::new(Day::from_number(20_600), Day::from_number(20_601));

    #[tokio::test]
    async fn a_store_with_all_reports_answers_every_query() {
        let store = MemoryStore::new();
        for query in queries(DAYS, &store.capabilities()) {
            store
                .query(&query)
                .await
                .unwrap_or_else(|error| panic!("{query:?}: {error}"));
        }
    }

    #[test]
    fn every_metric_is_asked_by_every_dimension_that_it_has() {
        let (model, all) = (ReportModel::new(SiteTimeZone::utc()), Capabilities::ALL);
        let asked = queries(DAYS, &all);
        for metric in Metric::ALL {
            for dimension in Dimension::ALL {
                let query = Query::new(DAYS).metrics([metric]).dimensions([dimension]);
                if matches!(model.answer(&query, &all, None), ReportAnswer::Table(_)) {
                    let is_asked =
                        |query: &Query| query.metrics.contains(&metric) && query.dimensions.contains(&dimension);
                    assert!(asked.iter().any(is_asked), "{metric} by {dimension}");
                }
            }
        }
    }
}
