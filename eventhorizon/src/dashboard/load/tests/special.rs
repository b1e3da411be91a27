use horizon_core::{
    Error, Slug, Topic,
    reports::{Metric, Value},
};

use horizon_memory::testing::{Call, Clock, Fake};

use super::site::{DashboardSite, events, noon, range};
use crate::{
    Horizon, ReportAccess,
    dashboard::{
        load::{DashboardLoader, load, notes::NoteSubjects},
        model::{CardKind, Dashboard, ListKind, Shown},
        state::{DashboardState, PeriodChoice},
    },
};

fn has_note(page: &Dashboard, text: &str) -> bool {
    page.notes.iter().any(|note| note.contains(text))
}

fn metrics(page: &Dashboard) -> Vec<Metric> {
    page.figures.iter().map(|figure| figure.metric).collect()
}

fn lists(page: &Dashboard, kind: CardKind) -> Vec<ListKind> {
    page.cards
        .iter()
        .filter(|card| card.kind == kind)
        .flat_map(|card| card.lists.clone())
        .collect()
}

#[tokio::test]
async fn an_empty_site_has_zeros_and_empty_lists() {
    let now = noon("2026-11-29");
    for site in [
        DashboardSite::in_memory("UTC", now, &[]).await,
        DashboardSite::in_sqlite("UTC", now, &[]).await,
        DashboardSite::in_redis("UTC", now, &[]).await,
    ] {
        for url in [
            "",
            "period=today",
            "period=all",
            "period=12m",
            "page=hello",
            "list=sources",
            "event=x",
        ] {
            let page = site.check(url).await;
            assert!(page.cards.iter().all(|card| card.list.rows.is_empty()), "{url}");
        }
        let page = site.load("period=all").await;
        assert_eq!(page.period.range, range("2026-11-29", "2026-11-29"));
        assert_eq!(page.figures[0].value, Shown::Value(Value::Count(0)));
        site.horizon.close().await.unwrap();
    }
}

#[tokio::test]
async fn all_starts_with_the_first_day_with_numbers_and_shows_the_totals_of_pages() {
    let now = noon("2026-11-29");
    let events = events(noon("2026-09-17"), now, 1);
    for site in [
        DashboardSite::in_memory("UTC", now, &events).await,
        DashboardSite::in_redis("UTC", now, &events).await,
    ] {
        let page = site.check("period=all").await;
        assert_eq!(page.period.range, range("2026-09-17", "2026-11-29"));
        assert!(page.period.previous.is_none() && page.figures.iter().all(|figure| figure.previous.is_none()));
        let slug = Slug::new("hello").unwrap();
        let stats = &site.horizon.stats(&[Topic::Page(slug)]).await.unwrap()[0];
        let page = site.load("period=all&page=hello").await;
        for (metric, total) in [
            (Metric::PageVisits, stats.visits),
            (Metric::Likes, stats.likes),
            (Metric::Comments, stats.comments),
        ] {
            let figure = page.figures.iter().find(|figure| figure.metric == metric).unwrap();
            assert_eq!(
                figure.value,
                Shown::Value(Value::Count(total.try_into().unwrap())),
                "{metric}"
            );
            assert!(total > 0, "{metric}");
        }
        assert!(!has_note(&page, "before the store kept reports"));
        site.horizon.close().await.unwrap();
    }
}

#[tokio::test]
async fn undated_totals_are_a_note_of_all() {
    let now = noon("2026-11-29");
    let site = DashboardSite::in_memory("UTC", now, &events(noon("2026-11-20"), now, 1)).await;
    let (state, _) = DashboardState::parse("period=all");
    let page = site.load("period=all").await;
    let visits = page
        .figures
        .iter()
        .find(|figure| figure.metric == Metric::Visits)
        .unwrap();
    let Shown::Value(Value::Count(visits)) = visits.value else {
        panic!()
    };
    let loader = DashboardLoader::new(&site.horizon, &state).await.unwrap();
    assert_eq!(loader.total_visits().await.unwrap(), Some(visits.try_into().unwrap()));
    let status = loader.store.reports().status().await.unwrap();
    for (undated, is_noted) in [(0, false), (1_234, true)] {
        let notes = loader.notes(&NoteSubjects {
            status: &status,
            figures: &page.figures,
            anonymous_share: None,
            cards: &page.cards,
            missing: &Default::default(),
            total_visits: Some((visits + undated).try_into().unwrap()),
        });
        let noted = notes
            .iter()
            .any(|note| note.starts_with("1,234 visits were counted before"));
        assert_eq!(noted, is_noted, "{notes:?}");
    }
}

#[tokio::test]
async fn erased_sessions_are_a_note_and_not_an_error() {
    let now = noon("2026-11-29");
    let events = events(noon("2026-07-01"), now, 1);
    for mut site in [
        DashboardSite::in_memory("UTC", now, &events).await,
        DashboardSite::in_sqlite("UTC", now, &events).await,
    ] {
        let page = site.load("source=google&from=2026-09-20&to=2026-11-20").await;
        assert!(!page.figures.is_empty());
        site.erase_sessions("2026-10-01").await;
        // Buckets are kept.
        let page = site.check("period=90d").await;
        assert!(!has_note(&page, "erased"));
        // A page has everything but the sessions.
        let page = site.check("period=90d&page=hello").await;
        assert!(has_note(&page, "erased before 2026-10-01"));
        assert!(metrics(&page).contains(&Metric::Visitors) && !metrics(&page).contains(&Metric::BounceRate));
        // Filters have nothing, but the page is there.
        let page = site.check("period=90d&source=google").await;
        assert!(has_note(&page, "erased before 2026-10-01") && page.figures.is_empty() && page.chart.is_none());
        assert_eq!(page.cards.len(), 4);
        assert!(page.cards.iter().all(|card| card.list.is_missing));
        // Only the previous period is erased.
        let page = site.check("from=2026-10-10&to=2026-11-20&source=google").await;
        assert!(has_note(&page, "erased before 2026-10-01"));
        assert!(page.figures.iter().all(|figure| figure.previous.is_none()) && !page.figures.is_empty());
        let page = site
            .check("from=2026-10-10&to=2026-11-20&source=google&compare=off")
            .await;
        assert!(!has_note(&page, "erased"));
        let page = site.check("period=90d&source=google&list=browsers").await;
        assert!(has_note(&page, "erased before 2026-10-01"));
        site.horizon.close().await.unwrap();
    }
}

#[tokio::test]
async fn a_store_without_sessions_shows_what_it_has_and_names_the_rest() {
    let now = noon("2026-11-29");
    let site = DashboardSite::in_redis("UTC", now, &events(noon("2026-11-01"), now, 1)).await;
    let page = site.check("").await;
    assert!(has_note(
        &page,
        "does not have these numbers: bounce rate, visit duration, median time on page."
    ));
    assert!(!metrics(&page).contains(&Metric::BounceRate) && metrics(&page).contains(&Metric::Visitors));
    assert_eq!(
        lists(&page, CardKind::Pages),
        [ListKind::Pages, ListKind::EntryPages, ListKind::OldPages]
    );
    // It can filter by one page or event only.
    for card in &page.cards {
        let can_filter = matches!(card.kind, CardKind::Pages | CardKind::Events);
        assert_eq!(
            (card.list.can_filter, card.list.is_missing),
            (can_filter, false),
            "{:?}",
            card.kind
        );
    }
    let page = site.check("metric=bounce_rate").await;
    assert_eq!(page.chart.unwrap().metric, Metric::Visitors);
    let page = site.check("page=hello").await;
    assert!(metrics(&page).starts_with(&[Metric::Visitors, Metric::Pageviews, Metric::PageVisits]));
    assert!(has_note(&page, "cannot filter by `page`") && lists(&page, CardKind::Sources).is_empty());
    let page = site.check("source=google").await;
    assert!(page.figures.is_empty() && page.chart.is_none() && page.cards.is_empty());
    assert!(has_note(&page, "cannot filter by `source`"));
    site.check("list=exit-pages").await;
    site.horizon.close().await.unwrap();
}

#[tokio::test]
async fn a_page_has_its_heading_and_the_site_beside_it() {
    let now = noon("2026-11-29");
    let site = DashboardSite::in_memory("UTC", now, &events(noon("2026-11-01"), now, 1)).await;
    let page = site.check("page=hello").await;
    let heading = page.page.unwrap();
    assert_eq!((heading.slug.as_str(), heading.viewers), ("hello", Some(0)));
    let beside = page
        .figures
        .iter()
        .filter(|figure| figure.of_site.is_some())
        .map(|figure| figure.metric);
    let beside: Vec<Metric> = beside.collect();
    assert_eq!(
        beside,
        [Metric::MedianTimeOnPage, Metric::FinishedShare, Metric::BounceRate]
    );
    assert_eq!(
        lists_of(&page.cards),
        [
            ListKind::EntryPages,
            ListKind::Sources,
            ListKind::Devices,
            ListKind::Countries,
            ListKind::Events
        ]
    );
    assert!(site.load("page=hello&source=google").await.page.is_none());
    assert!(site.load("page!=hello").await.page.is_none());
    // A page that was never read.
    let page = site.check("page=new").await;
    assert_eq!(page.figures[0].value, Shown::Value(Value::Count(0)));
    site.horizon.close().await.unwrap();
}

fn lists_of(cards: &[crate::dashboard::model::Card]) -> Vec<ListKind> {
    cards.iter().map(|card| card.list.kind).collect()
}

#[tokio::test]
async fn pages_have_titles_and_old_ones_a_list() {
    let now = noon("2026-11-29");
    let site = DashboardSite::in_memory("UTC", now, &events(noon("2026-11-01"), now, 1)).await;
    let page = site.check("").await;
    let title = |page: &Dashboard, slug: &str| {
        page.descriptions
            .0
            .get(&Slug::new(slug).unwrap())
            .map(|page| page.title.to_string())
    };
    assert_eq!(title(&page, "hello").unwrap(), "The title of hello");
    assert_eq!(title(&page, "/"), None);
    assert_eq!(
        lists(&page, CardKind::Pages),
        [
            ListKind::Pages,
            ListKind::EntryPages,
            ListKind::ExitPages,
            ListKind::OldPages
        ]
    );
    for url in ["pages=old-pages", "list=old-pages"] {
        let page = site.check(url).await;
        let list = &page.cards[0].list;
        assert_eq!(
            (list.kind, list.rows.len(), list.rows[0].value.as_ref()),
            (ListKind::OldPages, 1, "hello")
        );
    }
    // `docs/intro` was published 90 days before this day, and `hello` years before.
    let page = site.load("pages=old-pages&from=2026-11-03&to=2026-11-29").await;
    assert_eq!(page.cards[0].list.rows.len(), 2);
    let page = site.load("page=docs/intro&exit_page=hello&list=sources").await;
    assert!(title(&page, "docs/intro").is_some() && title(&page, "hello").is_some());

    // An application that does not say when pages were published has no old ones.
    let horizon = Horizon::from_store(horizon_memory::MemoryStore::new()).clock(move || now);
    let horizon = horizon.start(|_: &Slug| true).await.unwrap();
    horizon
        .ports()
        .stats
        .apply(&events(noon("2026-11-20"), now, 1))
        .await
        .unwrap();
    let (state, notes) = DashboardState::parse("pages=old-pages");
    let page = load(&horizon, state, notes, &ReportAccess::Full).await.unwrap();
    assert_eq!(page.cards[0].list.kind, ListKind::Pages);
    assert_eq!(
        lists(&page, CardKind::Pages),
        [ListKind::Pages, ListKind::EntryPages, ListKind::ExitPages]
    );
    site.horizon.close().await.unwrap();
}

#[tokio::test]
async fn public_access_has_no_filters_lists_and_ranges() {
    let now = noon("2026-11-29");
    let site = DashboardSite::in_memory("UTC", now, &events(noon("2026-11-01"), now, 1)).await;
    let url = "from=2026-11-01&to=2026-11-02&list=pages&offset=3&page=hello&sources=channels&metric=visits";
    let page = site.load_public(url).await;
    assert!(page.is_public && page.page.is_none() && page.state.filters.is_empty() && page.state.list.is_none());
    assert_eq!(page.state.period, PeriodChoice::Days30);
    assert_eq!(page.chart.unwrap().metric, Metric::Visitors);
    assert_eq!(page.cards[1].list.kind, ListKind::Channels);
    assert!(page.notes[0].contains("public"));
    let page = site.load_public("period=7d").await;
    assert!(!has_note(&page, "public"));
    site.horizon.close().await.unwrap();
}

#[tokio::test]
async fn notes_say_what_the_numbers_mean() {
    let now = noon("2026-11-29");
    let site = DashboardSite::in_memory("Europe/Berlin", now, &events(noon("2026-11-01"), now, 1)).await;
    let page = site.load("period=nonsense").await;
    assert_eq!(page.notes[0], "There is no period “nonsense”.");
    for text in [
        "Visitors are the sum",
        "% of the visits are of readers without a key",
        "Europe/Berlin",
        "Today is not over",
    ] {
        assert!(has_note(&page, text), "{text}");
    }
    let page = site.load("period=yesterday").await;
    assert!(!has_note(&page, "Visitors are the sum") && !has_note(&page, "Today is not over"));
    let list = site.load("list=pages").await;
    assert!(!has_note(&list, "Today is not over"), "a list has no comparison");
    assert!(!has_note(&page, "(other)") && !has_note(&page, "after their day was closed"));
    site.horizon.close().await.unwrap();
}

#[tokio::test]
async fn the_overview_takes_nine_queries_and_a_page_twelve() {
    let now = noon("2026-11-29");
    let fake = Fake::new(Clock::at(now));
    let builder = Horizon::from_ports(fake.ports()).clock(move || now);
    let horizon = builder.start(|_: &Slug| true).await.unwrap();
    for (url, queries) in [
        ("", 9),
        ("compare=off", 7),
        ("period=all", 8),
        ("page=hello", 12),
        ("source=google", 8),
        ("list=pages", 1),
    ] {
        let before = fake.attempts(Call::Query);
        let (state, notes) = DashboardState::parse(url);
        load(&horizon, state, notes, &ReportAccess::Full).await.unwrap();
        assert_eq!(fake.attempts(Call::Query) - before, queries, "{url}");
    }
    horizon.close().await.unwrap();
}

#[tokio::test]
async fn a_store_that_fails_is_an_error() {
    let now = noon("2026-11-29");
    let fake = Fake::new(Clock::at(now));
    let builder = Horizon::from_ports(fake.ports()).clock(move || now);
    let horizon = builder.start(|_: &Slug| true).await.unwrap();
    fake.fail_next(Call::Query, Error::unavailable("busy"));
    let (state, notes) = DashboardState::parse("");
    let failed = load(&horizon, state, notes, &ReportAccess::Full).await;
    assert!(failed.err().unwrap().is_retryable());
    horizon.close().await.unwrap();
}
