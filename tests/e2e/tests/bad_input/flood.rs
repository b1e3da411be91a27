//! A flood from one network or from many, and what is left of it.

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::{Context, ensure};
use futures::{StreamExt, TryStreamExt, stream};
use horizon_test_support::{
    ServerOptions, WebServer,
    http::{self, Method},
    wait_until,
};
use serde_json::json;

use crate::is_alive;

/// Live streams in a flood, each of another network.
const STREAMS: u32 = 1_500;

/// Likes, comments, and requests for unknown pages in a flood, each of another network.
const WRITES: u32 = 200;

/// Requests at the same time.
const AT_ONCE: usize = 64;

/// How much the memory of the server may grow in a second flood of the same size, in kilobytes, or else a third of what
/// the first one added. A flood adds 1 MB to the database, and so to the page cache; the allocator and other tests on
/// the machine add a few. A leak of 6 KB for each stream exceeds this.
const MAX_GROWTH: u64 = 8 * 1024;

/// What a flood adds to while it lasts, with its value when it is over.
const GAUGES: &[&str] = &[
    "horizon_live_connections 0",
    "horizon_live_pages 0",
    "horizon_limit_entries{kind=\"open\"} 0",
];

#[tokio::test]
async fn a_flood_leaves_neither_viewers_nor_memory() -> anyhow::Result<()> {
    let options = ServerOptions::default().with("RUST_LOG", "warn");
    let server = WebServer::start(options.with("HORIZON_TRUSTED_PROXIES", "127.0.0.1/32")).await?;
    let idle = server.resident_kilobytes()?;
    // The first flood fills pools and caches.
    flood(&server, 0).await?;
    let first = server.resident_kilobytes()?;
    flood(&server, 1).await?;
    let second = server.resident_kilobytes()?;
    let growth = format!("{idle} kB idle, {first} kB and {second} kB after floods of {STREAMS} streams");
    println!("{growth}");
    let allowed = MAX_GROWTH.max(first.saturating_sub(idle) / 3);
    ensure!(second <= first + allowed, "{growth}");
    is_alive(&server).await
}

/// Sends the requests of a flood, and waits until nothing is left of them.
async fn flood(server: &WebServer, round: u32) -> anyhow::Result<()> {
    let address = server.address();
    let network = |number: u32| Ipv4Addr::from_bits(0x0a00_0000 + round * 0x1_0000 + number).to_string();
    at_once(STREAMS, async |number| {
        let network = network(number);
        let headers = [("x-forwarded-for", network.as_str())];
        let mut live = http::open_stream(address, "/horizon/live/hello", &headers).await?;
        live.data_of("live").await.map(drop)
    })
    .await?;
    at_once(WRITES, async |number| {
        let network = network(number);
        like(address, &network).await?;
        comment(address, &network).await?;
        let path = format!("/horizon/live/unknown-{network}");
        http::get(address, &path).await.map(drop)
    })
    .await?;
    wait_until("the flood is over", async || {
        let metrics = http::get(address, "/metrics").await?.text();
        for gauge in GAUGES {
            ensure!(metrics.lines().any(|line| line == *gauge), "no {gauge} in {metrics}");
        }
        let stats = http::get(address, "/horizon/stats/hello").await?.json()?;
        ensure!(stats["viewers"] == 0, "{stats}");
        Ok(())
    })
    .await
}

async fn at_once(count: u32, request: impl AsyncFn(u32) -> anyhow::Result<()>) -> anyhow::Result<()> {
    stream::iter(0..count)
        .map(|number| request(number))
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await
}

async fn like(address: SocketAddr, network: &str) -> anyhow::Result<()> {
    let headers = [("x-forwarded-for", network)];
    let answer = http::send(address, Method::PUT, "/horizon/likes/hello", &headers, "").await?;
    ensure!(answer.status == 200, "{}", answer.text());
    Ok(())
}

async fn comment(address: SocketAddr, network: &str) -> anyhow::Result<()> {
    let headers = [("x-forwarded-for", network), ("content-type", "application/json")];
    let body = json!({ "body": "Hello" }).to_string();
    let answer = http::send(address, Method::POST, "/horizon/comments/hello", &headers, body).await?;
    ensure!(answer.status == 201, "{}", answer.text());
    Ok(())
}

#[tokio::test]
async fn one_address_is_few_streams_viewers_and_likes() -> anyhow::Result<()> {
    let options = ServerOptions::default()
        .with("HORIZON_TRUSTED_PROXIES", "127.0.0.1/32")
        .with("HORIZON_NETWORK_LIVE_STREAMS", "20")
        .with("HORIZON_NETWORK_VIEWERS", "5")
        .with("HORIZON_NETWORK_LIKES_WITHOUT_VISIT", "2")
        .with("HORIZON_RATE_LIKES", "1/4");
    let server = WebServer::start(options).await?;
    let (address, attacker) = (server.address(), ("x-forwarded-for", "203.0.113.7"));
    let mut streams = Vec::new();
    for number in 0..20 {
        let agent = format!("Mozilla/5.0 Firefox/{number}.0");
        let headers = [attacker, ("user-agent", &*agent)];
        streams.push(http::open_stream(address, "/horizon/live/hello", &headers).await?);
    }
    let refused = http::send(address, Method::GET, "/horizon/live/second", &[attacker], "").await?;
    ensure!(refused.status == 429, "{}", refused.status);
    ensure!(refused.header("retry-after") == "60", "{:?}", refused.headers);
    let last = streams.last_mut().context("no stream")?;
    last.read_until(r#""viewers":5,"visits":5"#).await?;

    let mut statuses = Vec::new();
    for _ in 0..5 {
        let answer = http::send(address, Method::PUT, "/horizon/likes/second", &[attacker], "").await?;
        statuses.push(answer.status.as_u16());
    }
    ensure!(statuses == [200, 200, 429, 429, 429], "{statuses:?}");
    let metrics = http::get(address, "/metrics").await?.text();
    for line in [
        "horizon_rate_limited_total{kind=\"open_streams\"} 1",
        "horizon_rate_limited_total{kind=\"like_day\"} 2",
        "horizon_rate_limited_total{kind=\"like\"} 1",
        "horizon_dropped_visits_total{reason=\"network\"} 15",
    ] {
        ensure!(metrics.lines().any(|known| known == line), "no {line} in {metrics}");
    }
    is_alive(&server).await
}
