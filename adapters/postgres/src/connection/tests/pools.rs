use futures::future::join_all;
use horizon_test_support::TestDatabase;

use super::*;

/// Changes the default of a setting for connections that are opened from now on.
async fn set_default(server: &TestDatabase, setting: &str, value: &str) {
    let (_, name) = server.url().rsplit_once('/').unwrap();
    let set = format!("ALTER DATABASE {name} SET {setting} = '{value}'");
    server.execute(&set).await.unwrap();
}

#[tokio::test]
async fn a_commit_waits_for_the_disk_whatever_the_default_is() {
    for (default, expected) in [
        ("off", "on"),
        ("local", "on"),
        ("remote_write", "on"),
        ("remote_apply", "remote_apply"),
    ] {
        let server = TestDatabase::create().await.unwrap();
        set_default(&server, "synchronous_commit", default).await;
        assert_eq!(server.execute("SHOW synchronous_commit").await.unwrap(), [default]);
        let database = database(server.url());
        let setting = database.write_text(sql("SHOW synchronous_commit")).await.unwrap();
        assert_eq!(setting, expected, "the default is {default}");
    }
}

#[tokio::test]
async fn a_transaction_has_the_schema_and_the_limit_of_its_pool() {
    let server = TestDatabase::create().await.unwrap();
    let database = database(&format!("{}?schema=odd%22%20name", server.url()));
    let path = database.read_text(sql("SHOW search_path")).await.unwrap();
    assert_eq!(path, r#""odd"" name", pg_temp"#);
    assert_eq!(database.read_text(sql("SHOW statement_timeout")).await.unwrap(), "10s");
    assert_eq!(database.write_text(sql("SHOW lock_timeout")).await.unwrap(), "30s");
    let report = database.report().await.unwrap();
    assert_eq!(text(&report, sql("SHOW statement_timeout")).await.unwrap(), "1min");
    assert_eq!(
        text(&report, sql("SHOW transaction_isolation")).await.unwrap(),
        "repeatable read"
    );
    assert_eq!(text(&report, sql("SHOW transaction_read_only")).await.unwrap(), "on");
}

#[tokio::test]
async fn a_report_ends_with_its_connection_where_the_server_can_check_it() {
    let server = TestDatabase::create().await.unwrap();
    let client = server.connect().await.unwrap();
    let on_linux = begin("public", PoolKind::Report);
    let elsewhere = on_linux.replace("version()", "'PostgreSQL 14.13 on x86_64-apple-darwin23.6.0'");
    for (begin, expected) in [(on_linux, "1s"), (elsewhere, "0")] {
        client.batch_execute(&begin).await.unwrap();
        let show = client.query_one("SHOW client_connection_check_interval", &[]).await;
        assert_eq!(show.unwrap().get::<_, String>(0), expected, "{begin}");
        client.batch_execute("COMMIT").await.unwrap();
    }
}

#[tokio::test]
async fn each_statement_sees_what_is_committed_before_it_whatever_the_default_is() {
    for default in ["read uncommitted", "repeatable read", "serializable"] {
        let server = TestDatabase::create().await.unwrap();
        set_default(&server, "default_transaction_isolation", default).await;
        let database = database(server.url());
        let level = sql("SHOW transaction_isolation");
        assert_eq!(database.read_text(level).await.unwrap(), "read committed", "{default}");
        assert_eq!(database.write_text(level).await.unwrap(), "read committed", "{default}");
    }
}

#[tokio::test]
async fn a_connection_has_prepared_the_statements_of_its_pool() {
    let server = TestDatabase::create().await.unwrap();
    let count = sql("SELECT count(*)::text FROM pg_prepared_statements");
    let prepared = database(server.url()).read_text(count).await.unwrap();
    let statements: usize = crate::sql::of_pool(PoolKind::Read).iter().map(|list| list.len()).sum();
    assert_eq!(prepared, statements.to_string());
    let without = database(&format!("{}?statement_cache=off", server.url()));
    assert_eq!(without.read_text(count).await.unwrap(), "0");
}

#[tokio::test]
async fn what_fails_is_rolled_back_and_the_next_transaction_works() {
    let server = TestDatabase::create().await.unwrap();
    let database = database(server.url());
    let failed = database
        .write(async |tx| {
            tx.execute(sql("CREATE TABLE t AS SELECT 1 AS a"), &[]).await?;
            tx.execute(sql("SELECT 1 / 0"), &[]).await
        })
        .await;
    let error = failed.unwrap_err();
    assert!(
        chain(&error).contains("division by zero") && !error.is_retryable(),
        "{error:?}"
    );
    let table = database.write_text(sql("SELECT coalesce(to_regclass('t')::text, 'none')"));
    assert_eq!(table.await.unwrap(), "none");
}

#[tokio::test]
async fn transactions_with_the_lock_run_one_after_the_other() {
    let server = TestDatabase::create().await.unwrap();
    // At this level, a transaction that waited would not see what the one before it has committed.
    set_default(&server, "default_transaction_isolation", "serializable").await;
    let url = server.url();
    // Two processes.
    let databases = [database(url), database(url)];
    databases[0]
        .change(sql("CREATE TABLE t AS SELECT 0 AS a"))
        .await
        .unwrap();
    let count = async |index: usize| {
        databases[index % 2]
            .write_alone(async |tx| {
                let seen = text(tx, sql("SELECT a::text FROM t")).await?;
                tx.query(sql("SELECT pg_sleep(0.01)"), &[]).await?;
                let next = SqlStatement {
                    text: "UPDATE t SET a = $1::integer + 1",
                    types: &[tokio_postgres::types::Type::INT4],
                };
                tx.execute(next, &[&seen.parse::<i32>().unwrap()]).await
            })
            .await
    };
    for done in join_all((0..20).map(count)).await {
        assert_eq!(done.unwrap(), 1);
    }
    assert_eq!(server.execute("SELECT a FROM eventhorizon.t").await.unwrap(), ["20"]);
}

#[tokio::test]
async fn a_process_opens_at_most_eight_connections() {
    let server = TestDatabase::create().await.unwrap();
    let database = database(server.url());
    let sleep = sql("SELECT pg_sleep(0.02)::text");
    let reads = join_all((0..20).map(|_| database.read_text(sleep)));
    let writes = join_all((0..20).map(|_| database.write_text(sleep)));
    let report = async |_: i32| {
        let transaction = database.report().await?;
        text(&transaction, sleep).await?;
        transaction.commit().await
    };
    let reports = join_all((0..20).map(report));
    let (reads, writes, reports) = tokio::join!(reads, writes, reports);
    assert!(reads.iter().chain(&writes).all(Result::is_ok));
    assert!(reports.iter().all(Result::is_ok));
    let connections = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND \
                       application_name = 'eventhorizon'";
    assert_eq!(server.execute(connections).await.unwrap(), ["8"]);
}
