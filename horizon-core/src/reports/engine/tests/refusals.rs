use super::*;
use crate::reports::{Direction, FirstDay, MAX_FILTER_VALUES, OrderBy, Refusal};

fn refusal(query: &Query) -> Option<Refusal> {
    refusal_of(&Capabilities::ALL, query)
}

fn refusal_of(capabilities: &Capabilities, query: &Query) -> Option<Refusal> {
    let reader = MemoryReportReader::default();
    match answer(&reader, query, &SiteTimeZone::utc(), capabilities, None) {
        Err(AnswerError::Refused(refusal)) => Some(refusal),
        Err(error) => panic!("{error}"),
        Ok(_) => None,
    }
}

#[test]
fn a_query_that_breaks_a_rule_is_refused_by_name() {
    let metrics = &[Metric::Visits];
    let filter = is(Dimension::Browser, "x");
    let many = Filter::new(Dimension::Page, FilterOperator::Is, vec!["x"; MAX_FILTER_VALUES + 1]);
    let too_many = |what, max| Refusal::TooMany { what, max };
    let visits = query(1, metrics, &[]);
    let cases = [
        (query(1, &[], &[]), Refusal::NoMetric),
        (
            query(1, &[Metric::Visits, Metric::Seconds, Metric::Visits], &[]),
            Refusal::NamedTwice("visits"),
        ),
        (
            query(1, metrics, &[Dimension::Page, Dimension::Page]),
            Refusal::NamedTwice("page"),
        ),
        (
            query(1, metrics, &[Dimension::Page, Dimension::Day, Dimension::Browser]),
            too_many("dimensions", 2),
        ),
        (
            (0..21).fold(visits.clone(), |query, _| query.filter(filter.clone())),
            too_many("filters", 20),
        ),
        (visits.clone().filter(many), too_many("values in a filter", 200)),
        (query(0, metrics, &[]), Refusal::EmptyRange),
        (
            query(1, metrics, &[Dimension::Day, Dimension::Hour]),
            Refusal::TwoTimes(Dimension::Day, Dimension::Hour),
        ),
        (
            visits.clone().filter(is(Dimension::Month, "2026-05")),
            Refusal::TimeFilter(Dimension::Month),
        ),
        (
            visits
                .clone()
                .order_by(OrderBy::Metric(Metric::Likes), Direction::Ascending),
            Refusal::UnknownOrder("likes"),
        ),
        (
            visits.order_by(OrderBy::Dimension(Dimension::Day), Direction::Ascending),
            Refusal::UnknownOrder("day"),
        ),
    ];
    for (query, expected) in cases {
        assert_eq!(refusal(&query), Some(expected));
    }
}

#[test]
fn a_metric_that_sessions_do_not_have_is_refused_with_their_dimensions() {
    for metric in [
        Metric::MedianTimeOnPage,
        Metric::Likes,
        Metric::Comments,
        Metric::Events,
    ] {
        let by_browser = query(1, &[metric], &[Dimension::Day, Dimension::Browser]);
        let dimension = Dimension::Browser;
        assert_eq!(refusal(&by_browser), Some(Refusal::Grouping { metric, dimension }));
        let filtered = query(1, &[Metric::Visits, metric], &[Dimension::Page]);
        let filtered = filtered.filter(is(Dimension::Page, "a")).filter(is(dimension, "x"));
        assert_eq!(refusal(&filtered), Some(Refusal::Filtering { metric, dimension }));
        assert_eq!(refusal(&query(1, &[metric], &[Dimension::Hour, Dimension::Page])), None);
    }
}

#[test]
fn only_events_have_the_dimension_event() {
    let dimension = Dimension::Event;
    for metric in Metric::ALL.into_iter().filter(|metric| *metric != Metric::Events) {
        let grouped = query(1, &[Metric::Events, metric], &[dimension]);
        assert_eq!(refusal(&grouped), Some(Refusal::Grouping { metric, dimension }));
        let filtered = query(1, &[metric], &[]).filter(is(dimension, "x"));
        assert_eq!(refusal(&filtered), Some(Refusal::Filtering { metric, dimension }));
    }
}

#[test]
fn a_store_refuses_what_it_does_not_have() {
    let store = Capabilities::new(
        &[Metric::Visits, Metric::Pageviews, Metric::Visitors],
        &[
            Dimension::Hour,
            Dimension::Day,
            Dimension::Page,
            Dimension::Source,
            Dimension::Browser,
        ],
        false,
    );
    let visits = |dimensions: &[Dimension]| query(1, &[Metric::Pageviews, Metric::Visits], dimensions);
    let (page, source) = (Dimension::Page, Dimension::Source);
    let filter = |dimension| Refusal::Filter {
        dimension,
        operator: FilterOperator::Is,
    };
    let by_page = Refusal::Grouping {
        metric: Metric::Visits,
        dimension: page,
    };
    for (query, expected) in [
        (query(1, &[Metric::Likes], &[]), Some(Refusal::Metric(Metric::Likes))),
        (visits(&[Dimension::Month]), Some(Refusal::Dimension(Dimension::Month))),
        (
            visits(&[]).filter(is(Dimension::Country, "de")),
            Some(Refusal::Dimension(Dimension::Country)),
        ),
        (visits(&[]).filter(is(source, "x")), Some(filter(source))),
        (
            visits(&[source, Dimension::Browser]),
            Some(Refusal::TwoDimensions(source, Dimension::Browser)),
        ),
        (
            visits(&[Dimension::Hour, source]),
            Some(Refusal::TwoDimensions(Dimension::Hour, source)),
        ),
        (visits(&[page]), Some(by_page)),
        (
            visits(&[Dimension::Day, page]),
            Some(Refusal::TwoDimensions(Dimension::Day, page)),
        ),
        (visits(&[Dimension::Day, source]), None),
        (query(1, &[Metric::Pageviews], &[Dimension::Hour, page]), None),
        (query(1, &[Metric::Visitors], &[]).filter(is(page, "a")), None),
    ] {
        assert_eq!(refusal_of(&store, &query), expected, "{query:?}");
    }
}

#[test]
fn a_query_that_needs_erased_sessions_says_so() {
    let reader = MemoryReportReader::default();
    let ask = |query: &Query, first| answer(&reader, query, &SiteTimeZone::utc(), &Capabilities::ALL, Some(first));
    let by_page = query(2, &[Metric::Visits], &[Dimension::Page]);
    assert!(ask(&by_page, DAY).is_ok());
    let expired = ask(&by_page, DAY.next()).unwrap_err();
    assert_eq!(expired, AnswerError::RowsExpired(FirstDay(DAY.next())));
    let by_buckets = query(2, &[Metric::Pageviews], &[Dimension::Page]);
    assert!(ask(&by_buckets, DAY.next()).is_ok());
}
