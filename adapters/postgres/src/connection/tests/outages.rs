use horizon_test_support::{PostgresServer, wait_until};
use tokio::time::Instant;

use super::{
    log::{capture_log, count_in_log},
    *,
};

const PID: SqlStatement = sql("SELECT pg_backend_pid()::text");

/// Terminates all connections except the one that runs the statement.
const TERMINATE: &str = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
    WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'";

/// Calls until it works. All errors must be retryable.
async fn until_it_works(database: &Database) {
    wait_until("PostgreSQL answers", async || {
        let read = database.read_text(PID).await;
        if let Err(error) = &read {
            assert!(error.is_retryable(), "{error:?}");
        }
        Ok(read.map(drop)?)
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn a_terminated_connection_is_replaced() {
    let server = PostgresServer::start(&[]).await.unwrap();
    let database = database(&server.url());
    for _ in 0..5 {
        let before = database.read_text(PID).await.unwrap();
        server.database().execute(TERMINATE).await.unwrap();
        // The call during which the connection ends may fail.
        let after = match database.read_text(PID).await {
            Ok(pid) => pid,
            Err(error) => {
                assert!(error.is_retryable(), "{error:?}");
                database.read_text(PID).await.unwrap()
            }
        };
        assert_ne!(after, before);
    }
}

#[tokio::test]
async fn a_statement_whose_connection_is_terminated_fails_at_once() {
    let server = PostgresServer::start(&[]).await.unwrap();
    let (database, admin) = (database(&server.url()), server.database());
    let sleep = database.write_text(sql("SELECT pg_sleep(25)::text"));
    let terminate = wait_until("the statement runs", async || {
        let ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(25)%' \
                     AND pid <> pg_backend_pid() AND state = 'active'";
        anyhow::ensure!(admin.execute(ended).await? == ["t"]);
        Ok(())
    });
    let start = Instant::now();
    let (slept, terminated) = tokio::join!(sleep, terminate);
    terminated.unwrap();
    let error = slept.unwrap_err();
    assert!(error.is_retryable(), "{error:?}");
    assert!(start.elapsed() < Duration::from_secs(20));
    assert!(database.read_text(PID).await.is_ok());
}

#[tokio::test]
async fn after_a_restart_calls_work_and_the_log_has_one_line() {
    capture_log();
    let server = PostgresServer::start(&[]).await.unwrap();
    let database = database(&server.url());
    // Several connections.
    let (_, _, report) = tokio::join!(database.read_text(PID), database.write_text(PID), database.report());
    report.unwrap().commit().await.unwrap();
    server.kill().await.unwrap();
    for _ in 0..5 {
        let error = database.read_text(PID).await.unwrap_err();
        assert!(error.is_retryable(), "{error:?}");
        assert!(database.write_text(PID).await.unwrap_err().is_retryable());
    }
    server.restart().await.unwrap();
    until_it_works(&database).await;
    assert!(database.write_text(PID).await.is_ok());
    assert_eq!(
        count_in_log("PostgreSQL was lost") + count_in_log("no connection to PostgreSQL"),
        1
    );
    assert_eq!(count_in_log("connected to PostgreSQL again"), 1);
    assert!(count_in_log(&format!("127.0.0.1:{}", server.port())) >= 2);
}

#[tokio::test]
async fn a_server_without_fsync_is_worth_one_warning() {
    capture_log();
    let server = PostgresServer::start(&[]).await.unwrap();
    let first = database(&server.url());
    let (one, two, three) = tokio::join!(first.read_text(PID), first.write_text(PID), first.read_text(PID));
    assert!(one.is_ok() && two.is_ok() && three.is_ok());
    assert_eq!(
        (count_in_log("`fsync=off`"), count_in_log("`full_page_writes=off`")),
        (1, 1)
    );
    let options = horizon_test_support::PostgresOptions {
        is_durable: true,
        ..Default::default()
    };
    let durable = PostgresServer::start_with(&options).await.unwrap();
    database(&durable.url()).read_text(PID).await.unwrap();
    assert_eq!(
        (count_in_log("`fsync=off`"), count_in_log("`full_page_writes=off`")),
        (1, 1)
    );
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_waited_for_with_a_limit() {
    let server = PostgresServer::start(&[]).await.unwrap();
    let database = database(&server.url());
    database.read_text(PID).await.unwrap();
    server.pause().await.unwrap();
    // From here on, the clock jumps to the next timer as soon as there is nothing else to do.
    tokio::time::pause();
    let start = Instant::now();
    // One call has a connection, and the other needs a new one.
    let (first, second) = tokio::join!(database.read_text(PID), database.read_text(PID));
    let report = database.report().await;
    for error in [first.unwrap_err(), second.unwrap_err(), report.map(drop).unwrap_err()] {
        assert!(
            error.is_retryable() && matches!(error, DatabaseError::Timeout(_)),
            "{error:?}"
        );
    }
    assert!(start.elapsed() < Duration::from_secs(60), "{:?}", start.elapsed());
    tokio::time::resume();
    server.resume().await.unwrap();
    until_it_works(&database).await;
    wait_until("no connection is left over", async || {
        let open = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'eventhorizon'";
        anyhow::ensure!(server.database().execute(open).await? == ["1"]);
        Ok(())
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn a_standby_accepts_writes_after_it_is_promoted() {
    capture_log();
    let server = PostgresServer::start(&[]).await.unwrap();
    let database = database(&server.url());
    database.change(sql("CREATE TABLE t (a integer)")).await.unwrap();
    server.restart_as_standby().await.unwrap();
    until_it_works(&database).await;
    assert_eq!(count_in_log("connected to PostgreSQL again"), 1);
    let insert = sql("INSERT INTO t VALUES (1)");
    let error = database.change(insert).await.unwrap_err();
    assert!(
        matches!(error, DatabaseError::Standby(_)) && error.is_retryable(),
        "{error:?}"
    );
    // Other connections are opened meanwhile.
    database.report().await.unwrap().commit().await.unwrap();
    assert!(database.change(insert).await.is_err());
    assert_eq!(count_in_log("no connection to PostgreSQL"), 1);
    assert_eq!(count_in_log("connected to PostgreSQL again"), 1);
    assert_eq!(server.database().execute("SELECT pg_promote()").await.unwrap(), ["t"]);
    assert_eq!(database.change(insert).await.unwrap(), 1);
    assert_eq!(count_in_log("connected to PostgreSQL again"), 2);
}
