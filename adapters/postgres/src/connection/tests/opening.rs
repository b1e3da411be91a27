use horizon_test_support::{PostgresServer, TestDatabase, wait_until};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    time::sleep,
};

use super::{
    log::{capture_log, count_in_log},
    *,
};

/// How long the reader of a page waits.
const PATIENCE: Duration = Duration::from_millis(300);

/// How long bytes take to a distant server and back. Opening a connection takes more than ten round trips, and a read
/// two.
const DELAY: Duration = Duration::from_millis(20);

const ONE: SqlStatement = sql("SELECT 'one'");

/// Starts a proxy that delays all bytes, and returns the URL that leads through it.
async fn delay(url: &str) -> String {
    let (_, server) = url.split_once('@').unwrap();
    let (server, _) = server.split_once('/').unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let delayed = url.replace(server, &address);
    let server = server.to_owned();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let (from_client, to_client) = client.into_split();
            let (from_server, to_server) = TcpStream::connect(&server).await.unwrap().into_split();
            tokio::spawn(forward(from_client, to_server));
            tokio::spawn(forward(from_server, to_client));
        }
    });
    delayed
}

async fn forward(mut from: OwnedReadHalf, mut to: OwnedWriteHalf) {
    let mut buffer = vec![0; 1 << 16];
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        sleep(DELAY).await;
        if to.write_all(buffer.get(..length).unwrap()).await.is_err() {
            return;
        }
    }
}

#[tokio::test]
async fn callers_who_give_up_before_a_distant_server_has_answered_get_a_connection_in_the_end() {
    let server = TestDatabase::create().await.unwrap();
    let database = database(&delay(server.url()).await);
    let mut calls = 0;
    while !matches!(timeout(PATIENCE, database.read_text(ONE)).await, Ok(Ok(_))) {
        calls += 1;
        assert!(calls < 50, "no call got a connection");
    }
    assert!(calls > 0, "the server is not distant");
    wait_for_connections(&server, "1").await;
}

/// Waits until the store has this number of connections.
async fn wait_for_connections(server: &TestDatabase, expected: &str) {
    wait_until("the connections of earlier calls are closed", async || {
        let open = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND \
                    application_name = 'eventhorizon'";
        anyhow::ensure!(server.execute(open).await? == [expected]);
        Ok(())
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn a_closed_store_closes_the_connection_that_nobody_waited_for() {
    let server = TestDatabase::create().await.unwrap();
    let database = database(&delay(server.url()).await);
    assert!(timeout(PATIENCE, database.read_text(ONE)).await.is_err());
    database.close();
    wait_for_connections(&server, "0").await;
}

#[tokio::test]
async fn a_server_that_never_answers_is_logged_although_no_caller_waits_so_long() {
    capture_log();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let database = database(&format!("postgres://postgres@127.0.0.1:{port}/postgres"));
    assert!(timeout(PATIENCE, database.read_text(ONE)).await.is_err());
    // The clock jumps.
    tokio::time::pause();
    sleep(CONNECT).await;
    assert_eq!(count_in_log("no connection to PostgreSQL"), 1);
}

#[tokio::test]
async fn a_server_that_locks_out_a_user_later_is_an_outage() {
    let server = PostgresServer::start(&[]).await.unwrap();
    let admin = server.database();
    let create = "CREATE ROLE app LOGIN; GRANT CREATE ON DATABASE postgres TO app";
    admin.execute(create).await.unwrap();
    let url = server.url().replace("postgres@", "app@");
    let running = database(&url);
    running.read_text(ONE).await.unwrap();
    let lock_out = "ALTER ROLE app NOLOGIN; SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                    WHERE usename = 'app'";
    admin.execute(lock_out).await.unwrap();
    // The first call may fail because its connection ends.
    for _ in 0..2 {
        let error = running.read_text(ONE).await.unwrap_err();
        assert!(error.is_retryable(), "{error:?}");
    }
    let error = running.read_text(ONE).await.unwrap_err().into_port_error("failed");
    assert!(error.to_string().contains("pg_hba.conf"), "{error:?}");
    // A process that starts now gets a permanent error.
    let starting = database(&url).read_text(ONE).await.unwrap_err();
    assert!(!starting.is_retryable(), "{starting:?}");
    admin.execute("ALTER ROLE app LOGIN").await.unwrap();
    assert_eq!(running.read_text(ONE).await.unwrap(), "one");
}
