use futures::future::join_all;
use horizon_test_support::{PgBouncer, PostgresServer, wait_until};

use super::*;

/// Fewer connections to the server than this process has to PgBouncer.
const POOL: u32 = 3;

async fn start() -> (PostgresServer, PgBouncer, Database) {
    let server = PostgresServer::start(&[]).await.unwrap();
    let bouncer = PgBouncer::start(&server, POOL).await.unwrap();
    let url = format!("{}?statement_cache=off", bouncer.url("postgres"));
    (server, bouncer, database(&url))
}

#[tokio::test]
async fn transactions_share_the_connections_of_pgbouncer() {
    let (server, bouncer, database) = start().await;
    let admin = server.database();
    database.change(sql("CREATE TABLE t (a serial)")).await.unwrap();
    let insert = async |_: i32| {
        database
            .write_alone(async |tx| {
                let (first, second) = tokio::try_join!(
                    biased;
                    tx.execute(sql("INSERT INTO t DEFAULT VALUES"), &[]),
                    text(tx, sql("SELECT current_schema()::text || ' ' || current_setting('synchronous_commit')")),
                )?;
                tx.query(sql("SELECT pg_sleep(0.005)"), &[]).await?;
                Ok((first, second))
            })
            .await
    };
    let reads = (0..60).map(|_| database.read_text(sql("SELECT 'schema ' || current_schema()")));
    let report = async |_: i32| {
        let transaction = database.report().await?;
        let path = text(&transaction, sql("SHOW search_path")).await?;
        transaction.commit().await.map(|()| path)
    };
    let (inserts, reads, reports) = tokio::join!(
        join_all((0..60).map(insert)),
        join_all(reads),
        join_all((0..20).map(report))
    );
    for insert in inserts {
        assert_eq!(insert.unwrap(), (1, "eventhorizon on".into()));
    }
    assert!(reads.into_iter().all(|read| read.unwrap() == "schema eventhorizon"));
    assert!(reports.into_iter().all(|path| path.unwrap() == "eventhorizon, pg_temp"));
    assert_eq!(
        admin.execute("SELECT count(*) FROM eventhorizon.t").await.unwrap(),
        ["60"]
    );
    let left = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'";
    assert_eq!(admin.execute(left).await.unwrap(), ["0"]);
    let servers = "SELECT count(*) <= 3 FROM pg_stat_activity WHERE application_name = 'eventhorizon'";
    assert_eq!(admin.execute(servers).await.unwrap(), ["t"]);
    // The settings of a transaction end with it: the connections have those of the server.
    let client = tokio_postgres::connect(&bouncer.url("postgres"), tokio_postgres::NoTls).await;
    let (client, connection) = client.unwrap();
    tokio::spawn(connection);
    let rows = client.simple_query("SHOW search_path").await.unwrap();
    let shown = rows.iter().find_map(|message| match message {
        tokio_postgres::SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
        _ => None,
    });
    assert_eq!(shown.as_deref(), Some(r#""$user", public"#));
}

#[tokio::test]
async fn calls_work_again_after_a_restart_of_pgbouncer_or_of_the_server_behind_it() {
    let (server, bouncer, database) = start().await;
    let one = sql("SELECT 'one'");
    assert_eq!(database.write_text(one).await.unwrap(), "one");
    let recovers = async || {
        wait_until("a call works", async || {
            let done = database.write_text(one).await;
            if let Err(error) = &done {
                assert!(error.is_retryable(), "{error:?}");
            }
            Ok(done.map(drop)?)
        })
        .await
        .unwrap();
    };
    bouncer.restart().await.unwrap();
    recovers().await;
    server.restart().await.unwrap();
    recovers().await;
    server.kill().await.unwrap();
    // PgBouncer waits for the server for two minutes. The clock jumps to our limit.
    tokio::time::pause();
    let error = database.write_text(one).await.unwrap_err();
    tokio::time::resume();
    assert!(error.is_retryable(), "{error:?}");
    server.restart().await.unwrap();
    recovers().await;
}
