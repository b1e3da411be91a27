//! PostgreSQL starts, stops, and ends with its process.

use std::net::TcpStream;

use anyhow::ensure;
use horizon_test_support::{PostgresOptions, PostgresServer, TestDatabase, wait_until};
use tokio::time::{Duration, timeout};

#[tokio::test]
async fn a_server_listens_until_it_is_dropped() -> anyhow::Result<()> {
    let server = PostgresServer::start(&[]).await?;
    let address = ("127.0.0.1", server.port());
    ensure!(server.url() == format!("postgres://postgres@127.0.0.1:{}/postgres", server.port()));
    TcpStream::connect(address)?;
    drop(server);
    wait_until("the port is closed", async || {
        ensure!(TcpStream::connect(address).is_err(), "it is still open");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_server_that_cannot_start_returns_its_log() -> anyhow::Result<()> {
    let error = PostgresServer::start(&["-c", "max_connections=none"]).await.map(drop);
    let error = format!("{:?}", error.err());
    ensure!(error.contains("max_connections"), "{error}");
    Ok(())
}

#[tokio::test]
async fn each_database_has_its_own_tables() -> anyhow::Result<()> {
    for number in 1..=2 {
        let database = TestDatabase::create().await?;
        let sql = format!("CREATE TABLE t (a integer, b text); INSERT INTO t VALUES ({number}, NULL); SELECT * FROM t");
        ensure!(database.execute(&sql).await? == [format!("{number}|")]);
    }
    Ok(())
}

#[tokio::test]
async fn a_durable_server_that_is_killed_keeps_what_it_committed() -> anyhow::Result<()> {
    let options = PostgresOptions {
        is_durable: true,
        ..PostgresOptions::default()
    };
    let server = PostgresServer::start_with(&options).await?;
    let database = server.create_database().await?;
    ensure!(database.execute("SHOW fsync").await? == ["on"]);
    let client = database.connect().await?;
    client.batch_execute("CREATE TABLE t AS SELECT 1 AS a").await?;
    server.kill().await?;
    ensure!(
        client.batch_execute("SELECT 1").await.is_err(),
        "the old connection works"
    );
    ensure!(
        TcpStream::connect(("127.0.0.1", server.port())).is_err(),
        "it still listens"
    );
    server.restart().await?;
    ensure!(server.log().contains("was not properly shut down"), "{}", server.log());
    ensure!(database.execute("SELECT a FROM t").await? == ["1"]);
    server.restart().await?;
    ensure!(!server.log().contains("was not properly shut down"), "{}", server.log());
    Ok(())
}

#[tokio::test]
async fn a_paused_server_answers_when_it_is_resumed() -> anyhow::Result<()> {
    let server = PostgresServer::start(&[]).await?;
    let client = server.database().connect().await?;
    server.pause().await?;
    let answer = client.batch_execute("SELECT 1");
    let mut answer = Box::pin(answer);
    ensure!(
        timeout(Duration::from_millis(200), &mut answer).await.is_err(),
        "it runs"
    );
    server.resume().await?;
    answer.await?;
    // It also ends when it is paused.
    server.pause().await
}
