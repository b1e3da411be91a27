//! Two nodes and two accumulators with one URL each are one site.

#![expect(clippy::indexing_slicing, reason = "a key that is not there shall fail the test")]

use std::time::{Duration, Instant};

use anyhow::ensure;
use horizon_test_support::{Nodes, http, process::Process, wait_until};

/// Waits until every node says these numbers of the page.
async fn all_say(nodes: &[&Process], key: &str, want: u64) -> anyhow::Result<Duration> {
    let start = Instant::now();
    wait_until(&format!("every node says {want} {key}"), async || {
        for node in nodes {
            let numbers = http::get(node.address(), "/horizon/stats/hello").await?.json()?;
            ensure!(numbers[key] == want, "one says {numbers}");
        }
        Ok(())
    })
    .await?;
    Ok(start.elapsed())
}

async fn read(node: &Process, agent: &str) -> anyhow::Result<http::Lines> {
    http::open(node.address(), "/horizon/live/hello", &[("user-agent", agent)]).await
}

#[tokio::test]
async fn readers_and_likes_of_both_nodes_are_one_number_on_both() -> anyhow::Result<()> {
    let nodes = Nodes::start().await?;
    let (one, two) = (nodes.web("one", &[]).await?, nodes.web("two", &[]).await?);
    let _accumulators = (nodes.accumulator("a").await?, nodes.accumulator("b").await?);
    let both = [&one, &two];

    let ada = "Mozilla/5.0 (X11; Linux x86_64) Ada/1.0";
    let bob = "Mozilla/5.0 (X11; Linux x86_64) Bob/1.0";
    let mut here = read(&one, ada).await?;
    all_say(&both, "viewers", 1).await?;
    let _again = read(&two, ada).await?;
    let _there = read(&two, bob).await?;
    all_say(&both, "viewers", 2).await?;
    all_say(&both, "visits", 2).await?;

    for node in both {
        let id = ("idempotency-key", "019ab4f0c1d27a3c8e5f6071829304a5");
        let answer = http::send(node.address(), http::Method::PUT, "/horizon/likes/hello", &[id], "").await?;
        ensure!(answer.status == 200, "{} {}", answer.status, answer.text());
    }
    all_say(&both, "likes", 1).await?;
    // A frame with all of it reaches a reader who has been there all the time.
    while let Some(line) = here.next().await? {
        if line.contains(r#""viewers":2,"visits":2,"likes":1"#) {
            return Ok(());
        }
    }
    anyhow::bail!("the live stream ended")
}

#[tokio::test]
async fn a_stopped_nodes_readers_are_gone_within_a_second_and_a_killed_ones_within_ten() -> anyhow::Result<()> {
    let nodes = Nodes::start().await?;
    let (stopped, killed, rest) = (
        nodes.web("stopped", &[]).await?,
        nodes.web("killed", &[]).await?,
        nodes.web("rest", &[]).await?,
    );
    let agent = |name: &str| format!("Mozilla/5.0 (X11; Linux x86_64) {name}/1.0");
    let _ada = read(&stopped, &agent("Ada")).await?;
    let _bob = read(&killed, &agent("Bob")).await?;
    let _eve = read(&rest, &agent("Eve")).await?;
    all_say(&[&stopped, &killed, &rest], "viewers", 3).await?;

    let (others, asked) = ([&killed, &rest], stopped.stop());
    let (status, took) = tokio::join!(asked, all_say(&others, "viewers", 2));
    let (status, took) = (status?, took?);
    ensure!(status.success(), "it ended with {status}");
    ensure!(
        took < Duration::from_secs(1),
        "the readers of a stopped node were there for {took:?}"
    );
    killed.kill().await?;
    let took = all_say(&[&rest], "viewers", 1).await?;
    ensure!(
        took < Duration::from_secs(10),
        "the readers of a killed node were there for {took:?}"
    );
    Ok(())
}

#[tokio::test]
async fn a_reader_known_to_one_node_is_known_to_the_other() -> anyhow::Result<()> {
    let nodes = Nodes::start().await?;
    let (one, two) = (nodes.web("one", &[]).await?, nodes.web("two", &[]).await?);
    let _accumulator = nodes.accumulator("a").await?;
    let put = |node: &Process, headers: Vec<(&'static str, String)>| {
        let address = node.address();
        async move {
            let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
            http::send(address, http::Method::PUT, "/horizon/likes/hello", &headers, "").await
        }
    };
    let first = put(&one, Vec::new()).await?;
    let cookie = first
        .header("set-cookie")
        .split(';')
        .next()
        .unwrap_or_default()
        .to_owned();
    ensure!(!cookie.is_empty(), "no cookie came with the first like");
    let second = put(&two, vec![("cookie", cookie)]).await?;
    ensure!(second.json()?["likes"] == 1, "{}", second.text());
    all_say(&[&one, &two], "likes", 1).await?;
    Ok(())
}
