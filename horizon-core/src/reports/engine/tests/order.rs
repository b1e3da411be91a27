use std::num::NonZeroUsize;

use super::*;
use crate::reports::{Direction, OrderBy};

/// Returns visits, keyed visits and bounces of some countries on a day.
fn reader(countries: &[(&str, [i64; 3])]) -> MemoryReportReader {
    let mut reader = MemoryReportReader::default();
    for (country, numbers) in countries {
        let counts = counts(|counts| [counts.visits, counts.keyed_visits, counts.bounces] = *numbers);
        reader
            .dimensions
            .insert((Dimension::Country, DAY, Arc::from(*country)), counts);
    }
    reader
}

fn by_country(metrics: &[Metric]) -> Query {
    query(1, metrics, &[Dimension::Country])
}

#[test]
fn equal_rows_are_ordered_by_their_values_with_other_last() {
    let reader = reader(&[
        ("us", [2, 0, 0]),
        ("(other)", [2, 0, 0]),
        ("", [2, 0, 0]),
        ("ä", [2, 0, 0]),
        ("de", [3, 0, 0]),
    ]);
    let visits = by_country(&[Metric::Visits]);
    assert_eq!(rows(&reader, &visits), ["de 3", " 2", "us 2", "ä 2", "(other) 2"]);
    let ascending = visits.order_by(OrderBy::Metric(Metric::Visits), Direction::Ascending);
    assert_eq!(rows(&reader, &ascending), [" 2", "us 2", "ä 2", "(other) 2", "de 3"]);
}

#[test]
fn ratios_are_compared_exactly_and_unknown_ones_are_the_lowest() {
    let large = 1 << 61;
    let reader = reader(&[
        ("half", [9, 2 * large, large]),
        ("more", [9, 2 * large - 1, large]),
        ("none", [9, 7, 0]),
        ("unknown", [9, 0, 0]),
    ]);
    let rate = by_country(&[Metric::BounceRate, Metric::Visits]);
    let first = |query: &Query| {
        let rows = rows(&reader, query);
        rows.iter()
            .map(|row| row.split(' ').next().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(first(&rate), ["more", "half", "none", "unknown"]);
    let ascending = rate.order_by(OrderBy::Metric(Metric::BounceRate), Direction::Ascending);
    assert_eq!(first(&ascending), ["unknown", "none", "half", "more"]);
}

#[test]
fn several_orders_apply_one_after_the_other() {
    let reader = reader(&[("a", [1, 1, 0]), ("b", [1, 1, 1]), ("c", [2, 1, 1])]);
    let query = by_country(&[Metric::Visits, Metric::BounceRate])
        .order_by(OrderBy::Metric(Metric::BounceRate), Direction::Descending)
        .order_by(OrderBy::Dimension(Dimension::Country), Direction::Descending);
    assert_eq!(rows(&reader, &query), ["c 2 1/1", "b 1 1/1", "a 1 0/1"]);
}

#[test]
fn the_limit_and_the_offset_apply_after_the_order() {
    let reader = reader(&[
        ("a", [1, 1, 0]),
        ("b", [2, 1, 1]),
        ("c", [3, 1, 1]),
        ("(other)", [0, 1, 1]),
    ]);
    let mut query = by_country(&[Metric::Visits]).limit(NonZeroUsize::MIN);
    query.offset = 1;
    let table = ask(&reader, &query).unwrap();
    assert_eq!((texts(&table), table.total_rows), (vec!["b 2".to_owned()], 3));
    assert!(!table.has_other, "a value without a row is not mentioned");
}
