mod document;
mod fixture;
mod fixture_cases;

use std::io::Write;

use document::ParsedHtml;
use horizon_core::{
    Slug,
    reports::{DayRange, Dimension, Filter, FilterOperator, Metric},
};

use super::{SCRIPT, STYLE, now_section, page};
use crate::{
    NowSnapshot, PageDescription,
    dashboard::{
        model::{ChartStep, Dashboard, ListKind},
        state::PeriodChoice,
    },
};

/// The HTML, the style sheet and the script of the first visit, compressed: 30 KB.
const MAX_FIRST_LOAD: usize = 30_000;

/// A text with everything that ends an attribute or an element.
const HOSTILE: &str = "\"'><script>alert(1)</script><img src=x onerror=alert(2)>&amp;</title>{{7*7}}";

fn document(dashboard: &Dashboard) -> ParsedHtml {
    ParsedHtml::new(&page(dashboard))
}

fn filter(dimension: Dimension, value: &str) -> Filter {
    Filter::new(dimension, FilterOperator::Is, [value])
}

#[test]
fn every_page_is_well_formed_and_has_no_inline_styles_and_scripts() {
    for (name, dashboard) in fixture_cases::all() {
        let document = document(&dashboard);
        assert_eq!(document.errors, [""; 0], "{name}");
        assert_eq!(document.all("h1").count(), 1, "{name}");
        assert_eq!(document.all("script").count(), 1, "{name}");
        for link in document.links() {
            let is_own = ["?", "/", "reports/"].iter().any(|start| link.starts_with(start));
            assert!(is_own && !link.starts_with("//"), "{name}: {link}");
        }
    }
}

#[test]
fn hostile_texts_stay_texts() {
    let mut dashboard = fixture_cases::one_page();
    let slug = Slug::new("posts/exact-counts").unwrap();
    let description = PageDescription::new(HOSTILE).path("javascript:alert(3)");
    dashboard.site = HOSTILE.to_owned();
    dashboard.notes.push(HOSTILE.to_owned());
    dashboard.descriptions.0.insert(slug, description);
    dashboard.cards[0].list = fixture::list(ListKind::Sources, &[HOSTILE], &[Metric::Visitors], 1, 9);
    dashboard.state = dashboard.state.with_filter(filter(Dimension::Campaign, HOSTILE));
    let document = document(&dashboard);
    assert_eq!(document.errors, [""; 0]);
    assert_eq!((document.all("script").count(), document.all("img").count()), (1, 0));
    // In the titles of the document and the page, as site, note, page, source and filter.
    assert_eq!(document.text.matches(HOSTILE).count(), 7, "{}", document.text);
    assert!(document.links().iter().all(|link| !link.contains("javascript")));
}

#[test]
fn the_first_load_is_small() {
    let size = |text: &str, quality| {
        let mut compressed = Vec::new();
        let mut writer = brotli::CompressorWriter::new(&mut compressed, 4_096, quality, 22);
        writer.write_all(text.as_bytes()).unwrap();
        drop(writer);
        compressed.len()
    };
    let files = size(STYLE, 9) + size(SCRIPT, 9);
    for (name, dashboard) in fixture_cases::all() {
        let size = files + size(&page(&dashboard), 5);
        println!("{name}: {size} bytes, {files} of them in files");
        assert!(size <= MAX_FIRST_LOAD, "{name} has {size} bytes");
    }
}

#[test]
fn the_files_have_no_comments_and_all_their_rules() {
    let rules = include_str!("../assets/dashboard.css");
    for bracket in ['{', '}'] {
        assert_eq!(STYLE.matches(bracket).count(), rules.matches(bracket).count());
    }
    assert!(!STYLE.contains("/*") && !STYLE.contains('\n'));
    assert!(!SCRIPT.contains("//") && SCRIPT.contains("EventSource"));
}

#[test]
fn a_row_sets_its_filter_and_that_of_a_set_filter_removes_it() {
    let mut dashboard = fixture::overview();
    assert!(document(&dashboard).links().contains(&"?source=Hacker%20News"));
    dashboard.state = dashboard.state.with_filter(filter(Dimension::Source, "Hacker News"));
    let document = document(&dashboard);
    let rows = document.all("a").filter(|link| link.get("dir").is_some());
    let current: Vec<_> = rows.filter(|link| link.get("aria-current").is_some()).collect();
    assert_eq!(current.len(), 1);
    assert_eq!(current[0].get("href"), Some("?"));
    let remove = document
        .all("a")
        .find(|link| link.get("aria-label") == Some("Remove this filter"));
    assert_eq!(remove.unwrap().get("href"), Some("?"));
}

#[test]
fn a_row_is_no_link_if_the_store_cannot_filter_by_it() {
    let mut dashboard = fixture::overview();
    dashboard.cards[1].list.can_filter = false;
    let document = document(&dashboard);
    let rows = |parameter: &str| {
        let links = document.links().into_iter();
        links.filter(|link| link.starts_with(parameter)).count()
    };
    assert!(rows("?source=") == 0 && rows("?page=") == 9, "{:?}", document.links());
    assert!(document.text.contains("Hacker News"));
}

#[test]
fn visits_without_a_campaign_are_last_and_leave_the_bars_to_the_others() {
    for (kind, name) in [
        (ListKind::Campaigns, "No campaign"),
        (ListKind::Mediums, "No medium"),
        (ListKind::Terms, "No term"),
        (ListKind::Contents, "No content"),
    ] {
        let mut dashboard = fixture::overview();
        let list = fixture::list(kind, &["", "spring", "summer"], &[Metric::Visitors], 3, 6_121);
        let bars: Vec<_> = list.rows.iter().map(|row| row.bar).collect();
        assert!(bars[0] == 0.0 && bars[1] == 1.0 && bars[2] > 0.5, "{bars:?}");
        dashboard.cards = vec![fixture::card(list)];
        let text = document(&dashboard).text;
        let position = |row: &str| text.find(row).unwrap_or_else(|| panic!("no {row} in {text}"));
        assert!(position("summer") < position(name), "{text}");
        dashboard.state = dashboard.state.with_filter(filter(kind.dimension(), ""));
        let text = document(&dashboard).text;
        assert!(text.contains(" is none") && !text.contains("Unknown"), "{text}");
    }
}

/// Links have the names of reports.
#[test]
fn sources_and_browsers_have_their_usual_spelling() {
    let mut dashboard = fixture::overview();
    let list = |kind, value| fixture::card(fixture::list(kind, &[value], &[Metric::Visitors], 1, 9));
    dashboard.cards = vec![
        list(ListKind::Sources, "duckduckgo"),
        list(ListKind::Browsers, "firefox 145"),
        list(ListKind::Systems, "macos"),
    ];
    let document = document(&dashboard);
    for text in ["DuckDuckGo", "Firefox 145", "macOS"] {
        assert!(document.text.contains(text), "no {text} in {}", document.text);
    }
    assert!(
        document.links().contains(&"?source=duckduckgo"),
        "{:?}",
        document.links()
    );
}

#[test]
fn a_list_is_not_said_to_be_compared_and_one_row_has_no_plural() {
    let is_compared = |dashboard: &Dashboard| document(dashboard).text.contains("compared with");
    let mut dashboard = fixture::overview();
    dashboard.cards = vec![fixture::card(fixture::list(
        ListKind::Countries,
        &["DE"],
        &[Metric::Visitors],
        1,
        9,
    ))];
    let text = document(&dashboard).text;
    assert!(
        is_compared(&dashboard) && text.contains("All columns") && !text.contains("All 1"),
        "{text}"
    );
    dashboard.state.list = Some(ListKind::Countries);
    assert!(!is_compared(&dashboard));
}

#[test]
fn missing_numbers_are_not_said_to_be_zero() {
    let mut dashboard = fixture_cases::empty();
    for card in &mut dashboard.cards {
        card.list.is_missing = true;
    }
    let few = fixture::figures().swap_remove(0);
    for (figures, expected) in [
        (vec![few], "Not available for these days and filters."),
        (vec![], "These numbers are not available"),
    ] {
        dashboard.figures = figures;
        let text = document(&dashboard).text;
        assert!(text.contains(expected) && !text.contains("in this period"), "{text}");
    }
}

#[test]
fn a_point_links_to_its_day_and_the_table_has_all_points() {
    let document = document(&fixture::overview());
    let day = "?from=2026-11-24&to=2026-11-24";
    let links: Vec<_> = document.all("a").filter(|link| link.get("href") == Some(day)).collect();
    assert_eq!(links.len(), 2, "in the chart and in the table");
    assert_eq!(
        links[0].get("tabindex"),
        Some("-1"),
        "only one point is in the order of focus"
    );
    assert!(links[1].get("tabindex").is_none());
    assert!(document.text.contains("Tue 24 Nov 2026"));
}

#[test]
fn public_readers_get_no_links_to_what_they_may_not_read() {
    let dashboard = fixture_cases::public();
    let document = document(&dashboard);
    let names = ["period", "compare", "metric", "pages", "sources", "devices", "places"];
    assert!(document.links().iter().all(|link| !link.starts_with("reports/")));
    for link in document.links().iter().filter(|link| link.starts_with('?')) {
        let query = link.trim_start_matches('?').split('#').next().unwrap();
        let mut parameters = query.split('&').map(|parameter| parameter.split('=').next().unwrap());
        assert!(
            parameters.all(|name| name.is_empty() || names.contains(&name)),
            "{link}"
        );
    }
    assert_eq!(document.all("form").count(), 0);
    assert!(document.text.contains("hidden"));
}

#[test]
fn what_happens_now_is_shown_only_where_no_filter_applies() {
    let shows_now = |dashboard: &Dashboard| {
        document(dashboard)
            .all("section")
            .any(|section| section.get("id") == Some("now"))
    };
    let mut dashboard = fixture::overview();
    assert!(shows_now(&dashboard));
    dashboard.state = dashboard.state.with_filter(filter(Dimension::Source, ""));
    assert!(!shows_now(&dashboard));
    let page = document(&fixture_cases::one_page());
    let main = page.all("main").next().unwrap();
    assert_eq!(main.get("data-live"), Some("dashboard/live?page=posts%2Fexact-counts"));
    assert!(page.text.contains("9 reading now"));
}

#[test]
fn nobody_and_unknown_viewers_are_different() {
    let titles = fixture::titles();
    let text = |now: &NowSnapshot| ParsedHtml::new(&now_section(now, &titles, true).into_string()).text;
    let mut now = NowSnapshot::default();
    assert_eq!(text(&now), "Reading now –");
    now.viewers = Some(0);
    assert!(text(&now).contains("Nobody is reading"));
    let mut now = fixture::now();
    assert!(!text(&now).contains("Sum of servers"));
    now.nodes = 2;
    now.silent_nodes = 1;
    let text = text(&now);
    assert!(
        text.contains("Sum of servers") && text.contains("1 of 3 servers sent nothing lately"),
        "{text}"
    );
}

#[test]
fn only_a_site_without_any_visit_says_how_visits_get_there() {
    let mut dashboard = fixture_cases::empty();
    for (has_visits, expected) in [(true, "No visits in this period"), (false, "No visits yet")] {
        dashboard.has_visits = has_visits;
        let document = document(&dashboard);
        assert!(document.text.contains(expected), "{}", document.text);
        assert_eq!(document.text.contains("client.js"), !has_visits);
        assert!(!document.text.contains("Bounce rate"));
        assert_eq!(document.all("td").count(), 0);
    }
}

/// Returns the links to the days before and after the period.
fn steps(dashboard: &Dashboard) -> Vec<String> {
    let document = document(dashboard);
    let steps = document.all("a").filter(|link| link.get("class") == Some("step"));
    steps.map(|link| link.get("href").unwrap().to_owned()).collect()
}

fn range(first: &str, last: &str) -> PeriodChoice {
    PeriodChoice::Range(DayRange::new(first.parse().unwrap(), last.parse().unwrap()))
}

#[test]
fn days_that_happen_to_be_a_month_are_days() {
    for (choice, heading, earlier) in [
        (
            PeriodChoice::Days30,
            "1–30 Nov 2026compared with 2–31 Oct 2026",
            "?from=2026-10-02&to=2026-10-31",
        ),
        (
            PeriodChoice::Days90,
            "2 Sep – 30 Nov 2026compared with 4 Jun – 1 Sep 2026",
            "?from=2026-06-04&to=2026-09-01",
        ),
        (
            PeriodChoice::Month,
            "Nov 2026compared with 1–30 Oct 2026",
            "?from=2026-10-01&to=2026-10-31",
        ),
    ] {
        let dashboard = fixture::with_period_until("2026-11-30", choice, ChartStep::Day, 9);
        let text = document(&dashboard).text;
        assert!(text.contains(heading), "no {heading} in {text}");
        assert_eq!(steps(&dashboard), [earlier], "{heading}");
    }
}

#[test]
fn the_steps_beside_the_period_move_by_months_or_days() {
    let links = |choice| steps(&fixture::with_period(choice, ChartStep::Day, 9));
    assert_eq!(links(PeriodChoice::Days7), ["?from=2026-11-16&to=2026-11-22"]);
    assert_eq!(links(PeriodChoice::Month), ["?from=2026-10-01&to=2026-10-31"]);
    assert_eq!(
        links(range("2026-11-01", "2026-11-29")),
        ["?from=2026-10-01&to=2026-10-31"]
    );
    assert_eq!(links(PeriodChoice::Months12), ["?from=2024-12-01&to=2025-11-30"]);
    assert_eq!(links(PeriodChoice::All), [""; 0]);
    assert_eq!(
        links(range("2026-02-01", "2026-02-28")),
        ["?from=2026-01-01&to=2026-01-31", "?from=2026-03-01&to=2026-03-31"]
    );
    assert_eq!(
        links(range("2026-11-24", "2026-11-24")),
        ["?from=2026-11-23&to=2026-11-23", "?from=2026-11-25&to=2026-11-25"]
    );
}
