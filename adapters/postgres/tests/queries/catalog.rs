//! What the catalogue of the database says about the tables and the views.

use std::collections::BTreeSet;

use horizon_core::{Day, SaltStore as _};
use horizon_test_support::TestDatabase;
use tokio_postgres::Client;

use crate::{rows, store_in};

/// The views of the documentation.
const VIEWS: &str = "SELECT relname FROM pg_class WHERE relnamespace = 'eventhorizon'::regnamespace AND relkind = 'v'";

/// The tables, views and columns without a comment.
const WITHOUT_COMMENT: &str = "
    SELECT 'schema' WHERE obj_description('eventhorizon'::regnamespace, 'pg_namespace') IS NULL
    UNION ALL
    SELECT relname FROM pg_class
    WHERE relnamespace = 'eventhorizon'::regnamespace AND relkind IN ('r', 'v')
        AND obj_description(oid, 'pg_class') IS NULL
    UNION ALL
    SELECT relname || '.' || attname
    FROM pg_class
    JOIN pg_attribute ON attrelid = pg_class.oid AND attnum > 0 AND NOT attisdropped
    WHERE relnamespace = 'eventhorizon'::regnamespace AND relkind IN ('r', 'v')
        AND col_description(attrelid, attnum) IS NULL";

/// The columns of tables that views read, as `table.column`.
const READ_BY_VIEWS: &str = "
    SELECT DISTINCT table_name || '.' || column_name FROM information_schema.view_column_usage
    WHERE view_schema = 'eventhorizon'";

/// The tables without a column that a view may read.
const PRIVATE_TABLES: [&str; 8] = [
    "secrets",
    "salts",
    "event_ids",
    "visitor_states",
    "likes",
    "verdicts",
    "sessions",
    "packed_sessions",
];

/// The columns of other tables that no view may read. `parent` is read as a flag.
const PRIVATE_COLUMNS: [&str; 4] = ["site.identity", "comments.id", "comments.reader", "comments.seq"];

/// Numbers of 200 pages on 400 days, so many that the planner prefers an index.
const MANY_ROWS: &str = "
    SET search_path = eventhorizon;
    INSERT INTO topics SELECT n, 'blog:page' || n, 1, 1, 1, 1, 1 FROM generate_series(1, 200) AS n;
    INSERT INTO topic_days
        SELECT n, date '2026-01-01' + day, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1
        FROM generate_series(0, 400) AS day, generate_series(0, 200) AS n;
    INSERT INTO reading_time_days
        SELECT n, date '2026-01-01' + day, 40, 1 FROM generate_series(0, 400) AS day, generate_series(1, 200) AS n;
    INSERT INTO dimension_days (day, dimension, value, pageviews, visits, keyed_visits, visitors, seconds, finished,
            bounces, duration, likes, comments)
        SELECT date '2026-01-01' + day, dimension, 'value' || n, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1
        FROM generate_series(0, 400) AS day, generate_series(0, 12) AS dimension, generate_series(0, 20) AS n;
    INSERT INTO topic_hours
        SELECT n, timestamptz '2026-01-01' + hour * interval '1 hour', 1, 1, 1, 1, 1, 1, 1, 1, 1, 1
        FROM generate_series(0, 400) AS hour, generate_series(0, 200) AS n;
    INSERT INTO event_hours
        SELECT n, timestamptz '2026-01-01' + hour * interval '1 hour', 'click', 1
        FROM generate_series(0, 400) AS hour, generate_series(0, 200) AS n;
    ANALYZE;";

/// Conditions on views, and the conditions on an index that their plans must contain.
const INDEXED: [(&str, &[&str]); 9] = [
    ("daily WHERE day = '2026-03-01'", &["(day = '2026-03-01'::date)"]),
    (
        "daily WHERE page = 'page7'",
        &["(substr(name, 6) = 'page7'::text)", "(topic = t.topic)"],
    ),
    (
        "daily WHERE page = 'page7' AND day >= (SELECT today FROM site_status)",
        &["((topic = t.topic) AND (day >= $"],
    ),
    (
        "daily_site WHERE day > (SELECT today - 7 FROM site_status)",
        &["(day > $"],
    ),
    (
        "reading_times WHERE day = '2026-03-01'",
        &["(day = '2026-03-01'::date)"],
    ),
    (
        "sources WHERE day = '2026-03-01'",
        &["(dimension = 2) AND (day = '2026-03-01'::date)"],
    ),
    (
        "dimensions WHERE dimension = 'country' AND day = '2026-03-01'",
        &["(dimension = \"*VALUES*\".column1) AND (day = '2026-03-01'::date)"],
    ),
    (
        "hourly WHERE page = 'page7' AND hour >= '2026-01-17'",
        &["(topic = t.topic) AND (hour >= '2026-01-17"],
    ),
    ("events WHERE hour >= '2026-01-17'", &["(hour >= '2026-01-17"]),
];

/// Returns a connection to a database with the tables.
async fn connect() -> anyhow::Result<Client> {
    let database = TestDatabase::create().await?;
    store_in(&database)?.salt(Day::from_number(20_000), [1; 32]).await?;
    database.connect().await
}

pub(crate) async fn names(client: &Client, sql: &str) -> anyhow::Result<BTreeSet<String>> {
    Ok(rows(client, sql).await?.into_iter().flatten().collect())
}

#[tokio::test]
async fn tables_views_and_columns_have_comments() -> anyhow::Result<()> {
    let client = connect().await?;
    assert_eq!(names(&client, WITHOUT_COMMENT).await?, BTreeSet::new());
    assert!(names(&client, VIEWS).await?.contains("daily"));
    Ok(())
}

#[tokio::test]
async fn a_schema_that_others_use_keeps_its_comment() -> anyhow::Result<()> {
    let database = TestDatabase::create().await?;
    let client = database.connect().await?;
    client
        .batch_execute("CREATE SCHEMA eventhorizon; COMMENT ON SCHEMA eventhorizon IS 'ours'")
        .await?;
    store_in(&database)?.salt(Day::from_number(20_000), [1; 32]).await?;
    let comment = rows(
        &client,
        "SELECT obj_description('eventhorizon'::regnamespace, 'pg_namespace')",
    )
    .await?;
    assert_eq!(comment, [["ours"]]);
    Ok(())
}

#[tokio::test]
async fn views_read_no_private_column() -> anyhow::Result<()> {
    let client = connect().await?;
    let read = names(&client, READ_BY_VIEWS).await?;
    assert!(read.contains("comments.body"), "{read:?}");
    let is_private = |column: &&String| {
        let table = column.split('.').next().unwrap_or_default();
        PRIVATE_TABLES.contains(&table) || PRIVATE_COLUMNS.contains(&column.as_str())
    };
    assert_eq!(
        read.iter().filter(is_private).collect::<Vec<_>>(),
        Vec::<&String>::new()
    );
    Ok(())
}

#[tokio::test]
async fn filters_by_day_page_and_hour_use_indexes() -> anyhow::Result<()> {
    let client = connect().await?;
    client.batch_execute(MANY_ROWS).await?;
    for (condition, expected) in INDEXED {
        let plan = rows(&client, &format!("EXPLAIN SELECT * FROM {condition}")).await?;
        let plan = plan.concat();
        for part in expected {
            let mut conditions = plan.iter().filter(|line| line.trim_start().starts_with("Index Cond:"));
            assert!(
                conditions.any(|line| line.contains(part)),
                "{condition} has no {part}:\n{}",
                plan.join("\n")
            );
        }
    }
    Ok(())
}
