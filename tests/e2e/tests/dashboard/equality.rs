//! The blog, the dashboard, the API and the files show the same numbers.

use anyhow::{Context as _, ensure};
use horizon_core::{
    Slug,
    reports::{DayRange, RecentDays},
};
use horizon_test_support::{Action, WebServer, browser_test_with, http};
use serde_json::json;

use crate::{
    ADMIN_TOKEN,
    author::DashboardReader,
    year::{count, options, year},
};

/// Returns the number of a column for the page with this slug in a CSV file.
fn cell(csv: &str, slug: &Slug, column: &str) -> anyhow::Result<String> {
    let mut lines = csv.lines();
    let header = lines.next().context("no header")?;
    let index = header.split(',').position(|name| name == column);
    let index = index.with_context(|| format!("no `{column}` in {header}"))?;
    let row = lines.find(|line| line.split(',').next() == Some(slug.as_str()));
    let row = row.with_context(|| format!("no `{slug}` in {csv}"))?;
    Ok(row.split(',').nth(index).unwrap_or_default().to_owned())
}

#[test]
fn the_number_of_a_page_is_the_same_everywhere() -> anyhow::Result<()> {
    let start = async || WebServer::start(options().await?).await;
    browser_test_with(1, start, async |test| {
        let (year, address) = (year().await?, test.server.address());
        let bearer = format!("Bearer {ADMIN_TOKEN}");
        let authorization = [("authorization", bearer.as_str())];
        let mut author = DashboardReader::signs_in(test.browser("Author").await?).await?;
        let csv = "/horizon/reports/pages.csv?period=all";
        let csv = http::send(address, http::Method::GET, csv, &authorization, "")
            .await?
            .text();
        let sessions = year.all_sessions();
        for post in [&year.posts()[1], &year.posts()[12]] {
            let slug = &post.slug;
            let (visits, likes) = (sessions.pageviews_of(slug), sessions.actions_on(slug, &Action::Like));
            let stats = http::get(address, &format!("/horizon/stats/{slug}")).await?.json()?;
            ensure!(
                stats["visits"] == visits && stats["likes"] == likes,
                "{slug}: {stats}, not {visits}, {likes}"
            );

            let page = author.opens(&format!("?period=all&page={slug}")).await?;
            for (label, number) in [("Page visits", visits), ("Pageviews", visits), ("Likes", likes)] {
                let shown = &page.figure(label)?.value;
                ensure!(*shown == count(number), "{slug}: {label} is {shown}, not {number}");
            }

            let body = json!({
                "site_id": "blog.example",
                "metrics": ["pageviews", "page_visits", "likes"],
                "date_range": "all",
                "filters": [["is", "event:page", [slug]]],
            });
            let headers = [authorization[0], ("content-type", "application/json")];
            let path = "/horizon/api/v2/query";
            let answer = http::send(address, http::Method::POST, path, &headers, body.to_string())
                .await?
                .json()?;
            let metrics = &answer["results"][0]["metrics"];
            ensure!(*metrics == json!([visits, visits, likes]), "{slug}: {answer}");
            ensure!(cell(&csv, slug, "pageviews")? == visits.to_string(), "{slug}: {csv}");
        }
        Ok(())
    })
}

/// The chart of each period adds up to its figure.
#[test]
fn the_points_of_the_chart_are_the_days_of_the_year() -> anyhow::Result<()> {
    let start = async || WebServer::start(options().await?).await;
    browser_test_with(1, start, async |test| {
        let year = year().await?;
        let mut author = DashboardReader::signs_in(test.browser("Author").await?).await?;
        let page = author.opens("?period=7d").await?;
        let days = DayRange::ending(year.today(), 7);
        let numbers = (days.first.number()..=days.last.number()).map(horizon_core::Day::from_number);
        let truth: Vec<_> = numbers
            .map(|day| count(year.sessions(DayRange::new(day, day)).visitors()))
            .collect();
        let shown: Vec<_> = page.chart.iter().map(|row| row[1].clone()).collect();
        ensure!(shown == truth, "{shown:?}, not {truth:?}");

        let page = author.opens("?period=12m").await?;
        let months = RecentDays::Months(12).ending(year.today());
        let visitors = count(year.sessions(months).visitors());
        ensure!(
            page.figure("Visitors")?.value == visitors,
            "{:?}, not {visitors}",
            page.figures
        );
        let sum: u64 = page
            .chart
            .iter()
            .filter_map(|row| row[1].replace(',', "").parse::<u64>().ok())
            .sum();
        ensure!(count(sum) == visitors, "the points add up to {sum}, not {visitors}");

        // The sessions of the first months are erased, so they cannot be filtered.
        let page = author.opens("?period=12m&source=google").await?;
        let says_why = |note: &String| note.contains("erased") || note.contains("since") || note.contains("days");
        ensure!(page.notes.iter().any(says_why), "no note in {page:#?}");
        Ok(())
    })
}
