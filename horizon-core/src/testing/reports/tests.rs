//! The model, with numbers that were computed by hand.

use std::collections::HashSet;
use std::time::Duration;

use super::{RandomQueries, RandomVisits, ReportAnswer, ReportModel};
use crate::reports::{
    Capabilities, DayRange, Dimension, Filter, FilterOperator, Metric, Query, Refusal, SiteTimeZone, Value,
};
use crate::{Day, Event, EventKind, Slug, Stamp, Timestamp, Topic, Visit, VisitCause, VisitorKey};

/// 2027-01-15T08:00:00Z.
const EIGHT: Timestamp = Timestamp::from_millis(1_800_000_000_000);

fn visit(serial: u8, minutes: i64, page: &str, cause: VisitCause) -> Event {
    let at = Timestamp::from_millis(EIGHT.as_millis() + minutes * 60_000);
    let visit = Visit {
        visitor: Some(VisitorKey::from_u128(1)),
        cause: Some(cause),
        page: Some(Slug::new(page).unwrap()),
        seconds: Some(10),
        ..Visit::default()
    };
    Event::new(Stamp::new(at, [serial; 10]), Topic::Site, EventKind::Visit(visit))
}

fn days(first: i64, last: i64) -> DayRange {
    let today = EIGHT.day().number();
    DayRange::new(Day::from_number(today + first), Day::from_number(today + last))
}

fn values(model: &ReportModel, query: &Query) -> Vec<(String, Vec<Value>)> {
    match model.answer(query, &Capabilities::ALL, None) {
        ReportAnswer::Table(table) => {
            let rows = table.rows.into_iter();
            rows.map(|row| (row.dimensions.join(" "), row.metrics)).collect()
        }
        other => panic!("{query:?}: {other:?}"),
    }
}

#[test]
fn an_event_between_two_sessions_merges_them() {
    let mut model = ReportModel::new(SiteTimeZone::utc());
    model.apply(&[visit(1, 0, "a", VisitCause::Open), visit(2, 50, "b", VisitCause::Open)]);
    assert_eq!(model.totals(&Topic::Site).visits, 2);
    model.apply(&[visit(3, 25, "a", VisitCause::Beat)]);
    assert_eq!(model.totals(&Topic::Site).visits, 1);
    let query = Query::new(days(0, 0))
        .metrics([
            Metric::Visits,
            Metric::VisitDuration,
            Metric::BounceRate,
            Metric::Seconds,
        ])
        .dimensions([Dimension::EntryPage, Dimension::ExitPage]);
    let ratio = |numerator, denominator| Value::Ratio { numerator, denominator };
    let want = vec![Value::Count(1), ratio(3000, 1), ratio(0, 1), Value::Count(30)];
    assert_eq!(values(&model, &query), [("a b".to_owned(), want)]);
    let query = Query::new(days(0, 0))
        .metrics([Metric::Pageviews, Metric::PageVisits, Metric::TimeOnPage])
        .dimensions([Dimension::Page])
        .filter(Filter::new(Dimension::EntryPage, FilterOperator::Is, ["a"]));
    let page = |name: &str, seconds| {
        (
            name.to_owned(),
            vec![Value::Count(1), Value::Count(1), ratio(seconds, 1)],
        )
    };
    assert_eq!(values(&model, &query), [page("a", 20), page("b", 10)]);
}

#[test]
fn a_session_over_midnight_counts_on_its_first_day_and_its_pageviews_on_theirs() {
    let mut model = ReportModel::new(SiteTimeZone::utc());
    let midnight = 16 * 60;
    model.apply(&[
        visit(1, midnight + 5, "a", VisitCause::Open),
        visit(2, midnight - 5, "a", VisitCause::Open),
    ]);
    let query = Query::new(days(0, 1))
        .metrics([Metric::Visitors, Metric::Visits, Metric::Pageviews])
        .dimensions([Dimension::Day]);
    let row = |day: &str, counts: [i64; 3]| (day.to_owned(), counts.map(Value::Count).to_vec());
    let by_day = values(&model, &query);
    assert_eq!(by_day, [row("2027-01-15", [1, 1, 1]), row("2027-01-16", [1, 0, 1])]);
    // The rows know only the day on which the session starts.
    let query = query.filter(Filter::new(Dimension::Source, FilterOperator::Is, [""]));
    assert_eq!(values(&model, &query), [row("2027-01-15", [1, 1, 2])]);
}

#[test]
fn an_event_of_a_closed_day_counts_without_its_visitor() {
    let mut model = ReportModel::new(SiteTimeZone::utc());
    let day = 24 * 60;
    model.apply(&[
        visit(1, 0, "a", VisitCause::Open),
        visit(2, 2 * day, "a", VisitCause::Open),
    ]);
    assert_eq!(
        model.open_since(),
        Some(SiteTimeZone::utc().day_start(EIGHT.day().next()))
    );
    model.apply(&[visit(3, 1, "a", VisitCause::Open), visit(4, 2, "a", VisitCause::Beat)]);
    assert_eq!(model.late_events(), 2);
    let query = Query::new(days(0, 0)).metrics([Metric::Visitors, Metric::Visits, Metric::Pageviews, Metric::Seconds]);
    let counts = [1, 2, 2, 30].map(Value::Count).to_vec();
    assert_eq!(values(&model, &query), [(String::new(), counts)]);
}

#[test]
fn queries_are_refused_with_the_first_rule_that_they_break() {
    let model = ReportModel::new(SiteTimeZone::utc());
    let no_rows = Capabilities::new(&Metric::ALL, &Dimension::ALL, false);
    let by = |metric, dimensions: &[Dimension]| {
        Query::new(days(0, 0))
            .metrics([metric])
            .dimensions(dimensions.iter().copied())
    };
    let (likes, source) = (Metric::Likes, Dimension::Source);
    for (query, refusal) in [
        (Query::new(days(1, 0)), Refusal::NoMetric),
        (by(likes, &[source, source]), Refusal::NamedTwice("source")),
        (
            by(likes, &[source]),
            Refusal::Grouping {
                metric: likes,
                dimension: source,
            },
        ),
        (
            by(Metric::Visits, &[source, Dimension::Hour]),
            Refusal::TwoDimensions(source, Dimension::Hour),
        ),
        (
            by(Metric::Visits, &[Dimension::Page]),
            Refusal::Grouping {
                metric: Metric::Visits,
                dimension: Dimension::Page,
            },
        ),
    ] {
        assert_eq!(model.answer(&query, &no_rows, None), ReportAnswer::Refused(refusal));
    }
}

#[test]
fn no_random_event_is_later_than_a_stopped_clock() {
    let mut visits = RandomVisits::new(7, EIGHT).with_visitors(100).with_stopped_clock();
    let events: Vec<Event> = (0..40).flat_map(|_| visits.batch()).collect();
    let earliest = EIGHT.minus(Duration::from_secs(20 * 3600 + 60));
    for event in &events {
        assert!((earliest..=EIGHT).contains(&event.at), "{event:?}");
    }
    let visitors = events.iter().filter_map(|event| match &event.kind {
        EventKind::Visit(visit) => visit.visitor,
        _ => None,
    });
    let visitors: HashSet<VisitorKey> = visitors.collect();
    assert!(visitors.len() > 50, "{} visitors", visitors.len());
}

#[test]
fn most_random_queries_have_an_answer_with_rows() {
    let zone = SiteTimeZone::new("Europe/Berlin").unwrap();
    let (mut model, mut visits) = (
        ReportModel::new(zone.clone()),
        RandomVisits::new(7, EIGHT).with_late_events(),
    );
    let mut events = 0;
    while events < 3000 {
        let batch = visits.batch();
        events += batch.len();
        model.apply(&batch);
    }
    let days = DayRange::new(zone.day_of(EIGHT), zone.day_of(visits.now()));
    let mut queries = RandomQueries::new(7, days, Capabilities::ALL);
    let (mut full, mut refused) = (0, 0);
    for _ in 0..1000 {
        match model.answer(&queries.query(), &Capabilities::ALL, None) {
            ReportAnswer::Table(table) => full += usize::from(table.total_rows > 1),
            _ => refused += 1,
        }
    }
    assert!(full > 400 && refused > 100, "{full} with rows, {refused} refused");
}
