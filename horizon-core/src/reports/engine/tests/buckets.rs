use super::*;
use crate::reports::TopicCounts;

fn site_and_pages() -> MemoryReportReader {
    let mut reader = MemoryReportReader::default();
    let site = |visitors, visits| {
        counts(|counts| {
            (counts.visitors, counts.visits, counts.keyed_visits) = (visitors, visits, visits - 1);
            (counts.pageviews, counts.seconds, counts.duration, counts.bounces) = (2 * visits, 50, 70, 1);
            (counts.likes, counts.comments) = (1, 0);
        })
    };
    add_day(&mut reader, 0, Topic::Site, site(3, 4));
    add_day(&mut reader, 1, Topic::Site, site(2, 3));
    add_day(&mut reader, 2, Topic::Site, site(100, 100));
    let page = |visits| {
        counts(|counts| {
            (counts.visitors, counts.visits, counts.keyed_visits) = (visits, visits, visits);
            (counts.pageviews, counts.seconds, counts.finished) = (visits, 10 * visits, 1);
            (counts.likes, counts.comments) = (2, 3);
        })
    };
    add_day(&mut reader, 0, page_topic("a"), page(5));
    add_day(&mut reader, 1, page_topic("a"), page(1));
    add_day(&mut reader, 1, page_topic("b"), page(2));
    reader
}

#[test]
fn without_dimensions_sessions_come_from_the_site_and_page_visits_from_the_pages() {
    let reader = site_and_pages();
    let metrics = [
        Metric::Visitors,
        Metric::Visits,
        Metric::Pageviews,
        Metric::ViewsPerVisit,
        Metric::BounceRate,
        Metric::VisitDuration,
        Metric::AnonymousShare,
        Metric::Seconds,
    ];
    assert_eq!(
        rows(&reader, &query(2, &metrics, &[])),
        ["5 7 14 14/7 2/5 140/5 2/7 100"]
    );
    let metrics = [
        Metric::PageVisits,
        Metric::TimeOnPage,
        Metric::FinishedShare,
        Metric::Likes,
        Metric::Comments,
    ];
    assert_eq!(rows(&reader, &query(2, &metrics, &[])), ["8 80/8 3/8 8 9"]);
}

#[test]
fn a_site_without_events_has_one_row_of_zeros() {
    let reader = MemoryReportReader::default();
    let query = query(1, &Metric::ALL, &[]);
    let table = ask(&reader, &query).unwrap();
    assert_eq!(texts(&table), ["0 0 0 0 0/0 0/0 0/0 0/0 0 0/0 - 0/0 0 0 0"]);
    assert_eq!(table.total_rows, 1);
}

#[test]
fn periods_without_numbers_are_left_out() {
    let mut reader = site_and_pages();
    add_day(&mut reader, 5, Topic::Site, counts(|counts| counts.visits = 1));
    let query = query(9, &[Metric::Visits, Metric::Seconds], &[Dimension::Day]);
    assert_eq!(
        rows(&reader, &query),
        [
            "2026-05-27 4 50",
            "2026-05-28 3 50",
            "2026-05-29 100 50",
            "2026-06-01 1 0"
        ]
    );
    let bounces = Query {
        metrics: vec![Metric::BounceRate],
        ..query
    };
    assert_eq!(rows(&reader, &bounces).len(), 3, "a ratio 0/0 is no row");
}

#[test]
fn pages_are_grouped_and_filtered_by_their_buckets() {
    let reader = site_and_pages();
    let by_page = query(2, &[Metric::Visitors, Metric::TimeOnPage], &[Dimension::Page]);
    assert_eq!(rows(&reader, &by_page), ["a 6 60/6", "b 2 20/2"]);
    let by_day = query(2, &[Metric::Likes, Metric::Visitors], &[Dimension::Day]);
    assert_eq!(
        rows(&reader, &by_day.filter(is(Dimension::Page, "b"))),
        ["2026-05-28 2 2"]
    );
    let others = Filter::new(Dimension::Page, FilterOperator::IsNot, ["b"]);
    assert_eq!(rows(&reader, &by_page.filter(others)), ["a 6 60/6"]);
    assert_eq!(
        rows(
            &reader,
            &query(2, &[Metric::Pageviews], &[]).filter(is(Dimension::Page, "c"))
        ),
        ["0"]
    );
}

#[test]
fn the_median_is_that_of_all_reading_times_of_the_group() {
    let mut reader = MemoryReportReader::default();
    for (day, page, seconds) in [(0, "a", 0), (0, "a", 1), (1, "a", 1), (1, "b", 0)] {
        let day = Day::from_number(DAY.number() + day);
        let bucket: &mut TopicCounts = reader.days.entry((page_topic(page), day)).or_default();
        bucket.reading_times.add(seconds, 1);
    }
    let by_page = query(2, &[Metric::MedianTimeOnPage], &[Dimension::Page]);
    assert_eq!(rows(&reader, &by_page), ["a 1.1"], "a median of 0 is no row");
    assert_eq!(rows(&reader, &query(2, &[Metric::MedianTimeOnPage], &[])), ["0.0"]);
}

#[test]
fn a_dimension_of_sessions_comes_from_its_buckets() {
    let mut reader = MemoryReportReader::default();
    let entries = [(0, "de", 2), (0, "(other)", 9), (1, "de", 3), (1, "", 5), (2, "fr", 1)];
    for (day, country, visits) in entries {
        let day = Day::from_number(DAY.number() + day);
        let counts = counts(|counts| (counts.visits, counts.keyed_visits, counts.bounces) = (visits, visits, 1));
        reader
            .dimensions
            .insert((Dimension::Country, day, country.into()), counts);
        reader
            .dimensions
            .insert((Dimension::Browser, day, "firefox".into()), counts);
    }
    let by_country = query(2, &[Metric::Visits, Metric::BounceRate], &[Dimension::Country]);
    let table = ask(&reader, &by_country).unwrap();
    assert_eq!(texts(&table), ["(other) 9 1/9", " 5 1/5", "de 5 2/5"]);
    assert!(table.has_other);
    let by_week = query(2, &[Metric::Visits], &[Dimension::Country, Dimension::Week]);
    assert_eq!(
        rows(&reader, &by_week),
        [" 2026-05-25 5", "de 2026-05-25 5", "(other) 2026-05-25 9"]
    );
}

#[test]
fn custom_events_are_grouped_by_name_and_page() {
    let mut reader = MemoryReportReader::default();
    for (hour, topic, name, count) in [
        (0, Topic::Site, "signup", 1),
        (5, page_topic("a"), "signup", 2),
        (30, page_topic("a"), "download", 4),
        (48, page_topic("b"), "download", 100),
    ] {
        let hour = Timestamp::from_millis((DAY.number() * 24 + hour) * HOUR_MILLIS);
        reader.custom_events.insert((topic, hour, name.into()), count);
    }
    let events = |dimensions: &[Dimension]| query(2, &[Metric::Events], dimensions);
    assert_eq!(rows(&reader, &events(&[])), ["7"]);
    assert_eq!(rows(&reader, &events(&[Dimension::Event])), ["download 4", "signup 3"]);
    assert_eq!(rows(&reader, &events(&[Dimension::Page])), ["a 6"]);
    assert_eq!(
        rows(&reader, &events(&[Dimension::Event, Dimension::Page])),
        ["download a 4", "signup a 2", "signup  1"]
    );
    assert_eq!(
        rows(
            &reader,
            &events(&[Dimension::Day]).filter(is(Dimension::Event, "signup"))
        ),
        ["2026-05-27 3"]
    );
    let on_site = events(&[Dimension::Event]).filter(is(Dimension::Page, ""));
    assert_eq!(rows(&reader, &on_site), ["signup 1"]);
}

#[test]
fn metrics_of_several_sources_are_joined() {
    let mut reader = site_and_pages();
    let pages = [page("b", 1, 5, 0), page("c", 1, 5, 0)];
    add_session(&mut reader, (1, 3), Some(0), &[], &pages);
    let by_page = query(
        2,
        &[Metric::Pageviews, Metric::Visits, Metric::Events],
        &[Dimension::Page],
    );
    assert_eq!(rows(&reader, &by_page), ["a 6 0 0", "b 2 1 0", "c 0 1 0"]);
}

#[test]
fn visitors_of_several_days_are_marked_as_a_sum() {
    let reader = site_and_pages();
    for (days, dimensions, is_sum) in [
        (1, &[][..], false),
        (2, &[], true),
        (2, &[Dimension::Day], false),
        (2, &[Dimension::Hour], false),
        (2, &[Dimension::Month], true),
        (2, &[Dimension::Page], true),
    ] {
        let table = ask(&reader, &query(days, &[Metric::Visitors], dimensions)).unwrap();
        assert_eq!(table.sums_daily_visitors, is_sum, "{days} {dimensions:?}");
        let visits = ask(&reader, &query(days, &[Metric::Visits], &[])).unwrap();
        assert!(!visits.sums_daily_visitors);
    }
}
