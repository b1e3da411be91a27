//! Special cases of the dashboard.

use horizon_core::{
    Slug,
    reports::{Dimension, Filter, FilterOperator, Metric, Value},
};

use super::fixture::{PAGES, card, count, figure, list, median, overview, share, with_period};
use crate::{
    ActivePage, ActiveSource, NowSnapshot, PageDescription,
    dashboard::{
        model::{ChartStep, Dashboard, Figure, ListKind, PageHeading, Shown},
        state::PeriodChoice,
    },
};

pub(super) fn one_page() -> Dashboard {
    let mut dashboard = overview();
    let slug = "posts/exact-counts";
    dashboard.state = dashboard
        .state
        .with_filter(Filter::new(Dimension::Page, FilterOperator::Is, [slug]));
    dashboard.cards.remove(0);
    dashboard.page = Some(PageHeading {
        slug: Slug::new(slug).unwrap(),
        viewers: Some(9),
    });
    dashboard.figures = vec![
        figure(Metric::Visitors, count(9_213), count(0)),
        figure(Metric::Pageviews, count(12_034), count(0)),
        figure(Metric::PageVisits, count(10_034), count(0)),
        Figure {
            of_site: Some(median(94.3)),
            ..figure(Metric::MedianTimeOnPage, median(171.0), median(140.0))
        },
        Figure {
            of_site: Some(share(412)),
            ..figure(Metric::FinishedShare, share(533), share(501))
        },
        Figure {
            of_site: Some(share(583)),
            ..figure(Metric::BounceRate, share(683), share(601))
        },
        figure(Metric::Likes, count(312), count(0)),
        figure(Metric::Comments, count(24), count(0)),
    ];
    dashboard
}

fn filtered() -> Dashboard {
    let mut dashboard = overview();
    let filters = [
        Filter::new(Dimension::Source, FilterOperator::Is, ["Hacker News"]),
        Filter::new(Dimension::Device, FilterOperator::IsNot, ["phone", "tablet"]),
        Filter::new(Dimension::Country, FilterOperator::Is, ["DE"]),
    ];
    dashboard.state.filters = filters.to_vec();
    dashboard
}

fn whole_list() -> Dashboard {
    let mut dashboard = overview();
    dashboard.state.list = Some(ListKind::Pages);
    dashboard.state.offset = 100;
    dashboard.now = None;
    dashboard.figures.clear();
    dashboard.chart = None;
    let metrics = [
        Metric::Visitors,
        Metric::Pageviews,
        Metric::PageVisits,
        Metric::BounceRate,
        Metric::MedianTimeOnPage,
        Metric::FinishedShare,
        Metric::Likes,
    ];
    let slugs: Vec<String> = (0..100)
        .map(|n| {
            PAGES
                .get(n)
                .map_or_else(|| format!("archive/2025/{n}"), |(slug, ..)| (*slug).to_owned())
        })
        .collect();
    let slugs: Vec<&str> = slugs.iter().map(String::as_str).collect();
    dashboard.cards = vec![card(list(ListKind::Pages, &slugs, &metrics, 214, 21_034))];
    dashboard
}

pub(super) fn public() -> Dashboard {
    let mut dashboard = overview();
    dashboard.is_public = true;
    for card in &mut dashboard.cards {
        for row in card.list.rows.iter_mut().rev().take(2) {
            row.values.fill(Shown::Hidden);
            row.bar = 0.0;
        }
    }
    dashboard.figures.last_mut().unwrap().value = Shown::Hidden;
    if let Some(chart) = &mut dashboard.chart {
        chart.points[4].value = Some(Shown::Hidden);
        chart.points[9].previous = Some(Shown::Hidden);
    }
    dashboard
}

/// Redis keeps no sessions.
fn without_sessions() -> Dashboard {
    let mut dashboard = with_period(PeriodChoice::Days7, ChartStep::Day, 300);
    dashboard.figures.retain(|figure| {
        matches!(
            figure.metric,
            Metric::Visitors | Metric::Visits | Metric::Pageviews | Metric::Likes | Metric::Comments
        )
    });
    for card in &mut dashboard.cards {
        card.lists
            .retain(|list| !matches!(list, ListKind::EntryPages | ListKind::ExitPages | ListKind::OldPages));
    }
    dashboard
        .notes
        .push("This store keeps no sessions: bounce rate and visit duration are missing.".to_owned());
    dashboard
}

/// A site without any visit.
fn new_site() -> Dashboard {
    Dashboard {
        has_visits: false,
        ..empty()
    }
}

/// A site without a visit in the period.
pub(super) fn empty() -> Dashboard {
    let mut dashboard = overview();
    dashboard.now = Some(NowSnapshot {
        viewers: Some(0),
        minutes: vec![Some(0); 30],
        nodes: 1,
        ..NowSnapshot::default()
    });
    for figure in &mut dashboard.figures {
        figure.value = count(0);
    }
    for card in &mut dashboard.cards {
        card.list.rows.clear();
        card.list.total_rows = 0;
    }
    dashboard
}

fn large() -> Dashboard {
    let mut dashboard = with_period(PeriodChoice::Months12, ChartStep::Month, 12_345_678);
    for figure in &mut dashboard.figures {
        if matches!(figure.value, Shown::Value(Value::Count(_))) {
            figure.value = count(12_345_678);
            figure.previous = Some(count(345_678));
        }
    }
    let long = "An extraordinarily long title that somebody wrote without ever thinking of the people who \
                have to show it in a \
                list, Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft";
    dashboard
        .descriptions
        .0
        .insert(Slug::new("about").unwrap(), PageDescription::new(long));
    let values = [
        "about",
        "posts/rtl",
        "a-page-without-a-description/that-has-a-long-path/and-another-segment/and-one-more",
    ];
    dashboard.cards[0].list = list(
        ListKind::Pages,
        &values,
        &[Metric::Visitors, Metric::FinishedShare],
        12_345_678,
        12_345_678,
    );
    let source = "a-source-with-an-extremely-long-subdomain.and-another-one.example-of-a-domain.co.uk";
    dashboard.cards[1].list = list(ListKind::Sources, &[source, ""], &[Metric::Visitors], 2, 12_345_678);
    let now = dashboard.now.as_mut().unwrap();
    now.viewers = Some(1_234_567);
    now.pages[0] = ActivePage {
        slug: Slug::new("about").unwrap(),
        viewers: 1_000_000,
    };
    now.sources[0] = ActiveSource {
        source: source.into(),
        viewers: 1_000_000,
    };
    now.nodes = 12;
    now.silent_nodes = 2;
    dashboard
}

/// Returns all fixtures with their names.
pub(super) fn all() -> Vec<(&'static str, Dashboard)> {
    vec![
        ("overview", overview()),
        ("today", with_period(PeriodChoice::Today, ChartStep::Hour, 90)),
        ("quarter", with_period(PeriodChoice::Days90, ChartStep::Day, 900)),
        ("year", with_period(PeriodChoice::Months12, ChartStep::Month, 30_000)),
        ("all", with_period(PeriodChoice::All, ChartStep::Week, 7_000)),
        ("page", one_page()),
        ("filtered", filtered()),
        ("list", whole_list()),
        ("public", public()),
        ("redis", without_sessions()),
        ("empty", empty()),
        ("new", new_site()),
        ("large", large()),
    ]
}
