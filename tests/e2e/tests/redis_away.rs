//! A server that cannot reach Redis reports that, serves pages, and stops in time.

use std::time::{Duration, Instant};

use anyhow::ensure;
use futures::future::try_join;
use horizon_redis::testing::RedisServer;
use horizon_test_support::{ServerOptions, WebServer, http, process, wait_until};
use tempfile::NamedTempFile;

/// An address without a server.
const NOWHERE: &str = "redis://:hunter2@127.0.0.1:1";

/// The longest time to stop.
const END_WAIT: Duration = Duration::from_secs(10);

#[tokio::test]
async fn it_is_not_ready_and_serves_pages_and_stops_in_time() -> anyhow::Result<()> {
    let mut server = WebServer::start(ServerOptions::default().with("HORIZON_BUS", NOWHERE)).await?;
    let ready = http::get(server.address(), "/readyz").await?;
    ensure!(ready.status == 503, "{} {}", ready.status, ready.text());
    ensure!(
        ready.text().starts_with("Redis cannot be reached: "),
        "{}",
        ready.text()
    );
    for path in ["/healthz", "/metrics", "/", "/blog/hello"] {
        let answer = http::get(server.address(), path).await?;
        ensure!(answer.status == 200, "{path}: {} {}", answer.status, answer.text());
    }
    let asked = Instant::now();
    let status = server.stop().await?;
    ensure!(status.success(), "it ended with {status}");
    ensure!(asked.elapsed() < END_WAIT, "it took {:?}", asked.elapsed());
    ensure!(!server.log().contains("hunter2"), "a password is in the log");
    ensure!(server.log().contains("Connection refused"), "{}", server.log());
    Ok(())
}

#[tokio::test]
async fn a_server_that_starts_before_redis_waits_for_the_secret_in_redis() -> anyhow::Result<()> {
    let mut redis = RedisServer::start(&[]).await?;
    redis.kill().await?;
    let log = NamedTempFile::new()?;
    let options = ServerOptions::default()
        .with("HORIZON_BUS", &redis.url())
        .with("HORIZON_STORE", &redis.url())
        .with_standard_error(log.reopen()?);
    let start_redis = async {
        wait_until("the server waits for the secret", async || {
            let log = process::read_log(log.path());
            ensure!(log.contains("the secret that signs cookies"), "{log}");
            Ok(())
        })
        .await?;
        Ok(redis.start_again().await?)
    };
    let (mut server, ()) = try_join(WebServer::start(options), start_redis).await?;
    wait_until("it is ready", async || {
        let ready = http::get(server.address(), "/readyz").await?;
        ensure!(ready.status == 200, "{} {}", ready.status, ready.text());
        Ok(())
    })
    .await?;
    ensure!(server.stop().await?.success(), "{}", process::read_log(log.path()));
    Ok(())
}
