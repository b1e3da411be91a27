//! `docs/contract.md`, kept: the whole system is driven with nothing but redis-cli.

use std::process::Stdio;

use anyhow::{Context, ensure};
use horizon_test_support::{DEADLINE, Nodes, http, wait_until};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStdout, Command},
    time::timeout,
};

const EVENTS: &str = "analytics:events";
const STATS: &str = "stats:blog:hello";

/// A `redis-cli SUBSCRIBE`.
struct Subscription {
    lines: Lines<BufReader<ChildStdout>>,
    _child: Child,
}

impl Subscription {
    async fn start(nodes: &Nodes, channel: &str) -> anyhow::Result<Self> {
        let before = subscribers(nodes, channel).await?;
        let mut child = Command::new("redis-cli")
            .args(["-p", &nodes.redis.port().to_string(), "SUBSCRIBE", channel])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let output = child.stdout.take().context("no standard output")?;
        wait_until("redis-cli is subscribed", async || {
            ensure!(subscribers(nodes, channel).await? > before, "it is not");
            Ok(())
        })
        .await?;
        Ok(Self {
            lines: BufReader::new(output).lines(),
            _child: child,
        })
    }

    /// The first message from here on for which this holds.
    async fn hears(&mut self, holds: impl Fn(&Value) -> bool) -> anyhow::Result<Value> {
        let heard = async {
            while let Some(line) = self.lines.next_line().await? {
                if let Ok(message) = serde_json::from_str::<Value>(&line)
                    && holds(&message)
                {
                    return Ok(message);
                }
            }
            anyhow::bail!("redis-cli ended")
        };
        timeout(DEADLINE, heard).await.context("no such message came")?
    }
}

async fn subscribers(nodes: &Nodes, channel: &str) -> anyhow::Result<u32> {
    let answer = nodes.redis.cli(&["PUBSUB", "NUMSUB", channel]).await?;
    Ok(answer.split_whitespace().last().unwrap_or_default().parse()?)
}

#[tokio::test]
async fn a_visit_and_a_like_are_published_and_the_totals_watched() -> anyhow::Result<()> {
    let nodes = Nodes::start().await?;
    let _accumulator = nodes.accumulator("counts").await?;
    let web = nodes.web("serves", &[]).await?;
    let mut totals = Subscription::start(&nodes, STATS).await?;

    let visit = r#"{"v":1,"topic":"blog:hello","type":"visit"}"#;
    nodes.redis.cli(&["XADD", EVENTS, "*", "event", visit]).await?;
    totals.hears(|totals| totals["visits"] == 1).await?;

    let like = r#"{"v":1,"id":"019ab4f0c1d27a3c8e5f6071829304a5","topic":"blog:hello","type":"like","reader":"00000000000000000000000000000007"}"#;
    for _ in 0..2 {
        nodes.redis.cli(&["XADD", EVENTS, "*", "event", like]).await?;
    }
    let told = totals.hears(|totals| totals["likes"] == 1).await?;
    let want = json!({
        "v": 1, "topic": "blog:hello", "revision": 2,
        "visits": 1, "likes": 1, "comments": 0, "comments_revision": 0,
    });
    ensure!(told == want, "{told}");

    nodes.redis.cli(&["XADD", EVENTS, "*", "event", "nonsense"]).await?;
    nodes.redis.cli(&["XADD", EVENTS, "*", "event", visit]).await?;
    totals.hears(|totals| totals["visits"] == 2).await?;
    let refused = nodes.redis.cli(&["XRANGE", "analytics:refused", "-", "+"]).await?;
    ensure!(refused.contains("nonsense"), "{refused}");

    let kept: Value = serde_json::from_str(&nodes.redis.cli(&["GET", "stats:{blog:hello}"]).await?)?;
    let page = http::get(web.address(), "/horizon/stats/hello").await?.json()?;
    ensure!(kept["visits"] == 2 && kept["likes"] == 1, "the kept totals are {kept}");
    ensure!(
        page["visits"] == 2 && page["likes"] == 1,
        "the page's numbers are {page}"
    );
    Ok(())
}

#[tokio::test]
async fn who_says_that_readers_are_there_is_believed_as_long_as_they_give_a_sign_of_life() -> anyhow::Result<()> {
    let nodes = Nodes::start().await?;
    let web = nodes.web("serves", &[]).await?;
    let viewers = async |want: u64| {
        wait_until(&format!("{want} readers are there"), async || {
            let numbers = http::get(web.address(), "/horizon/stats/hello").await?.json()?;
            ensure!(numbers["viewers"] == want, "{numbers}");
            Ok(())
        })
        .await
    };
    viewers(0).await?;
    let mut said = Subscription::start(&nodes, "presence:blog:hello").await?;
    let say = async |message: &str| nodes.redis.cli(&["PUBLISH", "presence:blog:hello", message]).await;
    say(r#"{"v":1,"node":"by-hand","incarnation":1,"type":"ask"}"#).await?;
    let state = said.hears(|message| message["type"] == "state").await?;
    ensure!(state["node"] == "serves" && state["members"] == json!([]), "{state}");
    say(r#"{"v":1,"node":"by-hand","incarnation":1,"type":"state","version":1,"members":["00000000000000000000000000000007"]}"#).await?;
    viewers(1).await?;
    viewers(0).await
}
