//! Each number of a view is that of the reports.

use horizon_core::reports::{Dimension, Metric};
use horizon_test_support::TestDatabase;

use crate::answers::{Answers, are_equal, cells};
use crate::examples::fill;
use crate::rights::TODAY;
use crate::{rows, store_in};

const OF_PAGES: [Metric; 8] = [
    Metric::Visitors,
    Metric::Pageviews,
    Metric::PageVisits,
    Metric::Seconds,
    Metric::TimeOnPage,
    Metric::FinishedShare,
    Metric::Likes,
    Metric::Comments,
];

const OF_SESSIONS: [Metric; 7] = [
    Metric::Visitors,
    Metric::Visits,
    Metric::Pageviews,
    Metric::BounceRate,
    Metric::VisitDuration,
    Metric::Seconds,
    Metric::AnonymousShare,
];

/// The columns that have these metrics.
const PAGE_COLUMNS: &str = "visitors, pageviews, page_visits, seconds, 1.0 * seconds / nullif(keyed_page_visits, 0),
    100.0 * finished / nullif(keyed_page_visits, 0), likes, comments";
const SESSION_COLUMNS: &str = "visitors, visits, pageviews, 100.0 * bounces / nullif(keyed_visits, 0),
    1.0 * duration / nullif(keyed_visits, 0), seconds, 100.0 * (visits - keyed_visits) / nullif(visits, 0)";

/// An hour as the reports name it.
const HOUR: &str = r#"to_char(hour AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')"#;

/// What to select, and what to ask the reports.
struct ViewComparison {
    sql: String,
    dimensions: Vec<Dimension>,
    metrics: Vec<Metric>,
}

fn comparison(sql: String, dimensions: &[Dimension], metrics: &[Metric]) -> ViewComparison {
    ViewComparison {
        sql,
        dimensions: dimensions.to_vec(),
        metrics: metrics.to_vec(),
    }
}

/// Returns the comparisons of the views of pages and custom events.
fn of_pages() -> Vec<ViewComparison> {
    let by_day = [Dimension::Day, Dimension::Page];
    let by_hour = [Dimension::Hour, Dimension::Page];
    vec![
        comparison(
            format!("SELECT day, page, {PAGE_COLUMNS}, median_time_on_page FROM eventhorizon.daily"),
            &by_day,
            &[&OF_PAGES[..], &[Metric::MedianTimeOnPage]].concat(),
        ),
        comparison(
            format!("SELECT {HOUR}, page, {PAGE_COLUMNS} FROM eventhorizon.hourly"),
            &by_hour,
            &OF_PAGES,
        ),
        comparison(
            "SELECT day, page, sum(pageviews) FROM eventhorizon.hourly GROUP BY day, page".into(),
            &by_day,
            &[Metric::Pageviews],
        ),
        comparison(
            "SELECT day, event, sum(events) FROM eventhorizon.events GROUP BY day, event".into(),
            &[Dimension::Day, Dimension::Event],
            &[Metric::Events],
        ),
    ]
}

/// Returns the comparisons of the views of sessions.
fn of_sessions() -> Vec<ViewComparison> {
    let of_day = [
        &OF_SESSIONS[..],
        &[Metric::PageVisits, Metric::TimeOnPage, Metric::FinishedShare],
        &[Metric::Likes, Metric::Comments, Metric::MedianTimeOnPage],
    ];
    let mut all = vec![
        comparison(
            format!(
                "SELECT day, {SESSION_COLUMNS}, page_visits, 1.0 * page_seconds / nullif(keyed_page_visits, 0),
                    100.0 * finished / nullif(keyed_page_visits, 0), likes, comments, median_time_on_page
                FROM eventhorizon.daily_site"
            ),
            &[Dimension::Day],
            &of_day.concat(),
        ),
        comparison(
            format!("SELECT {HOUR}, {SESSION_COLUMNS} FROM eventhorizon.hourly_site"),
            &[Dimension::Hour],
            &OF_SESSIONS,
        ),
        comparison(
            "SELECT day, sum(pageviews) FROM eventhorizon.hourly_site GROUP BY day".into(),
            &[Dimension::Day],
            &[Metric::Pageviews],
        ),
        comparison(
            format!("SELECT day, source, {SESSION_COLUMNS} FROM eventhorizon.sources"),
            &[Dimension::Day, Dimension::Source],
            &OF_SESSIONS,
        ),
    ];
    for dimension in Dimension::OF_SESSIONS {
        let condition = format!("dimension = '{dimension}'");
        let sql = format!("SELECT day, value, {SESSION_COLUMNS} FROM eventhorizon.dimensions WHERE {condition}");
        all.push(comparison(sql, &[Dimension::Day, dimension], &OF_SESSIONS));
    }
    all
}

#[tokio::test]
async fn each_number_of_a_view_is_that_of_the_reports() -> anyhow::Result<()> {
    let database = TestDatabase::create().await?;
    let store = store_in(&database)?;
    fill(&store, TODAY).await?;
    let client = database.connect().await?;
    let answers = Answers::new(&store, TODAY);
    for ViewComparison {
        sql,
        dimensions,
        metrics,
    } in of_pages().into_iter().chain(of_sessions())
    {
        let expected = answers.rows(answers.last(400), &dimensions, &metrics).await?;
        let mut expected: Vec<_> = expected.iter().map(|row| cells(row, &metrics)).collect();
        let mut actual = rows(&client, &sql).await?;
        for table in [&mut expected, &mut actual] {
            table.sort_by_key(|row| row[..dimensions.len()].to_vec());
        }
        assert!(expected.len() > 1, "{sql}");
        assert!(are_equal(&expected, &actual), "{sql}\n{expected:#?}\n{actual:#?}");
    }
    Ok(())
}
