//! Response times of pages and of live streams while a backend is unavailable.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use horizon_test_support::{ServerOptions, TestCluster, WebServer, http};
use rusqlite::Connection;
use tempfile::TempDir;

use crate::{aim::Aim, text::short};

/// The requested pages.
const PAGES: [&str; 6] = [
    "/",
    "/blog",
    "/blog/hello",
    "/blog/hello?reply=019ab4f0c1d27a3c8e5f6071829304b0",
    "/blog/second",
    "/tags/test",
];

/// The requested live stream.
const STREAM: &str = "/horizon/live/hello";

/// The longest response time if numbers are known, in milliseconds.
const KNOWN: f64 = 100.0;

/// The longest response time of a new process without known numbers, in milliseconds.
const UNKNOWN: f64 = 1_000.0;

/// The secret of the blog, so that a process starts without Redis.
const SECRET: (&str, &str) = ("HORIZON_SECRET", "a sentence of at least thirty-two characters");

/// The like of the requesting reader.
const LIKE: (&str, &str) = ("/horizon/likes/hello", "019ab4f0c1d27a3c8e5f6071829304a5");

/// Response times.
#[derive(Debug, Default)]
struct Times {
    pages: Vec<Duration>,
    frames: Vec<Duration>,
}

impl Times {
    fn aims(self, state: &str) -> [Aim; 2] {
        [
            aim(format!("{state}: slowest page"), self.pages),
            aim(format!("{state}: slowest first frame of a stream"), self.frames),
        ]
    }
}

/// Returns the target for the slowest response, with the median as a remark.
fn aim(what: String, mut times: Vec<Duration>) -> Aim {
    times.sort();
    let slowest = times.last().copied().unwrap_or(Duration::MAX);
    let middle = times.get(times.len() / 2).copied().unwrap_or(Duration::MAX);
    let remark = format!("the median of {} is {}", times.len(), short(milliseconds(middle)));
    Aim::at_most(what, milliseconds(slowest), KNOWN, "ms").and(true, &remark)
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

/// Makes Redis and SQLite unavailable, with `rounds` readers each time.
pub(crate) async fn measure(rounds: usize) -> anyhow::Result<Vec<Aim>> {
    let mut aims = redis(rounds).await?;
    aims.extend(sqlite(rounds).await?);
    Ok(aims)
}

async fn redis(rounds: usize) -> anyhow::Result<Vec<Aim>> {
    let mut cluster = TestCluster::start().await?;
    let web = cluster.web("web", &[SECRET]).await?;
    let cookie = reader(web.address()).await?;
    let mut aims = Vec::new();
    aims.extend(times(web.address(), &cookie, rounds).await?.aims("Redis up"));
    cluster.redis.pause().await?;
    aims.extend(times(web.address(), &cookie, rounds).await?.aims("Redis stopped"));
    aims.push(fresh(&cluster, &cookie, "Redis stopped").await?);
    cluster.redis.resume().await?;
    cluster.redis.kill().await?;
    aims.extend(times(web.address(), &cookie, rounds).await?.aims("Redis gone"));
    aims.push(fresh(&cluster, &cookie, "Redis gone").await?);
    Ok(aims)
}

/// Measures the first pages of a new process.
async fn fresh(cluster: &TestCluster, cookie: &str, state: &str) -> anyhow::Result<Aim> {
    let web = cluster.web("fresh", &[SECRET]).await?;
    let mut slowest = Duration::ZERO;
    for path in PAGES {
        slowest = slowest.max(page(web.address(), path, Some(cookie)).await?);
    }
    let what = format!("{state}: slowest first page of a new process");
    Ok(Aim::at_most(what, milliseconds(slowest), UNKNOWN, "ms"))
}

async fn sqlite(rounds: usize) -> anyhow::Result<Vec<Aim>> {
    let folder = TempDir::new().context("no temporary folder for the database")?;
    let file = folder.path().join("numbers.db");
    let store = format!("sqlite:{}", file.display());
    let server = WebServer::start(ServerOptions::default().with("HORIZON_STORE", &store)).await?;
    let cookie = reader(server.address()).await?;
    let mut aims = Vec::new();
    aims.extend(times(server.address(), &cookie, rounds).await?.aims("SQLite"));
    let lock = Connection::open(&file)?;
    lock.execute_batch("BEGIN EXCLUSIVE")?;
    aims.extend(times(server.address(), &cookie, rounds).await?.aims("SQLite locked"));
    Ok(aims)
}

/// Likes a post, and returns the cookie of the reader.
async fn reader(site: SocketAddr) -> anyhow::Result<String> {
    let (path, id) = LIKE;
    let liked = http::send(site, http::Method::PUT, path, &[("idempotency-key", id)], "").await?;
    let cookie = liked.cookie();
    ensure!(!cookie.is_empty(), "a like set no cookie: {}", liked.text());
    Ok(cookie)
}

/// Requests each page without a cookie and with one.
async fn times(site: SocketAddr, cookie: &str, rounds: usize) -> anyhow::Result<Times> {
    let mut times = Times::default();
    for _ in 0..rounds {
        for path in PAGES {
            times.pages.push(page(site, path, None).await?);
            times.pages.push(page(site, path, Some(cookie)).await?);
        }
        times.frames.push(first_frame(site).await?);
    }
    Ok(times)
}

async fn page(site: SocketAddr, path: &str, cookie: Option<&str>) -> anyhow::Result<Duration> {
    let headers: Vec<_> = cookie.map(|cookie| ("cookie", cookie)).into_iter().collect();
    let start = Instant::now();
    let answer = http::send(site, http::Method::GET, path, &headers, "").await?;
    let time = start.elapsed();
    ensure!(answer.status == 200, "{path} returns {}", answer.status);
    Ok(time)
}

async fn first_frame(site: SocketAddr) -> anyhow::Result<Duration> {
    let start = Instant::now();
    let mut stream = http::open_stream(site, STREAM, &[]).await?;
    stream.data_of("live").await?;
    Ok(start.elapsed())
}
