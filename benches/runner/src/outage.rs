//! How soon readers have a page, and the first numbers of a live stream, while a backend is away.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use horizon_test_support::{ServerOptions, TestCluster, WebServer, http};
use rusqlite::Connection;
use tempfile::TempDir;

use crate::{aim::Aim, text::short};

/// The pages that are asked for.
const PAGES: [&str; 6] = [
    "/",
    "/blog",
    "/blog/hello",
    "/blog/hello?reply=019ab4f0c1d27a3c8e5f6071829304b0",
    "/blog/second",
    "/tags/test",
];

/// The page whose stream is opened.
const STREAM: &str = "/horizon/live/hello";

/// How soon a reader should have the text, where numbers are known, in milliseconds.
const KNOWN: f64 = 100.0;

/// The same where a process knows nothing yet, in milliseconds.
const UNKNOWN: f64 = 1_000.0;

/// A secret of the blog's own, so that a process starts while Redis is away.
const SECRET: (&str, &str) = ("HORIZON_SECRET", "a sentence of at least thirty-two characters");

/// The like of the reader who asks.
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

/// The slowest has to meet the limit; the middle one is said beside it.
fn aim(what: String, mut times: Vec<Duration>) -> Aim {
    times.sort();
    let slowest = times.last().copied().unwrap_or(Duration::MAX);
    let middle = times.get(times.len() / 2).copied().unwrap_or(Duration::MAX);
    let said = format!("the middle of {} is {}", times.len(), short(milliseconds(middle)));
    Aim::at_most(what, milliseconds(slowest), KNOWN, "ms").and(true, &said)
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

/// Takes Redis and SQLite away, and measures `rounds` readers each time.
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

/// The first pages of a process that has just started.
async fn fresh(cluster: &TestCluster, cookie: &str, state: &str) -> anyhow::Result<Aim> {
    let web = cluster.web("fresh", &[SECRET]).await?;
    let mut slowest = Duration::ZERO;
    for path in PAGES {
        slowest = slowest.max(page(web.address(), path, Some(cookie)).await?);
    }
    let what = format!("{state}: slowest first page of a process that knows nothing");
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

/// Likes a post, and returns the cookie of the reader who did.
async fn reader(site: SocketAddr) -> anyhow::Result<String> {
    let (path, id) = LIKE;
    let liked = http::send(site, http::Method::PUT, path, &[("idempotency-key", id)], "").await?;
    let cookie = liked.cookie();
    ensure!(!cookie.is_empty(), "a like got no cookie: {}", liked.text());
    Ok(cookie)
}

/// Asks for each page without a cookie and with one.
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
    let asked = Instant::now();
    let answer = http::send(site, http::Method::GET, path, &headers, "").await?;
    let took = asked.elapsed();
    ensure!(answer.status == 200, "{path} is answered {}", answer.status);
    Ok(took)
}

async fn first_frame(site: SocketAddr) -> anyhow::Result<Duration> {
    let asked = Instant::now();
    let mut stream = http::open_stream(site, STREAM, &[]).await?;
    stream.data_of("live").await?;
    Ok(asked.elapsed())
}
