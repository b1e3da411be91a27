use horizon_test_support::TestDatabase;
use tokio_postgres::{Client, SimpleQueryMessage};

use crate::{
    PostgresConfig, PostgresStore,
    sql::{SqlStatement, reports as sql, retention},
};
use horizon_core::{StatsStoreExt, Topic};

/// A year of 40 pages.
const YEAR: &str = "
    INSERT INTO topics SELECT n, 'blog:page-' || n, 0, 0, 0, 0, 0 FROM generate_series(1, 40) AS n;
    INSERT INTO topic_days SELECT topic, date '2026-01-01' + day, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1
        FROM generate_series(0, 364) AS day, generate_series(0, 40) AS topic;
    INSERT INTO topic_hours SELECT topic, timestamptz '2026-01-01Z' + hour * interval '1 hour',
            1, 1, 1, 1, 1, 1, 1, 1, 1, 1
        FROM generate_series(0, 365 * 24 - 1) AS hour, generate_series(0, 40) AS topic;
    INSERT INTO reading_time_days SELECT topic, date '2026-01-01' + day, bin, 1
        FROM generate_series(0, 364) AS day, generate_series(0, 40) AS topic, generate_series(40, 49) AS bin;
    INSERT INTO reading_time_hours SELECT topic, timestamptz '2026-01-01Z' + hour * interval '1 hour', 50, 1
        FROM generate_series(0, 365 * 24 - 1) AS hour, generate_series(0, 40) AS topic;
    INSERT INTO dimension_days SELECT dimension, date '2026-01-01' + day, 'value ' || value,
            1, 1, 1, 1, 1, 1, 1, 1, 1, 1
        FROM generate_series(0, 364) AS day, generate_series(0, 12) AS dimension, generate_series(1, 20) AS value;
    INSERT INTO event_hours SELECT topic, timestamptz '2026-01-01Z' + hour * interval '1 hour', 'event', 1
        FROM generate_series(0, 365 * 24 - 1) AS hour, generate_series(1, 10) AS topic;
    INSERT INTO packed_sessions (day, count, sessions, pages) SELECT date '2026-01-01' + day, 1, '', ''
        FROM generate_series(0, 364) AS day, generate_series(1, 40) AS part;
    INSERT INTO sessions SELECT date '2026-01-01' + day, number, number, repeat('x', 300)::bytea
        FROM generate_series(0, 364) AS day, generate_series(1, 100) AS number;
    INSERT INTO event_ids SELECT lpad(to_hex(n), 32, '0')::uuid, CASE WHEN n % 1000 = 0 THEN n END
        FROM generate_series(1, 100000) AS n;
    INSERT INTO likes SELECT 1, gen_random_uuid(), n % 1000 > 0, n, gen_random_uuid()
        FROM generate_series(1, 100000) AS n;
    INSERT INTO visitor_states SELECT gen_random_uuid(), 1, date '2026-01-01' + n % 365,
        CASE WHEN n % 100 = 0 THEN date '2026-01-01' + n % 365 END, '' FROM generate_series(1, 100000) AS n;
    VACUUM ANALYZE;
";

const DAY_OF_HOURS: [&str; 2] = ["timestamptz '2026-11-30Z'", "timestamptz '2026-11-30 23:00Z'"];
const MONTH_OF_HOURS: [&str; 2] = ["timestamptz '2026-11-01Z'", "timestamptz '2026-11-30 23:00Z'"];
const MONTH: [&str; 2] = ["date '2026-11-01'", "date '2026-11-30'"];
const SITE: [&str; 2] = ["0", "0"];
const PAGE: [&str; 2] = ["7", "7"];
const PAGES: [&str; 2] = ["1", "2147483647"];

/// A statement, its parameters, and the index that it uses.
type PlanCase = (SqlStatement, Vec<&'static str>, &'static str);

/// Returns the parameters of a report on topics.
fn of(topics: [&'static str; 2], periods: [&'static str; 2], groups: &[&'static str]) -> Vec<&'static str> {
    [topics.as_slice(), periods.as_slice(), groups].concat()
}

/// The reports on topics.
fn topic_cases() -> Vec<PlanCase> {
    let (by_page, by_period, by_name) = (["true", "false"], ["false", "true"], ["false", "false", "true"]);
    let (hours, days) = (sql::HOUR_SUMS, sql::DAY_SUMS);
    let one_day = ["0", DAY_OF_HOURS[0], DAY_OF_HOURS[1], "true"].to_vec();
    let month = ["0", MONTH[0], MONTH[1], "true"].to_vec();
    let events = sql::EVENTS;
    vec![
        (sql::HOURS, of(PAGE, MONTH_OF_HOURS, &[]), "topic_hours_pkey"),
        (hours, of(SITE, DAY_OF_HOURS, &by_period), "topic_hours_pkey"),
        (sql::HOUR_BINS_OF_TOPIC, one_day, "reading_time_hours_pkey"),
        (sql::DAYS, of(PAGES, MONTH, &[]), "topic_days_day"),
        (days, of(SITE, MONTH, &by_period), "topic_days_pkey"),
        (days, of(PAGE, MONTH, &by_period), "topic_days_pkey"),
        (days, of(PAGES, MONTH, &by_page), "topic_days_day"),
        (sql::DAY_BINS_OF_TOPIC, month, "reading_time_days_pkey"),
        (sql::DAY_BINS, of(PAGES, MONTH, &by_page), "reading_time_days_day"),
        (events, of(PAGE, MONTH_OF_HOURS, &by_name), "event_hours_pkey"),
        (events, of(PAGES, MONTH_OF_HOURS, &by_name), "event_hours_hour"),
    ]
}

/// The other reports.
fn session_cases() -> Vec<PlanCase> {
    let with_pages = sql::PACKED_SESSIONS_WITH_PAGES;
    let dimension = [&["2::smallint"], MONTH.as_slice()].concat();
    vec![
        (sql::DIMENSION, dimension.clone(), "dimension_days_pkey"),
        (sql::DIMENSION_SUMS, dimension, "dimension_days_pkey"),
        (sql::PACKED_SESSIONS, MONTH.to_vec(), "packed_sessions_day"),
        (with_pages, MONTH.to_vec(), "packed_sessions_day"),
        (sql::LOOSE_SESSIONS, MONTH.to_vec(), "sessions_visitor"),
    ]
}

/// The statements that erase.
fn erasing_cases() -> Vec<PlanCase> {
    let first = vec!["date '2026-01-15'", "5000"];
    let millis = vec!["10000::bigint", "5000"];
    let id = vec!["'00000000-0000-0000-0000-000000000fff'", "5000"];
    vec![
        (retention::EXPIRE_EVENT_IDS, id, "event_ids_pkey"),
        (retention::EXPIRE_OTHER_EVENT_IDS, millis.clone(), "event_ids_at"),
        (retention::EXPIRE_UNLIKES, millis, "likes_taken_back"),
        (
            retention::EXPIRE_VISITOR_STATES,
            first.clone(),
            "visitor_states_last_day",
        ),
        (retention::EXPIRE_LOOSE_SESSIONS, first.clone(), "sessions_"),
        (retention::EXPIRE_PACKED_SESSIONS, first, "packed_sessions_day"),
    ]
}

/// The statements that count and pack sessions.
fn packing_cases() -> Vec<PlanCase> {
    let of_day = || vec!["date '2026-11-30'", "50"];
    let (states, visitors) = (
        retention::STATES_WITH_SESSIONS_BEFORE,
        retention::TAKE_SESSIONS_OF_VISITORS,
    );
    let days = vec!["date '2026-11-28'", "date '2026-11-30'"];
    vec![
        (
            retention::COUNT_SESSIONS,
            vec!["date '2026-01-15'"],
            "packed_sessions_day",
        ),
        (retention::LOOSE_DAYS, days, "sessions_"),
        (states, vec!["date '2026-01-05'"], "visitor_states_first_day"),
        (retention::LAST_VISITOR_OF_PART, of_day(), "sessions_visitor"),
        (visitors, of_day(), "sessions_"),
        (retention::TAKE_SESSIONS, of_day(), "sessions_visitor"),
        (retention::TAKE_PACKED_SESSIONS, of_day(), "packed_sessions_day"),
    ]
}

/// Returns the lines of the plan of a statement with these parameters.
async fn plan(client: &Client, sql: SqlStatement, params: &[&str]) -> String {
    assert_eq!(params.len(), sql.types.len(), "{}", sql.text);
    let mut text = sql.text.to_owned();
    for (number, param) in params.iter().enumerate().rev() {
        text = text.replace(&format!("${}", number + 1), param);
    }
    let messages = client.simple_query(&format!("EXPLAIN (COSTS OFF) {text}")).await;
    let messages = messages.unwrap_or_else(|error| panic!("{text}: {error:?}"));
    let lines = messages.iter().filter_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0).map(|line| format!("{line}\n")),
        _ => None,
    });
    lines.collect()
}

/// Returns whether the plan uses the index, and scans no table except that of the topics.
fn is_good(plan: &str, index: &str) -> bool {
    let mut scans = plan.lines().filter(|line| line.contains("Seq Scan"));
    plan.contains(index) && scans.all(|line| line.contains("Seq Scan on topics"))
}

#[tokio::test]
async fn reports_and_retention_read_a_year_by_indexes() {
    let database = TestDatabase::create().await.unwrap();
    let store = PostgresStore::new(&PostgresConfig::new(database.url()).unwrap()).unwrap();
    store.total(&Topic::Site).await.unwrap();
    let client = database.connect().await.unwrap();
    client.batch_execute("SET search_path = eventhorizon").await.unwrap();
    for statement in YEAR.split(';') {
        client.batch_execute(statement).await.unwrap();
    }
    let cases = [topic_cases(), session_cases(), erasing_cases(), packing_cases()].concat();
    for (sql, params, index) in &cases {
        let plan = plan(&client, *sql, params).await;
        assert!(is_good(&plan, index), "{index}: {} {params:?}\n{plan}", sql.text);
    }
    // Without an index the check fails.
    client.batch_execute("DROP INDEX topic_days_day").await.unwrap();
    let (sql, params, index) = (sql::DAY_SUMS, [PAGES, MONTH, ["true", "false"]].concat(), "topic_days");
    let plan = plan(&client, sql, &params).await;
    assert!(!is_good(&plan, index), "{plan}");
}
