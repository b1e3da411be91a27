mod reports;

use horizon_core::{Event, EventKind, Stamp, StatsStore, Timestamp, Topic};
use horizon_test_support::TestDatabase;
use tokio_postgres::{Client, SimpleQueryMessage};

use super::{SqlStatement, apply, site, stats};
use crate::{PostgresConfig, PostgresStore, connection::LOCK};

/// The statements of `apply`.
fn statements() -> impl Iterator<Item = SqlStatement> {
    let others = [stats::TOTALS, stats::CUSTOM_EVENTS, site::SITE, site::SET_SITE];
    others.into_iter().chain(apply::ALL.iter().copied())
}

/// Returns the lines of a statement's plan for any parameters.
async fn plan(client: &Client, sql: SqlStatement) -> Vec<String> {
    let types: Vec<String> = sql.types.iter().map(ToString::to_string).collect();
    let types = types
        .iter()
        .map(|name| name.strip_prefix('_').map_or(name.clone(), |of| format!("{of}[]")));
    let types: Vec<String> = types.collect();
    let (prepare, execute) = if types.is_empty() {
        ("PREPARE s".to_owned(), "s".to_owned())
    } else {
        let nulls = vec!["NULL"; types.len()].join(", ");
        (format!("PREPARE s ({})", types.join(", ")), format!("s ({nulls})"))
    };
    let text = format!(
        "{prepare} AS {}; EXPLAIN (COSTS OFF) EXECUTE {execute}; DEALLOCATE s",
        sql.text
    );
    let messages = client
        .simple_query(&text)
        .await
        .unwrap_or_else(|error| panic!("{}: {error:?}", sql.text));
    let rows = messages.iter().filter_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
        _ => None,
    });
    rows.collect()
}

/// Returns the lines that read a table without the keys of an index.
fn scans(plan: &[String]) -> Vec<&String> {
    let is_scan = |(index, line): &(usize, &String)| {
        let is_index = line.contains("Index Scan") || line.contains("Index Only Scan");
        let has_condition = plan.get(index + 1).is_some_and(|next| next.contains("Index Cond:"));
        let is_one_row = line.ends_with("Seq Scan on schema_version");
        line.contains("Seq Scan") && !is_one_row
            || line.contains("Hash Join")
            || line.contains("Merge Join")
            || is_index && !has_condition
    };
    plan.iter().enumerate().filter(is_scan).map(|(_, line)| line).collect()
}

/// Checks the plan of each statement.
async fn check(client: &Client, tables: &str) {
    client.batch_execute(&format!("BEGIN; {LOCK}")).await.unwrap();
    for sql in statements() {
        let plan = plan(client, sql).await;
        assert!(!plan.is_empty(), "{}", sql.text);
        assert!(scans(&plan).is_empty(), "{tables}: {}\n{}", sql.text, plan.join("\n"));
    }
    client.batch_execute("ROLLBACK").await.unwrap();
}

#[tokio::test]
async fn apply_finds_every_row_by_an_index_whatever_the_planner_knows() {
    let database = TestDatabase::create().await.unwrap();
    let store = PostgresStore::new(&PostgresConfig::new(database.url()).unwrap()).unwrap();
    let stamp = Stamp::new(Timestamp::from_millis(1_800_000_000_000), [7; 10]);
    let visit = Event::new(stamp, Topic::Site, EventKind::visit(None));
    store.apply(&[visit]).await.unwrap();
    let client = database.connect().await.unwrap();
    client.batch_execute("SET search_path = eventhorizon").await.unwrap();
    check(&client, "without statistics").await;
    client.batch_execute("VACUUM ANALYZE").await.unwrap();
    check(&client, "with statistics of empty tables").await;
    client.batch_execute(ROWS).await.unwrap();
    check(&client, "with statistics of before the rows").await;
    client.batch_execute("VACUUM ANALYZE").await.unwrap();
    check(&client, "with statistics").await;
}

/// Rows of the tables that grow.
const ROWS: &str = "
    INSERT INTO topics SELECT n, 'blog:page-' || n, 0, 0, 0, 0, 0 FROM generate_series(10, 1000) AS n;
    INSERT INTO event_ids SELECT gen_random_uuid() FROM generate_series(1, 20000);
    INSERT INTO likes SELECT n / 100, gen_random_uuid(), true, 0, gen_random_uuid()
        FROM generate_series(1000, 20000) AS n;
    INSERT INTO visitor_states SELECT gen_random_uuid(), 1, '2026-11-30', '2026-11-30', ''
        FROM generate_series(1, 20000);
    INSERT INTO sessions SELECT '2026-11-30', n, n, '' FROM generate_series(1, 20000) AS n;
    INSERT INTO comments (id, slug, reader, author, body, at, visibility)
        SELECT gen_random_uuid(), 'page-' || n % 10, gen_random_uuid(), '', '', 0, 1
        FROM generate_series(1, 20000) AS n;
    INSERT INTO verdicts SELECT gen_random_uuid(), 0, gen_random_uuid() FROM generate_series(1, 20000);
    INSERT INTO dimension_days SELECT n % 13, '2026-11-30', n, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1
        FROM generate_series(1, 13000) AS n;
    INSERT INTO day_numbers SELECT date '2000-01-01' + n / 15, n % 15, 1 FROM generate_series(1, 10000) AS n;
    INSERT INTO custom_events SELECT n / 10, 'event ' || n % 10, 1 FROM generate_series(100, 9000) AS n;
    INSERT INTO reading_time_days SELECT n % 900 + 10, '2026-11-30', n / 900, 1 FROM generate_series(1, 20000) AS n;
";

#[tokio::test]
async fn the_check_finds_a_scan() {
    let database = TestDatabase::create().await.unwrap();
    let client = database.connect().await.unwrap();
    client
        .batch_execute("CREATE TABLE t (a integer PRIMARY KEY)")
        .await
        .unwrap();
    let found = |plan: &[String]| !scans(plan).is_empty();
    let all = SqlStatement {
        text: "SELECT a FROM t",
        types: &[],
    };
    let joined = SqlStatement {
        text: "SELECT FROM t JOIN t AS u USING (a)",
        types: &[],
    };
    let one = SqlStatement {
        text: "SELECT FROM t WHERE a = 1",
        types: &[],
    };
    assert!(found(&plan(&client, all).await) && found(&plan(&client, joined).await));
    client.batch_execute("SET enable_seqscan = off").await.unwrap();
    let plans = [plan(&client, all).await, plan(&client, one).await];
    assert!(found(&plans[0]) && !found(&plans[1]), "{plans:?}");
}
