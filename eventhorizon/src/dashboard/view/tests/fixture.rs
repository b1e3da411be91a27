//! Dashboards with the numbers of a year of a blog.

use horizon_core::{
    Day, Slug,
    reports::{DayRange, Dimension, Filter, FilterOperator, Metric, Value},
};

use crate::{
    ActivePage, ActiveSource, NowSnapshot, PageDescription,
    dashboard::{
        model::{
            Card, Chart, ChartPoint, ChartStep, Dashboard, Figure, List, ListKind, ListRow, PageHeading, PageTitles,
            Shown,
        },
        state::{DashboardState, PeriodChoice},
    },
};

const TODAY: &str = "2026-11-29";

const FIRST: &str = "2025-12-03";

/// The pages, their titles and days of publication.
const PAGES: [(&str, &str, &str); 14] = [
    (
        "posts/exact-counts",
        "Counting every reader exactly once, also across two data centres",
        "2026-11-28",
    ),
    ("/", "Home", ""),
    (
        "posts/sse-at-scale",
        "A million open streams on one machine",
        "2026-11-12",
    ),
    (
        "posts/sqlite-wal",
        "What SQLite promises when the power fails",
        "2026-02-03",
    ),
    ("posts/bread", "Bread that needs no kneading", "2025-12-20"),
    (
        "posts/redis-streams",
        "Redis Streams, and what they forget",
        "2026-09-01",
    ),
    ("posts/leap", "Days of 23 and 25 hours", "2026-03-29"),
    ("posts/presence", "Presence without a database", "2026-06-17"),
    ("posts/rtl", "كيف نحسب الزوار بدون ملفات تعريف الارتباط", "2026-07-04"),
    ("about", "About", ""),
    ("posts/no-cookies", "No cookies, no banner", "2026-01-15"),
    ("posts/rate-limits", "Rate limits per network", "2026-05-30"),
    (
        "posts/postmortem",
        "Postmortem: the day the clock went back",
        "2026-10-26",
    ),
    ("posts/why-rust", "Why the server is written in Rust", "2026-08-08"),
];

const SOURCES: [&str; 9] = [
    "",
    "Hacker News",
    "Google",
    "lobste.rs",
    "Mastodon",
    "GitHub",
    "Reddit",
    "this-week-in-rust.org",
    "ChatGPT",
];

/// A small generator, so that the numbers are the same each time.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: u64) -> i64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        i64::try_from((self.0 >> 33) % limit).unwrap()
    }
}

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

pub(super) fn count(count: i64) -> Shown {
    Shown::Value(Value::Count(count))
}

fn share(permille: i64) -> Shown {
    Shown::Value(Value::Ratio {
        numerator: permille,
        denominator: 1_000,
    })
}

fn median(seconds: f64) -> Shown {
    Shown::Value(Value::Median(Some(seconds)))
}

fn figure(metric: Metric, value: Shown, previous: Shown) -> Figure {
    Figure {
        metric,
        value,
        previous: Some(previous),
        of_site: None,
    }
}

fn figures() -> Vec<Figure> {
    vec![
        figure(Metric::Visitors, count(48_213), count(41_870)),
        figure(Metric::Visits, count(61_402), count(55_023)),
        figure(Metric::Pageviews, count(123_456), count(131_002)),
        figure(Metric::BounceRate, share(583), share(612)),
        figure(
            Metric::VisitDuration,
            Shown::Value(Value::Ratio {
                numerator: 187_000,
                denominator: 1_000,
            }),
            median(201.0),
        ),
        figure(Metric::MedianTimeOnPage, median(94.3), median(93.9)),
        figure(Metric::FinishedShare, share(412), share(377)),
        figure(Metric::Likes, count(1_204), count(987)),
        figure(Metric::Comments, count(86), count(0)),
    ]
}

fn points(range: DayRange, step: ChartStep, scale: u64) -> Vec<ChartPoint> {
    let mut numbers = Numbers(7);
    let dimension = match step {
        ChartStep::Month => Dimension::Month,
        ChartStep::Week => Dimension::Week,
        _ => Dimension::Day,
    };
    let periods = if step == ChartStep::Hour {
        (0..24).map(|hour| format!("{hour:02}:00")).collect()
    } else {
        range.periods(dimension)
    };
    let last = periods.len() - 1;
    let point = |(index, label): (usize, String)| {
        let first = match step {
            ChartStep::Hour => None,
            ChartStep::Month => Some(day(&format!("{label}-01"))),
            _ => Some(day(&label)),
        };
        let days = first.map(|first| match step {
            ChartStep::Week => (first, Day::from_number(first.number() + 6)),
            ChartStep::Month => (
                first,
                (0..32)
                    .map(|n| Day::from_number(first.number() + n))
                    .find(|d| d.next().to_string().ends_with("-01"))
                    .unwrap(),
            ),
            _ => (first, first),
        });
        let weekend = first.is_some_and(|first| first.number() - first.monday().number() > 4);
        let base = i64::try_from(scale).unwrap() * if weekend { 6 } else { 10 } / 10;
        let mut value = || base + numbers.below(scale);
        let (current, previous) = (value(), value() * 8 / 10);
        let peak = if index * 3 == last * 2 { 3 } else { 1 };
        ChartPoint {
            label,
            days,
            value: (step != ChartStep::Hour || index <= 17)
                .then(|| count(if index == last { current / 2 } else { current * peak })),
            previous: Some(count(previous)),
            is_current: index == last || (step == ChartStep::Hour && index == 17),
        }
    };
    periods.into_iter().enumerate().map(point).collect()
}

fn chart(range: DayRange, step: ChartStep, scale: u64) -> Chart {
    Chart {
        metric: Metric::Visitors,
        metrics: figures().iter().map(|figure| figure.metric).collect(),
        step,
        points: points(range, step, scale),
    }
}

pub(super) fn list(kind: ListKind, values: &[&str], metrics: &[Metric], total_rows: usize, scale: u64) -> List {
    let mut numbers = Numbers(3);
    let mut visitors = i64::try_from(scale).unwrap();
    let highest = visitors;
    let mut row = |value: &&str| {
        let current = visitors;
        visitors = visitors * (55 + numbers.below(40)) / 100;
        let of = |metric: &Metric| match metric {
            Metric::Visitors => count(current),
            Metric::BounceRate | Metric::FinishedShare => share(200 + numbers.below(600)),
            Metric::VisitDuration | Metric::MedianTimeOnPage | Metric::TimeOnPage => {
                median(f64::from(i32::try_from(numbers.below(400)).unwrap()))
            }
            _ => count(current * 3 / 2),
        };
        #[expect(clippy::cast_precision_loss, reason = "small numbers")]
        let bar = current as f64 / highest as f64;
        ListRow {
            value: (**value).into(),
            values: metrics.iter().map(of).collect(),
            bar,
        }
    };
    List {
        kind,
        metrics: metrics.to_vec(),
        rows: values.iter().map(&mut row).collect(),
        total_rows,
        has_other: false,
    }
}

fn card(lists: &[ListKind], list: List) -> Card {
    Card {
        kind: list.kind.card(),
        lists: lists.to_vec(),
        list,
    }
}

fn cards() -> Vec<Card> {
    let slugs = PAGES.map(|(slug, ..)| slug);
    let visitors = [Metric::Visitors];
    vec![
        card(
            &[
                ListKind::Pages,
                ListKind::EntryPages,
                ListKind::ExitPages,
                ListKind::OldPages,
            ],
            list(
                ListKind::Pages,
                &slugs[..9],
                &[Metric::Visitors, Metric::FinishedShare],
                214,
                21_034,
            ),
        ),
        card(
            &[
                ListKind::Sources,
                ListKind::Channels,
                ListKind::Campaigns,
                ListKind::Mediums,
                ListKind::Terms,
                ListKind::Contents,
            ],
            list(ListKind::Sources, &SOURCES, &visitors, 131, 18_230),
        ),
        card(
            &[ListKind::Devices, ListKind::Browsers, ListKind::Systems],
            list(
                ListKind::Devices,
                &["phone", "laptop", "desktop", "tablet"],
                &visitors,
                4,
                27_000,
            ),
        ),
        card(
            &[ListKind::Countries, ListKind::Languages],
            list(
                ListKind::Countries,
                &["DE", "US", "GB", "FR", "IN", "BR", "NL", "PL", ""],
                &visitors,
                97,
                14_120,
            ),
        ),
        card(
            &[ListKind::Events],
            list(
                ListKind::Events,
                &["outbound: github.com/eventhorizon", "download", "newsletter", "(other)"],
                &[Metric::Events],
                4,
                2_310,
            ),
        ),
    ]
}

pub(super) fn titles() -> PageTitles {
    let describe = |(slug, title, published): (&str, &'static str, &str)| {
        (
            Slug::new(slug).unwrap(),
            PageDescription::new(title).published(published.parse().ok()),
        )
    };
    PageTitles(PAGES.map(describe).into())
}

pub(super) fn now() -> NowSnapshot {
    let page = |(slug, viewers)| ActivePage {
        slug: Slug::new(slug).unwrap(),
        viewers,
    };
    let source = |(source, viewers): (&str, u64)| ActiveSource {
        source: source.into(),
        viewers,
    };
    let mut numbers = Numbers(5);
    let minutes = (0..30).map(|minute| (minute > 1).then(|| u64::try_from(numbers.below(9)).unwrap() + 8 + minute / 3));
    NowSnapshot {
        viewers: Some(17),
        pages: [
            ("posts/exact-counts", 9),
            ("/", 3),
            ("posts/sqlite-wal", 2),
            ("posts/rtl", 2),
            ("posts/bread", 1),
            ("about", 1),
        ]
        .map(page)
        .to_vec(),
        sources: [("Hacker News", 11), ("", 4), ("Google", 1), ("lobste.rs", 1)]
            .map(source)
            .to_vec(),
        minutes: minutes.collect(),
        nodes: 1,
        silent_nodes: 0,
    }
}

pub(super) fn overview() -> Dashboard {
    with_period(PeriodChoice::Days30, ChartStep::Day, 1_200)
}

pub(super) fn with_period(choice: PeriodChoice, step: ChartStep, scale: u64) -> Dashboard {
    let period = choice.resolve(day(TODAY), day(FIRST));
    Dashboard {
        links: vec![crate::DashboardLink::new("Comments", "/admin")],
        site: "Event Horizon".to_owned(),
        state: DashboardState { period: choice, ..DashboardState::default() },
        period,
        is_public: false,
        now: Some(now()),
        page: None,
        figures: figures(),
        chart: Some(chart(period.range, step, scale)),
        cards: cards(),
        notes: vec![
            "Nobody is recognised across days: visitors of several days are the sum of the days.".to_owned(),
            "4.2 % of the visits are of readers who asked not to be recognised. They count as pageviews and visits, not as visitors.".to_owned(),
            "Days are those of Europe/Berlin.".to_owned(),
        ],
        descriptions: titles(),
    }
}

pub(super) fn one_page() -> Dashboard {
    let mut dashboard = overview();
    let slug = "posts/exact-counts";
    dashboard.state = dashboard
        .state
        .with_filter(Filter::new(Dimension::Page, FilterOperator::Is, [slug]));
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
    dashboard.cards = vec![card(
        &[
            ListKind::Pages,
            ListKind::EntryPages,
            ListKind::ExitPages,
            ListKind::OldPages,
        ],
        list(ListKind::Pages, &slugs, &metrics, 214, 21_034),
    )];
    dashboard
}

fn public() -> Dashboard {
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

fn empty() -> Dashboard {
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
    let long = "An extraordinarily long title that somebody wrote without ever thinking of the people who have to show it in a list, Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft";
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
        ("large", large()),
    ]
}
