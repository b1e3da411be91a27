//! Every number of the dashboard is that of a report.

use std::time::Duration;

use horizon_core::reports::Metric;

use super::site::{DashboardSite, events, noon};
use crate::dashboard::model::ChartStep;

const PERIODS: [&str; 10] = [
    "",
    "period=today",
    "period=yesterday",
    "period=7d",
    "period=90d",
    "period=month",
    "period=12m",
    "period=all",
    "from=2026-02-01&to=2026-02-28&metric=pageviews",
    "from=2026-01-15&to=2026-09-20&metric=visits&compare=off",
];

/// The values that random events have.
const FILTERS: [&str; 19] = [
    "page=hello",
    "page=hello&page=docs/intro",
    "page~=o",
    "page=hello&source=google",
    "entry_page=hello",
    "exit_page=/",
    "source=google",
    "channel=42",
    "medium=google",
    "campaign=news.example",
    "term=42",
    "content=42",
    "browser=42",
    "system=google",
    "device=42",
    "country=google",
    "language=42",
    "event=download",
    "source!=google&country~=e&page!~=docs",
];

#[tokio::test]
async fn every_period_shows_the_numbers_of_reports_in_every_store() {
    let now = noon("2026-11-29");
    let events = events(noon("2025-09-20"), now, 4);
    for site in [
        DashboardSite::in_memory("Europe/Berlin", now, &events).await,
        DashboardSite::in_sqlite("Europe/Berlin", now, &events).await,
        DashboardSite::in_redis("Europe/Berlin", now, &events).await,
    ] {
        for period in PERIODS {
            let page = site.check(period).await;
            assert!(
                !page.figures.is_empty() && page.chart.is_some() && page.cards.len() >= 4,
                "{period}"
            );
            site.check(&format!("{period}&page=hello")).await;
        }
        site.horizon.close().await.unwrap();
    }
}

#[tokio::test]
async fn every_filter_shows_the_numbers_of_reports() {
    let now = noon("2026-11-29");
    let events = events(noon("2026-10-01"), now, 1);
    for site in [
        DashboardSite::in_memory("UTC", now, &events).await,
        DashboardSite::in_redis("UTC", now, &events).await,
    ] {
        for filter in FILTERS {
            let page = site.check(filter).await;
            let is_of_pages = filter.starts_with("event") || (filter.starts_with("page") && !filter.contains("source"));
            let answers = site.name == "memory" || is_of_pages;
            assert_eq!(page.chart.is_some(), answers, "{} {filter}", site.name);
            for list in ["pages", "entry-pages", "sources", "browsers", "events"] {
                site.check(&format!("{filter}&list={list}&offset=2")).await;
            }
            for tabs in [
                "pages=exit-pages&sources=channels&devices=browsers&places=languages",
                "pages=old-pages",
            ] {
                site.check(&format!("{filter}&{tabs}")).await;
            }
        }
        site.horizon.close().await.unwrap();
    }
}

#[tokio::test]
async fn a_chart_shows_every_metric_that_its_filters_have() {
    let now = noon("2026-11-29");
    let site = DashboardSite::in_memory("UTC", now, &events(noon("2026-11-01"), now, 1)).await;
    for (filter, default, metrics) in [
        ("", Metric::Visitors, 15),
        ("page=hello", Metric::Visitors, 15),
        // Without the median, likes, comments and events.
        ("source=google", Metric::Visitors, 11),
        ("event=download", Metric::Events, 1),
    ] {
        let mut shown = 0;
        for metric in Metric::ALL {
            let page = site.check(&format!("period=7d&metric={metric}&{filter}")).await;
            let chart = page.chart.unwrap();
            assert!(chart.metric == metric || chart.metric == default, "{metric} {filter}");
            shown += usize::from(chart.metric == metric);
        }
        assert_eq!(shown, metrics, "{filter}");
    }
    site.horizon.close().await.unwrap();
}

#[tokio::test]
async fn days_on_which_clocks_change_have_their_hours() {
    // 25 hours, 23 hours, and the days after them.
    for (day, url, hours, before) in [
        ("2026-10-25", "period=today", 25, 24),
        ("2026-10-26", "period=today", 24, 24),
        ("2026-10-26", "period=yesterday", 25, 24),
        ("2026-03-29", "period=today", 23, 23),
        ("2026-03-30", "period=today", 24, 23),
        ("2026-03-30", "from=2026-03-29&to=2026-03-29", 23, 23),
    ] {
        let now = noon(day);
        let start = now.minus(Duration::from_secs(5 * 24 * 3_600));
        let site = DashboardSite::in_memory("Europe/Berlin", now, &events(start, now, 0)).await;
        let page = site.check(url).await;
        let chart = page.chart.unwrap();
        assert_eq!(
            (chart.step, chart.points.len()),
            (ChartStep::Hour, hours),
            "{day} {url}"
        );
        let previous = chart.points.iter().filter(|point| point.previous.is_some()).count();
        assert_eq!(previous, before, "{day} {url}");
        let current: Vec<_> = chart.points.iter().filter(|point| point.is_current).collect();
        let is_today = url == "period=today";
        assert_eq!(current.len(), usize::from(is_today), "{day} {url}");
        let future = chart.points.iter().filter(|point| point.value.is_none()).count();
        if is_today {
            // 12:00 UTC is 13:00 in winter and 14:00 in summer.
            let clock = if day.starts_with("2026-10") { "13:00" } else { "14:00" };
            assert_eq!(
                (current[0].label.as_str(), future),
                (clock, 23 - usize::from(clock == "14:00") - 13),
                "{day}"
            );
        } else {
            assert_eq!(future, 0, "{day} {url}");
        }
        site.horizon.close().await.unwrap();
    }
}

#[tokio::test]
async fn long_periods_have_weeks_and_months() {
    let now = noon("2026-11-29");
    let site = DashboardSite::in_memory("UTC", now, &events(noon("2026-11-20"), now, 2)).await;
    for (url, step, points, first, last) in [
        ("period=7d", ChartStep::Day, 7, "2026-11-23", "2026-11-29"),
        ("period=90d", ChartStep::Day, 90, "2026-09-01", "2026-11-29"),
        ("period=12m", ChartStep::Month, 12, "2025-12", "2026-11"),
        (
            "from=2026-01-01&to=2026-04-15",
            ChartStep::Week,
            16,
            "2025-12-29",
            "2026-04-13",
        ),
        (
            "from=2024-01-01&to=2026-11-28",
            ChartStep::Month,
            35,
            "2024-01",
            "2026-11",
        ),
        (
            "from=2026-07-01&to=2026-12-31",
            ChartStep::Month,
            6,
            "2026-07",
            "2026-12",
        ),
    ] {
        let chart = site.check(url).await.chart.unwrap();
        let labels = (chart.points[0].label.as_str(), chart.points[points - 1].label.as_str());
        assert_eq!(
            (chart.step, chart.points.len(), labels),
            (step, points, (first, last)),
            "{url}"
        );
    }
    // What has not come is no zero.
    let chart = site.load("from=2026-11-28&to=2026-12-02").await.chart.unwrap();
    let known: Vec<bool> = chart.points.iter().map(|point| point.value.is_some()).collect();
    assert_eq!(known, [true, true, false, false, false]);
    let current: Vec<bool> = chart.points.iter().map(|point| point.is_current).collect();
    assert_eq!(current, [false, true, false, false, false]);
    site.horizon.close().await.unwrap();
}
