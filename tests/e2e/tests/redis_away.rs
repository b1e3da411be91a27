//! A server whose Redis is away: it says so, serves what it has, and ends in time.

use std::time::{Duration, Instant};

use anyhow::ensure;
use horizon_redis::testing::RedisServer;
use horizon_test_support::{Options, Server, http, wait_until};
use tokio::time::sleep;

/// An address where no Redis is.
const NOWHERE: &str = "redis://:hunter2@127.0.0.1:1";

/// How long Redis is away: long enough for the server to say so.
const AWAY: Duration = Duration::from_secs(3);

/// How long it may take to end.
const END_WAIT: Duration = Duration::from_secs(10);

#[tokio::test]
async fn it_is_not_ready_and_serves_pages_and_ends_in_time() -> anyhow::Result<()> {
    let mut server = Server::start(Options::default().with("HORIZON_BUS", NOWHERE)).await?;
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
async fn a_server_that_starts_before_its_redis_waits_for_the_secret_that_is_kept_there() -> anyhow::Result<()> {
    let mut redis = RedisServer::start(&[]).await?;
    redis.kill().await?;
    let options = Options::default()
        .with("HORIZON_BUS", &redis.url())
        .with("HORIZON_STORE", &redis.url());
    let comes = async {
        sleep(AWAY).await;
        redis.start_again().await
    };
    let (server, redis) = tokio::join!(Server::start(options), comes);
    let mut server = server?;
    redis?;
    ensure!(
        server.log().contains("the secret that signs cookies"),
        "{}",
        server.log()
    );
    wait_until("it is ready", async || {
        let ready = http::get(server.address(), "/readyz").await?;
        ensure!(ready.status == 200, "{} {}", ready.status, ready.text());
        Ok(())
    })
    .await?;
    ensure!(server.stop().await?.success(), "{}", server.log());
    Ok(())
}
