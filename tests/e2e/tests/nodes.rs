//! Two web nodes and two accumulators that share a Redis show the same numbers.

#![expect(clippy::indexing_slicing, reason = "a missing key fails the test")]

use std::time::{Duration, Instant};

use anyhow::ensure;
use horizon_test_support::{SseStream, TestCluster, http, process::Process, wait_until};

/// Waits until every node returns this number for the page. Returns the time that took.
async fn wait_for_number(nodes: &[&Process], key: &str, want: u64) -> anyhow::Result<Duration> {
    let start = Instant::now();
    wait_until(&format!("every node returns {want} {key}"), async || {
        for node in nodes {
            let numbers = http::get(node.address(), "/horizon/stats/hello").await?.json()?;
            ensure!(numbers[key] == want, "one returns {numbers}");
        }
        Ok(())
    })
    .await?;
    Ok(start.elapsed())
}

async fn open_page(node: &Process, agent: &str) -> anyhow::Result<SseStream> {
    http::open_stream(node.address(), "/horizon/live/hello", &[("user-agent", agent)]).await
}

#[tokio::test]
async fn both_nodes_show_the_viewers_and_likes_of_both() -> anyhow::Result<()> {
    let cluster = TestCluster::start().await?;
    let (one, two) = (cluster.web("one", &[]).await?, cluster.web("two", &[]).await?);
    let _accumulators = (cluster.accumulator("a").await?, cluster.accumulator("b").await?);
    let both = [&one, &two];

    let ada = "Mozilla/5.0 (X11; Linux x86_64) Ada/1.0";
    let bob = "Mozilla/5.0 (X11; Linux x86_64) Bob/1.0";
    let mut here = open_page(&one, ada).await?;
    wait_for_number(&both, "viewers", 1).await?;
    let _again = open_page(&two, ada).await?;
    let _there = open_page(&two, bob).await?;
    wait_for_number(&both, "viewers", 2).await?;
    wait_for_number(&both, "visits", 2).await?;

    for node in both {
        let id = ("idempotency-key", "019ab4f0c1d27a3c8e5f6071829304a5");
        let answer = http::send(node.address(), http::Method::PUT, "/horizon/likes/hello", &[id], "").await?;
        ensure!(answer.status == 200, "{} {}", answer.status, answer.text());
    }
    wait_for_number(&both, "likes", 1).await?;
    // The first reader receives a frame with all three numbers.
    here.read_until(r#""viewers":2,"visits":2,"likes":1"#).await
}

#[tokio::test]
async fn viewers_of_a_stopped_node_leave_within_a_second_and_of_a_killed_one_within_ten() -> anyhow::Result<()> {
    let cluster = TestCluster::start().await?;
    let (stopped, killed, rest) = (
        cluster.web("stopped", &[]).await?,
        cluster.web("killed", &[]).await?,
        cluster.web("rest", &[]).await?,
    );
    let agent = |name: &str| format!("Mozilla/5.0 (X11; Linux x86_64) {name}/1.0");
    let _ada = open_page(&stopped, &agent("Ada")).await?;
    let _bob = open_page(&killed, &agent("Bob")).await?;
    let _eve = open_page(&rest, &agent("Eve")).await?;
    wait_for_number(&[&stopped, &killed, &rest], "viewers", 3).await?;

    let (others, stop) = ([&killed, &rest], stopped.stop());
    let (status, took) = tokio::join!(stop, wait_for_number(&others, "viewers", 2));
    let (status, took) = (status?, took?);
    ensure!(status.success(), "it ended with {status}");
    ensure!(
        took < Duration::from_secs(1),
        "the viewers of a stopped node stayed for {took:?}"
    );
    killed.kill().await?;
    let took = wait_for_number(&[&rest], "viewers", 1).await?;
    ensure!(
        took < Duration::from_secs(10),
        "the viewers of a killed node stayed for {took:?}"
    );
    Ok(())
}

#[tokio::test]
async fn a_reader_known_to_one_node_is_known_to_the_other() -> anyhow::Result<()> {
    let cluster = TestCluster::start().await?;
    let (one, two) = (cluster.web("one", &[]).await?, cluster.web("two", &[]).await?);
    let _accumulator = cluster.accumulator("a").await?;
    let put = |node: &Process, headers: Vec<(&'static str, String)>| {
        let address = node.address();
        async move {
            let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
            http::send(address, http::Method::PUT, "/horizon/likes/hello", &headers, "").await
        }
    };
    let first = put(&one, Vec::new()).await?;
    let cookie = first.cookie();
    ensure!(!cookie.is_empty(), "the first like set no cookie");
    let second = put(&two, vec![("cookie", cookie)]).await?;
    ensure!(second.json()?["likes"] == 1, "{}", second.text());
    wait_for_number(&[&one, &two], "likes", 1).await?;
    Ok(())
}
