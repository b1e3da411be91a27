//! What Redis loses, or may lose, is told by a web node's `/readyz`, `/metrics` and log.

use anyhow::ensure;
use horizon_redis::testing::RedisServer;
use horizon_test_support::{Nodes, http, process::Process, wait_until};

async fn like(node: &Process, id: u32) -> anyhow::Result<http::Answer> {
    let id = format!("{id:032x}");
    let key = [("idempotency-key", id.as_str())];
    http::send(node.address(), http::Method::PUT, "/horizon/likes/hello", &key, "").await
}

/// Waits until the node is not ready for a reason with these words.
async fn says(node: &Process, words: &str) -> anyhow::Result<()> {
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
async fn likes_that_redis_lost_before_anybody_counted_them_are_an_alarm() -> anyhow::Result<()> {
    let nodes = Nodes::start().await?;
    let web = nodes.web("web", &[]).await?;
    for id in 1..=3 {
        ensure!(
            like(&web, id).await?.status == 200,
            "no accumulator runs, and the like is taken"
        );
    }
    nodes.redis.cli(&["DEL", "analytics:events"]).await?;
    says(&web, "bus: up to 3 acknowledged events were lost").await?;
    let metrics = http::get(web.address(), "/metrics").await?;
    let metrics = metrics.text();
    for line in ["horizon_stream_lost_total 3\n", "horizon_problem{part=\"bus\"} 1\n"] {
        ensure!(metrics.contains(line), "{metrics}");
    }
    let log = nodes.log_of("web");
    ensure!(log.contains("ERROR") && log.contains("are lost"), "{log}");
    Ok(())
}

#[tokio::test]
async fn a_redis_that_may_lose_data_is_told_unless_it_is_accepted() -> anyhow::Result<()> {
    let nodes = Nodes::start().await?;
    nodes.redis.cli(&["CONFIG", "SET", "appendonly", "no"]).await?;
    let (web, easy) = (
        nodes.web("web", &[]).await?,
        nodes.web("easy", &[("HORIZON_REDIS_MAY_LOSE_DATA", "true")]).await?,
    );
    says(&web, "redis-settings: the Redis of events and numbers").await?;
    wait_until("it only warns", async || {
        let log = nodes.log_of("easy");
        ensure!(log.contains("WARN") && log.contains("appendonly"), "{log}");
        Ok(())
    })
    .await?;
    ensure!(http::get(easy.address(), "/readyz").await?.status == 200);
    Ok(())
}

#[tokio::test]
async fn a_node_of_a_redis_cluster_is_refused_and_no_like_is_acknowledged_on_it() -> anyhow::Result<()> {
    let mut redis = RedisServer::start(&["--cluster-enabled", "yes"]).await?;
    redis.cli(&["CLUSTER", "ADDSLOTSRANGE", "0", "16383"]).await?;
    let nodes = Nodes::start().await?;
    let address = redis.url();
    let secret = "a secret for the tests alone, long enough";
    let settings = [("HORIZON_BUS", &*address), ("HORIZON_SECRET", secret)];
    let refused = nodes.web("refused", &settings).await;
    let log = nodes.log_of("refused");
    ensure!(refused.is_err() && log.contains("Redis Cluster"), "{log}");

    redis.kill().await?;
    let web = nodes.web("early", &settings).await?;
    redis.start_again().await?;
    says(&web, "redis-kind: the Redis of events and numbers").await?;
    let answer = like(&web, 1).await?;
    ensure!(answer.status == 503, "{} {}", answer.status, answer.text());
    Ok(())
}
