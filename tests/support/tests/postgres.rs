//! PostgreSQL starts, and ends with its process.

use std::net::TcpStream;

use anyhow::ensure;
use horizon_test_support::{PostgresServer, wait_until};

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
