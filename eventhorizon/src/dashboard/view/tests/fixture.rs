//! Dashboards with the numbers of a year of a blog.

use horizon_core::{
    Day, Slug,
    reports::{DayRange, Dimension, Metric, Value},
};

use crate::{
    ActivePage, ActiveSource, NowSnapshot, PageDescription,
    dashboard::{
        model::{
            Card, Chart, ChartPoint, ChartStep, Dashboard, DashboardLink, Figure, List, ListKind, ListRow, PageTitles,
            Shown, set_bars,
        },
        state::{DashboardState, PeriodChoice},
    },
};

const TODAY: &str = "2026-11-29";

const FIRST: &str = "2025-12-03";

/// The pages, their titles and days of publication.
pub(super) const PAGES: [(&str, &str, &str); 14] = [
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
struct RandomNumbers(u64);

impl RandomNumbers {
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

pub(super) fn share(permille: i64) -> Shown {
    Shown::Value(Value::Ratio {
        numerator: permille,
        denominator: 1_000,
    })
}

pub(super) fn median(seconds: f64) -> Shown {
    Shown::Value(Value::Median(Some(seconds)))
}

pub(super) fn figure(metric: Metric, value: Shown, previous: Shown) -> Figure {
    Figure {
        metric,
        value,
        previous: Some(previous),
        of_site: None,
    }
}

pub(super) fn figures() -> Vec<Figure> {
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
    let mut numbers = RandomNumbers(7);
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
    let mut numbers = RandomNumbers(3);
    let mut visitors = i64::try_from(scale).unwrap();
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
        ListRow {
            value: (**value).into(),
            values: metrics.iter().map(of).collect(),
            bar: 0.0,
        }
    };
    let mut rows: Vec<_> = values.iter().map(&mut row).collect();
    set_bars(kind, &mut rows);
    List {
        kind,
        metrics: metrics.to_vec(),
        rows,
        total_rows,
        has_other: false,
        can_filter: true,
        is_missing: false,
    }
}

/// Returns the card of a list, with all lists that it can show.
pub(super) fn card(list: List) -> Card {
    let kind = list.kind.card();
    let lists = ListKind::ALL.into_iter().filter(|list| list.card() == kind);
    Card {
        kind,
        lists: lists.collect(),
        list,
    }
}

fn cards() -> Vec<Card> {
    let slugs = PAGES.map(|(slug, ..)| slug);
    let visitors = [Metric::Visitors];
    let countries = ["DE", "US", "GB", "FR", "IN", "BR", "NL", "PL", ""];
    let devices = ["phone", "laptop", "desktop", "tablet"];
    let events = ["outbound: github.com/eventhorizon", "download", "newsletter", "(other)"];
    let of_pages = [Metric::Visitors, Metric::FinishedShare];
    let lists = [
        list(ListKind::Pages, &slugs[..9], &of_pages, 214, 21_034),
        list(ListKind::Sources, &SOURCES, &visitors, 131, 18_230),
        list(ListKind::Devices, &devices, &visitors, 4, 27_000),
        list(ListKind::Countries, &countries, &visitors, 97, 14_120),
        list(ListKind::Events, &events, &[Metric::Events], 4, 2_310),
    ];
    lists.map(card).into()
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
    let mut numbers = RandomNumbers(5);
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
    with_period_until(TODAY, choice, step, scale)
}

pub(super) fn with_period_until(today: &str, choice: PeriodChoice, step: ChartStep, scale: u64) -> Dashboard {
    let period = choice.resolve(day(today), day(FIRST));
    Dashboard {
        links: vec![
            DashboardLink::new("Blog", "/"),
            DashboardLink::new("Moderation", "/admin"),
        ],
        site: "Event Horizon".to_owned(),
        state: DashboardState {
            period: choice,
            ..DashboardState::default()
        },
        period,
        is_public: false,
        has_visits: true,
        now: Some(now()),
        page: None,
        figures: figures(),
        chart: Some(chart(period.range, step, scale)),
        cards: cards(),
        notes: vec![
            "Nobody is recognised across days: visitors of several days are the sum of the days.".to_owned(),
            "4.2 % of the visits are of readers who asked not to be recognised. They count as \
             pageviews and visits, not as visitors."
                .to_owned(),
            "Days are those of Europe/Berlin.".to_owned(),
        ],
        descriptions: titles(),
    }
}
