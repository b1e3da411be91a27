use std::sync::Arc;

use async_trait::async_trait;
use clap::Parser;
use horizon_core::reports::{
    Capabilities, Dimension, Discrepancy, Metric, OTHER_VALUE, Query, Refusal, ReportError, ReportStatus, Row,
    SiteTimeZone, Table, Value,
};
use horizon_core::{Day, Result};

use super::*;

/// Reports of two pages on each day, in a store without medians.
struct TwoPages;

#[async_trait]
impl Reports for TwoPages {
    async fn set_time_zone(&self, _: &SiteTimeZone) -> Result<()> {
        Ok(())
    }

    async fn query(&self, query: &Query) -> Result<Table, ReportError> {
        if query.metrics.contains(&Metric::MedianTimeOnPage) {
            return Err(Refusal::Metric(Metric::MedianTimeOnPage).into());
        }
        let mut table = Table::default();
        table.metrics.clone_from(&query.metrics);
        table.dimensions.clone_from(&query.dimensions);
        let days = (query.range.first.number()..=query.range.last.number()).map(Day::from_number);
        let rows: Vec<(Vec<Arc<str>>, i64)> = match query.dimensions.as_slice() {
            [] => vec![(Vec::new(), 1_234_567)],
            [Dimension::Day] => days
                .zip(1..)
                .map(|(day, n)| (vec![day.to_string().into()], n))
                .collect(),
            [Dimension::Hour] => vec![(vec!["2026-11-29T20:00:00Z".into()], 1)],
            [Dimension::Day, _] => days
                .zip(1..)
                .flat_map(|(day, n)| {
                    let day: Arc<str> = day.to_string().into();
                    [
                        (vec![Arc::clone(&day), "guides/a-long-name-of-a-page".into()], n),
                        (vec![day, "hello".into()], 1),
                    ]
                })
                .collect(),
            _ => vec![
                (vec!["guides/a-long-name-of-a-page".into()], 1_234),
                (vec!["hello".into()], 7),
                (vec![OTHER_VALUE.into()], 0),
            ],
        };
        table.total_rows = rows.len() + if query.dimensions == [Dimension::Page] { 10 } else { 0 };
        table.has_other = query.dimensions == [Dimension::Page];
        table.sums_daily_visitors = true;
        let value = |metric: &Metric, n: i64| match metric {
            Metric::BounceRate | Metric::FinishedShare => Value::Ratio {
                numerator: n,
                denominator: n * 3,
            },
            _ => Value::Count(n),
        };
        let row = |(dimensions, n)| {
            Row::new(
                dimensions,
                query.metrics.iter().map(|metric| value(metric, n)).collect(),
            )
        };
        table.rows = rows.into_iter().map(row).collect();
        Ok(table)
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::ALL
    }

    async fn status(&self) -> Result<ReportStatus> {
        Ok(ReportStatus::new(SiteTimeZone::new("Europe/Berlin").unwrap()))
    }

    async fn verify(&self) -> Result<Vec<Discrepancy>> {
        Ok(Vec::new())
    }

    async fn expire_sessions(&self, _: Day, _: bool) -> Result<u64> {
        Ok(0)
    }
}

#[derive(Parser)]
struct Program {
    #[command(flatten)]
    report: ReportArguments,
}

const WEEK: [&str; 4] = ["--from", "2026-11-23", "--to", "2026-11-29"];

fn arguments(arguments: &[&str]) -> ReportArguments {
    Program::parse_from([&["program"], arguments, &WEEK].concat()).report
}

/// Returns the table for a terminal of this width.
async fn table(width: u16, flags: &[&str]) -> String {
    let arguments = arguments(flags);
    let status = TwoPages.status().await.unwrap();
    let answer = Answer::read(&TwoPages, arguments.query(Day::default()), false, status)
        .await
        .unwrap();
    let trends = answer.trends(&TwoPages).await;
    terminal::write(&answer, &trends, Some(width))
}

#[tokio::test]
async fn pages_are_a_table_with_a_sparkline_per_row_and_notes() {
    let expected = "\
2026-11-23 to 2026-11-29 (Europe/Berlin)

page                          visitors  pageviews  finished  likes
guides/a-long-name-of-a-page     1,234      1,234    33.3 %  1,234  ▂▃▄▅▆▇█
hello                                7          7    33.3 %      7  ███████
(other)                              0          0         –      0  ▁▁▁▁▁▁▁

The first 3 of 13 rows; `--limit` shows more.
Visitors are the sum of the days: nobody is recognised on another day, so a reader of two days counts twice.
(other) is the sum of the values beyond the first 1,000 of a dimension on a day.
This store cannot show these numbers here: median time on page.
";
    assert_eq!(table(80, &["pages"]).await, expected);
}

#[tokio::test]
async fn a_line_is_as_long_as_the_terminal_is_wide_at_most() {
    for width in [50, 60, 70, 80, 120] {
        let text = table(width, &["pages"]).await;
        let lines: Vec<_> = text.lines().skip(2).take(4).collect();
        for line in &lines {
            assert!(line.chars().count() <= usize::from(width), "{width}: {text}");
        }
        assert!(
            lines
                .iter()
                .all(|line| line.contains("33.3 %") || line.contains('–') || line.contains("visitors"))
        );
    }
}

#[tokio::test]
async fn the_overview_has_a_line_per_number_and_times_have_bars() {
    let overview = table(80, &["--metrics", "visitors,bounce_rate"]).await;
    let expected = "\
visitors     1,234,567  ▂▃▄▅▆▇█
bounce rate     33.3 %
";
    assert!(overview.contains(expected), "{overview}");
    let days = table(30, &["days", "-m", "visitors", "--limit", "2"]).await;
    assert!(days.contains("2026-11-29         7  ███"), "{days}");
}

#[tokio::test]
async fn hours_are_those_of_the_clocks_of_the_site() {
    let hours = table(80, &["--by", "hour", "-m", "visitors"]).await;
    assert!(hours.contains("\n2026-11-29 21:00         1  █"), "{hours}");
}

#[tokio::test]
async fn a_metric_that_was_named_is_not_left_out() {
    let arguments = arguments(&["pages", "--metrics", "visitors,median_time_on_page"]);
    let error = report(&TwoPages, &arguments).await.unwrap_err();
    assert_eq!(error.to_string(), "this store has no `median_time_on_page`; use SQLite");
}

#[tokio::test]
async fn a_note_names_the_columns_that_a_csv_lacks() {
    let (csv, note) = report(&TwoPages, &arguments(&["pages", "--format", "csv"]))
        .await
        .unwrap();
    assert!(
        csv.starts_with("page,visitors,pageviews,finished_share,likes\n"),
        "{csv}"
    );
    let expected = "This store cannot show these numbers here: median time on page.";
    assert_eq!(note.as_deref(), Some(expected));
}

#[tokio::test]
async fn programs_get_exact_numbers() {
    let flags = ["pages", "-m", "visitors,finished_share", "--format"];
    let (csv, note) = report(&TwoPages, &arguments(&[&flags[..], &["csv"]].concat()))
        .await
        .unwrap();
    let expected = "page,visitors,finished_share\n\
                    guides/a-long-name-of-a-page,1234,0.3333333333333333\nhello,7,0.3333333333333333\n(other),0,\n";
    assert_eq!((csv.as_str(), note), (expected, None));
    let (json, _) = report(&TwoPages, &arguments(&[&flags[..], &["json"]].concat()))
        .await
        .unwrap();
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let row = serde_json::json!({
        "page": "hello", "visitors": 7, "finished_share": { "numerator": 7, "denominator": 21 },
    });
    assert_eq!(json["rows"][1], row);
    assert_eq!(
        (&json["time_zone"], &json["first_day"]),
        (&"Europe/Berlin".into(), &"2026-11-23".into())
    );
}
