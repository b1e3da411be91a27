//! Unknown slugs use no memory.

use std::net::SocketAddr;

use anyhow::{Context, ensure};
use horizon_test_support::{DEADLINE, ServerOptions, WebServer};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use crate::is_alive;

/// Requested slugs, all different and unknown.
const SLUGS: u32 = 1_000_000;

/// Connections at the same time.
const CONNECTIONS: u32 = 4;

/// Pipelined requests per connection.
const PIPELINED: u32 = 50;

/// Requested slugs before the memory is measured, so that pools and caches are full.
const WARM_UP: u32 = 20_000;

/// The parts of the slugs after which the memory is measured.
const PARTS: u32 = 4;

/// The maximum growth in kilobytes of the server's memory in the part with the least growth: 3 bytes per slug. It may
/// grow more in another part, because a thread of the server that starts late takes some megabytes once.
const MAX_LEAST_GROWTH: u64 = 768;

/// The maximum growth in kilobytes of the server's memory in all parts. 64 bytes per slug would be five times as
/// much.
const MAX_GROWTH: u64 = 12 * 1024;

/// One in this many requests is for a page, which costs as much as a hundred others.
const PAGES: u32 = 50;

#[tokio::test]
async fn a_million_unknown_slugs_use_no_memory() -> anyhow::Result<()> {
    let options = ServerOptions::default().with("RUST_LOG", "warn");
    // The rate of live streams also applies to unknown pages.
    let options = options.with("HORIZON_RATE_LIVE_STREAMS", "1000000000/1000000000");
    let server = WebServer::start(options).await?;
    ask(server.address(), 0, WARM_UP).await?;
    let mut sizes = vec![server.resident_kilobytes()?];
    for part in 0..PARTS {
        let start = WARM_UP + part * (SLUGS / PARTS);
        ask(server.address(), start, start + SLUGS / PARTS).await?;
        sizes.push(server.resident_kilobytes()?);
    }
    println!("kilobytes before, and after each part of {SLUGS} unknown slugs: {sizes:?}");
    let growth = |sizes: &[u64]| {
        sizes
            .last()
            .zip(sizes.first())
            .map_or(0, |(last, first)| last.saturating_sub(*first))
    };
    let least = sizes.windows(2).map(growth).min().unwrap_or(0);
    ensure!(
        least <= MAX_LEAST_GROWTH,
        "it grew in each part, by at least {least} kB: {sizes:?}"
    );
    ensure!(
        growth(&sizes) <= MAX_GROWTH,
        "it grew by {} kB: {sizes:?}",
        growth(&sizes)
    );
    is_alive(&server).await
}

async fn ask(address: SocketAddr, from: u32, to: u32) -> anyhow::Result<()> {
    let share = (to - from) / CONNECTIONS;
    let askers = (0..CONNECTIONS).map(|asker| ask_on_one(address, from + asker * share, from + (asker + 1) * share));
    futures::future::try_join_all(askers).await.map(drop)
}

async fn ask_on_one(address: SocketAddr, from: u32, to: u32) -> anyhow::Result<()> {
    let mut stream = TcpStream::connect(address).await?;
    for first in (from..to).step_by(PIPELINED as usize) {
        let last = to.min(first + PIPELINED);
        let requests: String = (first..last).map(request).collect();
        stream.write_all(requests.as_bytes()).await?;
        let answered = timeout(DEADLINE, not_founds(&mut stream, last - first));
        answered
            .await
            .context("no answer in time")
            .flatten()
            .with_context(|| format!("slugs {first} to {last}"))?;
    }
    Ok(())
}

fn request(number: u32) -> String {
    let path = match (number.is_multiple_of(PAGES), number % 3) {
        (true, _) => "/blog",
        (_, 0) => "/horizon/live",
        (_, 1) => "/horizon/stats",
        _ => "/horizon/comments",
    };
    format!("GET {path}/unknown-{number} HTTP/1.1\r\nhost: a\r\nuser-agent: Mozilla/5.0\r\n\r\n")
}

/// Reads until this many responses with status 404 have begun, and fails on any other status.
async fn not_founds(stream: &mut TcpStream, mut expected: u32) -> anyhow::Result<()> {
    const STATUS: &[u8] = b"HTTP/1.1 ";
    let mut buffer = Vec::new();
    while expected > 0 {
        ensure!(stream.read_buf(&mut buffer).await? > 0, "the server hung up");
        let mut rest = 0;
        while let Some(place) = buffer[rest..].windows(STATUS.len()).position(|window| window == STATUS) {
            let status = rest + place + STATUS.len();
            let Some(code) = buffer.get(status..status + 3) else {
                break;
            };
            ensure!(code == b"404", "an answer is {}", String::from_utf8_lossy(code));
            expected = expected.checked_sub(1).context("more answers than questions")?;
            rest = status + 3;
        }
        let keep = rest.max(buffer.len().saturating_sub(STATUS.len() + 2));
        buffer.drain(..keep);
    }
    Ok(())
}
