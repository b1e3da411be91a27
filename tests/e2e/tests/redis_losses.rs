//! A web node reports data that Redis lost or may lose: in `/readyz`, `/metrics` and its log.

use anyhow::ensure;
use horizon_redis::testing::RedisServer;
use horizon_test_support::{TestCluster, http, process::Process, wait_for_line, wait_until};

async fn like(node: &Process, id: u32) -> anyhow::Result<http::Response> {
    let id = format!("{id:032x}");
    // A reader with a privacy signal, so that the like is the only event: it sends no visit.
    let key = [("idempotency-key", id.as_str()), ("sec-gpc", "1")];
    http::send(node.address(), http::Method::PUT, "/horizon/likes/hello", &key, "").await
}

/// Waits until the node is not ready and the reason contains `words`.
async fn wait_for_problem(node: &Process, words: &str) -> anyhow::Result<()> {
    wait_until(words, async || {
        let answer = http::get(node.address(), "/readyz").await?;
        ensure!(
            answer.status == 503 && answer.text().contains(words),
            "{}",
            answer.text()
        );
        Ok(())
    })
    .await
}

#[tokio::test]
async fn likes_that_redis_loses_before_they_are_counted_are_reported() -> anyhow::Result<()> {
    let cluster = TestCluster::start().await?;
    let web = cluster.web("web", &[]).await?;
    for id in 1..=3 {
        ensure!(
            like(&web, id).await?.status == 200,
            "a like is acknowledged without an accumulator"
        );
    }
    cluster.redis.cli(&["DEL", "analytics:events"]).await?;
    wait_for_problem(&web, "bus: up to 3 acknowledged events were lost").await?;
    let metrics = http::get(web.address(), "/metrics").await?;
    let metrics = metrics.text();
    for line in ["horizon_stream_lost_total 3\n", "horizon_problem{part=\"bus\"} 1\n"] {
        ensure!(metrics.contains(line), "{metrics}");
    }
    wait_for_line(|| cluster.log_of("web"), &["ERROR", "are lost"]).await
}

#[tokio::test]
async fn a_redis_that_may_lose_data_is_a_problem_unless_it_is_allowed() -> anyhow::Result<()> {
    let cluster = TestCluster::start().await?;
    cluster.redis.cli(&["CONFIG", "SET", "appendonly", "no"]).await?;
    let (web, easy) = (
        cluster.web("web", &[]).await?,
        cluster.web("easy", &[("HORIZON_REDIS_MAY_LOSE_DATA", "true")]).await?,
    );
    wait_for_problem(&web, "redis-settings: the Redis of events and numbers").await?;
    wait_until("it only warns", async || {
        let log = cluster.log_of("easy");
        ensure!(log.contains("WARN") && log.contains("appendonly"), "{log}");
        Ok(())
    })
    .await?;
    ensure!(http::get(easy.address(), "/readyz").await?.status == 200);
    Ok(())
}

#[tokio::test]
async fn a_redis_cluster_is_rejected_and_no_like_is_acknowledged() -> anyhow::Result<()> {
    let mut redis = RedisServer::start(&["--cluster-enabled", "yes"]).await?;
    redis.cli(&["CLUSTER", "ADDSLOTSRANGE", "0", "16383"]).await?;
    let cluster = TestCluster::start().await?;
    let address = redis.url();
    let secret = "a secret for the tests alone, long enough";
    let settings = [("HORIZON_BUS", &*address), ("HORIZON_SECRET", secret)];
    let refused = cluster.web("refused", &settings).await;
    let log = cluster.log_of("refused");
    ensure!(refused.is_err() && log.contains("Redis Cluster"), "{log}");

    redis.kill().await?;
    let web = cluster.web("early", &settings).await?;
    redis.start_again().await?;
    wait_for_problem(&web, "redis-kind: the Redis of events and numbers").await?;
    let answer = like(&web, 1).await?;
    ensure!(answer.status == 503, "{} {}", answer.status, answer.text());
    Ok(())
}
