//! An attacker who knows the page, the rule, and everything that may be on the page.

use std::collections::{BTreeSet, HashMap};

use horizon_core::Slug;

use super::*;
use crate::{
    ActivePage, ActiveSource,
    dashboard::model::{CardKind, ChartPoint, ChartStep, ListKind, ListRow, PageTitles},
    dashboard::state::{DashboardState, PeriodChoice},
};

fn visible(number: i64) -> Shown {
    Shown::Value(Value::Count(number))
}

/// Returns all tuples of this length with numbers up to `highest`.
fn worlds(length: usize, highest: i64) -> Vec<Vec<i64>> {
    let mut worlds = vec![Vec::new()];
    for _ in 0..length {
        let longer = worlds.iter().flat_map(|world: &Vec<i64>| {
            (0..=highest).map(move |number| world.iter().copied().chain([number]).collect())
        });
        worlds = longer.collect();
    }
    worlds
}

/// Returns what a page shows of each number, and the total, if it is shown.
type PublicView = (Vec<Option<i64>>, Option<i64>);

fn total_of(world: &[i64]) -> Option<i64> {
    Some(world.iter().sum()).filter(|total| *total >= MIN_VISITORS)
}

/// The days of a chart: all of them have a place on the page.
fn view_of_points(world: &[i64]) -> PublicView {
    let mut points: Vec<_> = world.iter().map(|number| Some(visible(*number))).collect();
    hide_series(points.iter_mut().collect(), total_of(world));
    let points = points.into_iter().flatten().map(count).collect();
    (points, total_of(world))
}

/// The rows of a list whose visitors have one value each, such as a source. The list has room for `room` of them.
fn view_of_rows(world: &[i64], room: usize) -> PublicView {
    let mut list = list_of(world.iter().enumerate().filter(|(_, number)| **number > 0), room);
    hide_rows(&mut list, Some(world.iter().sum()));
    let value = |index: usize| {
        let row = list.rows.iter().find(|row| *row.value == *index.to_string())?;
        count(*row.values.first()?)
    };
    ((0..world.len()).map(value).collect(), total_of(world))
}

fn list_of<'a>(numbers: impl Iterator<Item = (usize, &'a i64)>, room: usize) -> List {
    let mut rows: Vec<_> = numbers
        .map(|(index, number)| ListRow {
            value: index.to_string().into(),
            values: vec![visible(*number)],
            bar: 0.5,
        })
        .collect();
    rows.sort_by_key(|row| -count(row.values[0]).unwrap());
    let total_rows = rows.len();
    rows.truncate(room);
    List {
        kind: ListKind::Sources,
        metrics: vec![Metric::Visitors],
        rows,
        total_rows,
        has_other: false,
        can_filter: true,
        is_missing: false,
    }
}

/// Returns the hidden numbers, and sums of hidden numbers, that are the same in all worlds that look like this one, and
/// count one or two visitors, or none if `zero_counts`.
fn computed(
    worlds: Vec<Vec<i64>>,
    zero_counts: bool,
    view: impl Fn(&[i64]) -> PublicView,
) -> Vec<(Vec<i64>, Vec<usize>)> {
    let mut by_view: HashMap<PublicView, Vec<Vec<i64>>> = HashMap::new();
    for world in worlds {
        by_view.entry(view(&world)).or_default().push(world);
    }
    let mut computed = Vec::new();
    for ((shown, _), worlds) in by_view {
        let hidden: Vec<usize> = (0..shown.len()).filter(|index| shown[*index].is_none()).collect();
        for subset in 1_usize..1 << hidden.len() {
            let chosen = hidden.iter().enumerate().filter(|(bit, _)| subset >> bit & 1 == 1);
            let chosen: Vec<usize> = chosen.map(|(_, index)| *index).collect();
            let sums = worlds
                .iter()
                .map(|world| chosen.iter().map(|index| world[*index]).sum());
            let sums: BTreeSet<i64> = sums.collect();
            let lowest = if zero_counts { 0 } else { 1 };
            if sums.len() == 1 && sums.iter().all(|sum| (lowest..MIN_VISITORS).contains(sum)) {
                computed.push((worlds[0].clone(), chosen));
            }
        }
    }
    computed
}

#[test]
fn no_hidden_point_of_a_chart_can_be_computed() {
    for (length, highest) in [(1, 9), (2, 9), (3, 8), (4, 7), (5, 6)] {
        let computed = computed(worlds(length, highest), true, view_of_points);
        assert!(computed.is_empty(), "{computed:?}");
    }
}

#[test]
fn no_removed_row_of_a_list_can_be_computed() {
    for (length, highest) in [(1, 9), (2, 9), (3, 8), (4, 7), (5, 6)] {
        for room in 1..=length {
            let computed = computed(worlds(length, highest), false, |world| view_of_rows(world, room));
            assert!(computed.is_empty(), "{room} of {length}: {computed:?}");
        }
    }
}

fn state() -> DashboardState {
    DashboardState::default()
}

fn figure(metric: Metric, value: Value, previous: i64) -> Figure {
    Figure {
        metric,
        value: Shown::Value(value),
        previous: Some(visible(previous)),
        of_site: Some(visible(1)),
    }
}

fn share(numerator: i64, denominator: i64) -> Value {
    Value::Ratio { numerator, denominator }
}

fn chart(metric: Metric, numbers: &[i64]) -> Chart {
    let point = |number: &i64| ChartPoint {
        label: String::new(),
        days: None,
        value: Some(visible(*number)),
        previous: None,
        is_current: false,
    };
    Chart {
        metric,
        metrics: vec![metric],
        step: ChartStep::Day,
        points: numbers.iter().map(point).collect(),
    }
}

fn dashboard(visitors: i64) -> Dashboard {
    let today = "2026-11-29".parse().unwrap();
    Dashboard {
        site: String::new(),
        state: state(),
        period: PeriodChoice::default().resolve(today, today),
        is_public: false,
        has_visits: true,
        now: None,
        page: None,
        figures: vec![
            figure(Metric::Visitors, Value::Count(visitors), 2),
            figure(Metric::Pageviews, Value::Count(90), 5),
            figure(Metric::Likes, Value::Count(2), 5),
            figure(Metric::BounceRate, share(1, 40), 5),
            figure(Metric::FinishedShare, share(38, 40), 5),
            figure(Metric::ViewsPerVisit, share(90, 40), 5),
            figure(Metric::VisitDuration, share(900, 2), 5),
        ],
        chart: Some(chart(Metric::Visitors, &[visitors])),
        cards: vec![Card {
            kind: CardKind::Sources,
            lists: vec![ListKind::Sources],
            list: List {
                metrics: vec![Metric::Visitors, Metric::BounceRate],
                ..list_of([(0, &visitors)].into_iter(), 9)
            },
        }],
        notes: vec!["1 of 40 visits are of readers without a key.".into()],
        descriptions: PageTitles::default(),
        links: Vec::new(),
    }
}

#[test]
fn figures_of_too_few_visitors_are_hidden_also_as_parts_of_a_share() {
    let mut dashboard = dashboard(30);
    hide_small_values(&mut dashboard, vec!["A note about the URL.".into()]);
    let hidden = |figure: &Figure| figure.value == Shown::Hidden;
    let hidden: Vec<_> = dashboard.figures.iter().filter(|figure| hidden(figure)).collect();
    assert_eq!(
        hidden.iter().map(|figure| figure.metric).collect::<Vec<_>>(),
        [
            Metric::Likes,
            Metric::BounceRate,
            Metric::FinishedShare,
            Metric::VisitDuration
        ]
    );
    for figure in &dashboard.figures {
        assert_eq!(
            figure.previous,
            Some(Shown::Hidden),
            "the previous period had two visitors"
        );
        assert_eq!(figure.of_site, None);
    }
    assert!(dashboard.is_public && dashboard.chart.is_some());
    assert_eq!(dashboard.notes, ["A note about the URL.", HIDDEN, VISITORS]);
}

#[test]
fn a_period_with_two_visitors_shows_nothing() {
    let mut dashboard = dashboard(2);
    hide_small_values(&mut dashboard, Vec::new());
    assert!(dashboard.figures.iter().all(|figure| figure.value == Shown::Hidden));
    assert!(
        dashboard
            .cards
            .iter()
            .all(|card| card.list.rows.is_empty() && card.list.total_rows == 0)
    );
    let points = &dashboard.chart.as_ref().unwrap().points;
    assert!(points.iter().all(|point| point.value == Some(Shown::Hidden)));
}

#[test]
fn a_chart_of_another_metric_than_visitors_is_not_shown() {
    let mut dashboard = dashboard(30);
    dashboard.chart = Some(chart(Metric::Pageviews, &[90]));
    hide_small_values(&mut dashboard, Vec::new());
    assert!(dashboard.chart.is_none());
}

#[test]
fn a_list_without_visitors_is_not_shown() {
    let mut dashboard = dashboard(30);
    let events = Card {
        kind: CardKind::Events,
        lists: vec![ListKind::Events],
        list: List {
            kind: ListKind::Events,
            metrics: vec![Metric::Events],
            ..list_of([(0, &90)].into_iter(), 1)
        },
    };
    dashboard.cards.push(events);
    hide_small_values(&mut dashboard, Vec::new());
    let cards: Vec<_> = dashboard.cards.iter().map(|card| card.kind).collect();
    assert_eq!(cards, [CardKind::Sources]);
}

#[test]
fn a_list_has_only_visitors_and_no_trace_of_the_removed_rows() {
    // Ordered by pageviews: one visitor opened most pages.
    let row = |visitors, pageviews| ListRow {
        value: "".into(),
        values: vec![visible(pageviews), visible(visitors), Shown::Value(share(1, 2))],
        bar: f64::from(i32::try_from(pageviews).unwrap()) / 400.0,
    };
    let mut list = List {
        kind: ListKind::Pages,
        metrics: vec![Metric::Pageviews, Metric::Visitors, Metric::BounceRate],
        rows: vec![row(1, 400), row(30, 100), row(15, 50), row(3, 8), row(2, 5)],
        total_rows: 5,
        has_other: false,
        can_filter: true,
        is_missing: false,
    };
    hide_rows(&mut list, Some(40));
    assert_eq!(list.metrics, [Metric::Visitors]);
    let rows = list.rows.iter().map(|row| (row.values.clone(), row.bar));
    let expected = [
        (vec![visible(30)], 1.0),
        (vec![visible(15)], 0.5),
        (vec![visible(3)], 0.1),
    ];
    assert_eq!(rows.collect::<Vec<_>>(), expected);
    assert_eq!(list.total_rows, 3);
}

#[test]
fn pageviews_do_not_tell_how_many_opened_the_pages_that_are_not_listed() {
    // Five visitors opened nine pages each, and two others one page each: 47 pageviews, 45 of them on the listed pages.
    let row = |index: usize| ListRow {
        value: index.to_string().into(),
        values: vec![visible(5), visible(5)],
        bar: 1.0,
    };
    let mut list = List {
        kind: ListKind::Pages,
        metrics: vec![Metric::Visitors, Metric::Pageviews],
        rows: (0..9).map(row).collect(),
        total_rows: 11,
        has_other: false,
        can_filter: true,
        is_missing: false,
    };
    hide_rows(&mut list, Some(7));
    let is_summed = |metric: &Metric| *metric != Metric::Visitors;
    assert!(list.rows.is_empty() || !list.metrics.iter().any(is_summed));
}

#[test]
fn a_list_without_visitors_is_empty() {
    let mut list = List {
        metrics: vec![Metric::Events],
        ..list_of([(0, &50)].into_iter(), 9)
    };
    hide_rows(&mut list, Some(40));
    assert!(list.rows.is_empty());
}

fn now(viewers: u64, pages: &[u64], sources: &[u64]) -> NowSnapshot {
    let page = |(index, viewers): (usize, &u64)| ActivePage {
        slug: Slug::new(&index.to_string()).unwrap(),
        viewers: *viewers,
    };
    let source = |(index, viewers): (usize, &u64)| ActiveSource {
        source: index.to_string().into(),
        viewers: *viewers,
    };
    NowSnapshot {
        viewers: Some(viewers),
        pages: pages.iter().enumerate().map(page).collect(),
        sources: sources.iter().enumerate().map(source).collect(),
        minutes: vec![None, Some(0), Some(2), Some(3), Some(viewers)],
        ..NowSnapshot::default()
    }
}

#[test]
fn pages_and_sources_of_few_viewers_are_not_shown_now() {
    for (snapshot, viewers, pages, sources) in [
        (now(2, &[2], &[2]), None, &[][..], &[][..]),
        (now(20, &[10, 10], &[20]), Some(20), &[10, 10], &[20]),
        // The only page that is hidden could be computed, so a second one is hidden.
        (now(20, &[10, 8, 2], &[15, 3, 2]), Some(20), &[10], &[15]),
        (now(20, &[10, 4, 3, 2, 1], &[11, 9]), Some(20), &[10, 4, 3], &[11, 9]),
    ] {
        let mut public = snapshot;
        hide_few_viewers(&mut public);
        assert_eq!(public.viewers, viewers);
        assert_eq!(public.pages.iter().map(|page| page.viewers).collect::<Vec<_>>(), pages);
        assert_eq!(
            public.sources.iter().map(|source| source.viewers).collect::<Vec<_>>(),
            sources
        );
        assert_eq!(public.minutes[..4], [None, None, None, Some(3)]);
    }
}
