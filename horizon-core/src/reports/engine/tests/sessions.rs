use super::*;

const ALL: [Metric; 11] = [
    Metric::Visitors,
    Metric::Visits,
    Metric::Pageviews,
    Metric::PageVisits,
    Metric::ViewsPerVisit,
    Metric::BounceRate,
    Metric::VisitDuration,
    Metric::AnonymousShare,
    Metric::Seconds,
    Metric::TimeOnPage,
    Metric::FinishedShare,
];

/// Visitor 1 comes twice on the first day and once on the second, visitor 2 once; two readers have no key.
fn reader() -> MemoryReportReader {
    let mut reader = MemoryReportReader::default();
    let (source, browser) = (Dimension::Source, Dimension::Browser);
    let values = [(source, "google"), (browser, "firefox")];
    let both = [page("a", 1, 20, 1), page("b", 2, 30, 0)];
    add_session(&mut reader, (0, 1), Some(1), &values, &both);
    add_session(&mut reader, (0, 2), Some(2), &values, &[page("a", 1, 40, 0)]);
    add_session(&mut reader, (0, 5), Some(1), &values, &[page("a", 1, 10, 0)]);
    add_session(&mut reader, (0, 5), None, &values, &[page("a", 1, 0, 0)]);
    add_session(&mut reader, (1, 5), Some(1), &[(source, "bing")], &[page("b", 0, 7, 1)]);
    add_session(&mut reader, (1, 6), None, &[(source, "bing")], &[]);
    add_session(&mut reader, (2, 6), Some(9), &values, &[page("a", 1, 10, 0)]);
    reader
}

#[test]
fn a_filter_selects_sessions() {
    let reader = reader();
    let google = query(2, &ALL, &[]).filter(is(Dimension::Source, "google"));
    assert_eq!(rows(&reader, &google), ["2 4 6 5 6/4 2/3 30/3 1/4 400 100/4 1/4"]);
    let bing = query(2, &ALL, &[]).filter(is(Dimension::Source, "bing"));
    assert_eq!(
        rows(&reader, &bing),
        ["0 2 0 1 0/2 1/1 10/1 1/2 200 7/1 1/1"],
        "a session without a pageview is no visitor"
    );
    let none = query(2, &ALL, &[]).filter(is(Dimension::Source, "yahoo"));
    assert_eq!(rows(&reader, &none), ["0 0 0 0 0/0 0/0 0/0 0/0 0 0/0 0/0"]);
}

#[test]
fn all_filters_must_accept_a_session() {
    let reader = reader();
    let query = query(2, &[Metric::Visits], &[])
        .filter(Filter::new(Dimension::Source, FilterOperator::Contains, ["g"]))
        .filter(Filter::new(Dimension::Browser, FilterOperator::IsNot, ["firefox"]));
    assert_eq!(rows(&reader, &query), ["2"]);
}

#[test]
fn a_page_filter_counts_the_matching_pages_of_the_sessions_that_have_one() {
    let reader = reader();
    let on_b = query(2, &ALL, &[]).filter(is(Dimension::Page, "b"));
    let metrics = [
        Metric::Visits,
        Metric::BounceRate,
        Metric::VisitDuration,
        Metric::AnonymousShare,
    ];
    let by_source = query(2, &metrics, &[Dimension::Source]).filter(is(Dimension::Page, "b"));
    assert_eq!(
        rows(&reader, &by_source),
        ["bing 1 1/1 10/1 0/1", "google 1 0/1 10/1 0/1"]
    );
    let numbers = Query {
        metrics: vec![
            Metric::Visitors,
            Metric::Pageviews,
            Metric::Seconds,
            Metric::PageVisits,
            Metric::TimeOnPage,
        ],
        ..on_b.filter(is(Dimension::Source, "google"))
    };
    assert_eq!(rows(&reader, &numbers), ["1 2 30 1 30/1"]);
    let not_a = Filter::new(Dimension::Page, FilterOperator::IsNot, ["a"]);
    assert_eq!(rows(&reader, &query(2, &[Metric::Visits], &[]).filter(not_a)), ["2"]);
}

#[test]
fn visitors_of_several_pages_are_counted_once() {
    let reader = reader();
    let both = Filter::new(Dimension::Page, FilterOperator::Is, ["a", "b"]);
    let query = query(1, &[Metric::Visitors, Metric::Visits], &[]).filter(both);
    assert_eq!(rows(&reader, &query), ["2 4"]);
}

#[test]
fn a_session_is_in_the_group_of_each_of_its_pages() {
    let reader = reader();
    let by_page = query(2, &ALL, &[Dimension::Page, Dimension::Source]);
    assert_eq!(
        rows(&reader, &by_page),
        [
            "a google 2 4 4 4 4/4 2/3 30/3 1/4 70 70/3 1/3",
            "b google 1 1 2 1 2/1 0/1 10/1 0/1 30 30/1 0/1",
            "b bing 0 1 0 1 0/1 1/1 10/1 0/1 7 7/1 1/1",
        ]
    );
}

#[test]
fn two_dimensions_of_sessions_are_grouped_by_the_start() {
    let reader = reader();
    let by_both = query(2, &[Metric::Visits], &[Dimension::Source, Dimension::Browser]);
    assert_eq!(rows(&reader, &by_both), ["google firefox 4", "bing  2"]);
    let by_hour = query(
        2,
        &[Metric::Visitors, Metric::Visits],
        &[Dimension::Hour, Dimension::Source],
    );
    assert_eq!(
        rows(&reader, &by_hour),
        [
            "2026-05-27T01:00:00Z google 1 1",
            "2026-05-27T02:00:00Z google 1 1",
            "2026-05-27T05:00:00Z google 1 2",
            "2026-05-28T05:00:00Z bing 0 1",
            "2026-05-28T06:00:00Z bing 0 1",
        ]
    );
    let by_month = query(3, &[Metric::Visitors], &[Dimension::Month]).filter(is(Dimension::Browser, "firefox"));
    assert_eq!(rows(&reader, &by_month), ["2026-05 3"], "the sum of the days");
}

#[test]
fn page_visits_by_a_dimension_are_those_of_its_sessions() {
    let reader = reader();
    let by_source = query(2, &[Metric::PageVisits, Metric::TimeOnPage], &[Dimension::Source]);
    assert_eq!(rows(&reader, &by_source), ["google 5 100/4", "bing 1 7/1"]);
}

#[test]
fn more_pairs_of_values_than_the_table_has_are_grouped_all_the_same() {
    let mut reader = MemoryReportReader::default();
    for number in 0..300 {
        let (term, content) = (format!("term{number}"), format!("content{number}"));
        let values = [(Dimension::Term, term.as_str()), (Dimension::Content, content.as_str())];
        add_session(&mut reader, (0, 0), Some(number), &values, &[]);
        add_session(&mut reader, (0, 1), Some(number), &values, &[]);
    }
    let by_both = query(1, &[Metric::Visits], &[Dimension::Term, Dimension::Content]);
    let rows = rows(&reader, &by_both);
    assert_eq!((rows.len(), rows[0].as_str()), (300, "term0 content0 2"));
}
