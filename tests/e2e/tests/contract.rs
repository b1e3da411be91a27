//! The Redis contract of `docs/contract.md`, with redis-cli as the only client.

use std::process::Stdio;

use anyhow::{Context, ensure};
use horizon_test_support::{DEADLINE, TestCluster, http, wait_until};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStdout, Command},
    time::timeout,
};

const EVENTS: &str = "analytics:events";
const STATS: &str = "stats:blog:hello";

/// A `redis-cli SUBSCRIBE`.
struct ChannelReader {
    lines: Lines<BufReader<ChildStdout>>,
    _child: Child,
}

impl ChannelReader {
    async fn start(cluster: &TestCluster, channel: &str) -> anyhow::Result<Self> {
        let before = subscribers(cluster, channel).await?;
        let mut child = Command::new("redis-cli")
            .args(["-p", &cluster.redis.port().to_string(), "SUBSCRIBE", channel])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let output = child.stdout.take().context("no standard output")?;
        wait_until("redis-cli is subscribed", async || {
            ensure!(subscribers(cluster, channel).await? > before, "it is not");
            Ok(())
        })
        .await?;
        Ok(Self {
            lines: BufReader::new(output).lines(),
            _child: child,
        })
    }

    /// Returns the next message that fulfils the condition.
    async fn wait_for(&mut self, holds: impl Fn(&Value) -> bool) -> anyhow::Result<Value> {
        let received = async {
            while let Some(line) = self.lines.next_line().await? {
                if let Ok(message) = serde_json::from_str::<Value>(&line)
                    && holds(&message)
                {
                    return Ok(message);
                }
            }
            anyhow::bail!("redis-cli ended")
        };
        timeout(DEADLINE, received).await.context("no such message in time")?
    }
}

async fn subscribers(cluster: &TestCluster, channel: &str) -> anyhow::Result<u32> {
    let answer = cluster.redis.cli(&["PUBSUB", "NUMSUB", channel]).await?;
    Ok(answer.split_whitespace().last().unwrap_or_default().parse()?)
}

#[tokio::test]
async fn a_visit_and_a_like_are_published_and_the_totals_watched() -> anyhow::Result<()> {
    let cluster = TestCluster::start().await?;
    let _accumulator = cluster.accumulator("counts").await?;
    let web = cluster.web("serves", &[]).await?;
    let mut totals = ChannelReader::start(&cluster, STATS).await?;

    let visit = r#"{"v":1,"topic":"blog:hello","type":"visit"}"#;
    cluster.redis.cli(&["XADD", EVENTS, "*", "event", visit]).await?;
    totals.wait_for(|totals| totals["visits"] == 1).await?;

    let id = "019ab4f0c1d27a3c8e5f6071829304a5";
    let reader = "00000000000000000000000000000007";
    let like = format!(r#"{{"v":1,"id":"{id}","topic":"blog:hello","type":"like","reader":"{reader}"}}"#);
    for _ in 0..2 {
        cluster.redis.cli(&["XADD", EVENTS, "*", "event", &like]).await?;
    }
    let published = totals.wait_for(|totals| totals["likes"] == 1).await?;
    let want = json!({
        "v": 1, "topic": "blog:hello", "revision": 2,
        "visits": 1, "likes": 1, "comments": 0, "comments_revision": 0,
    });
    ensure!(published == want, "{published}");

    cluster.redis.cli(&["XADD", EVENTS, "*", "event", "nonsense"]).await?;
    cluster.redis.cli(&["XADD", EVENTS, "*", "event", visit]).await?;
    totals.wait_for(|totals| totals["visits"] == 2).await?;
    let refused = cluster.redis.cli(&["XRANGE", "analytics:refused", "-", "+"]).await?;
    ensure!(refused.contains("nonsense"), "{refused}");

    let kept: Value = serde_json::from_str(&cluster.redis.cli(&["GET", "stats:{blog:hello}"]).await?)?;
    let page = http::get(web.address(), "/horizon/stats/hello").await?.json()?;
    ensure!(kept["visits"] == 2 && kept["likes"] == 1, "the kept totals are {kept}");
    ensure!(
        page["visits"] == 2 && page["likes"] == 1,
        "the page's numbers are {page}"
    );
    Ok(())
}

#[tokio::test]
async fn viewers_of_a_foreign_node_count_until_its_heartbeats_stop() -> anyhow::Result<()> {
    let cluster = TestCluster::start().await?;
    let web = cluster.web("serves", &[]).await?;
    let viewers = async |want: u64| {
        wait_until(&format!("{want} readers are there"), async || {
            let numbers = http::get(web.address(), "/horizon/stats/hello").await?.json()?;
            ensure!(numbers["viewers"] == want, "{numbers}");
            Ok(())
        })
        .await
    };
    viewers(0).await?;
    let mut messages = ChannelReader::start(&cluster, "presence:blog:hello").await?;
    let publish = async |message: &str| cluster.redis.cli(&["PUBLISH", "presence:blog:hello", message]).await;
    publish(r#"{"v":1,"node":"by-hand","incarnation":1,"type":"ask"}"#).await?;
    let state = messages.wait_for(|message| message["type"] == "state").await?;
    ensure!(state["node"] == "serves" && state["members"] == json!([]), "{state}");
    let members = r#"["00000000000000000000000000000007"]"#;
    let state = r#""v":1,"node":"by-hand","incarnation":1,"type":"state","version":1"#;
    publish(&format!("{{{state},\"members\":{members}}}")).await?;
    viewers(1).await?;
    viewers(0).await
}
