//! The server is killed repeatedly while clients retry: every acknowledged write is stored exactly once.

#![expect(clippy::indexing_slicing, reason = "a missing key fails the test")]

use std::{
    cell::{Cell, RefCell},
    collections::BTreeSet,
    net::SocketAddr,
    rc::Rc,
    time::Duration,
};

use anyhow::{Context, bail, ensure};
use fastrand::Rng;
use futures::future::{join, try_join_all};
use horizon_test_support::{DEADLINE, ServerOptions, WebServer, http, seeded_rng, wait_until};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

/// Clients that write at the same time.
const READERS: u64 = 8;

/// How often the server is killed.
const KILLS: u32 = 10;

/// The time between two attempts.
const RETRY_INTERVAL: Duration = Duration::from_millis(10);

/// The acknowledged writes of all clients, and whether they stop.
#[derive(Default)]
struct Acknowledged {
    likes: Cell<u64>,
    comments: RefCell<BTreeSet<String>>,
    stop: Cell<bool>,
}

impl Acknowledged {
    fn count(&self) -> u64 {
        self.likes.get() + self.comments.borrow().len() as u64
    }
}

#[tokio::test]
async fn acknowledged_writes_are_stored_once_through_ten_kills() -> anyhow::Result<()> {
    let (seed, mut rng) = seeded_rng();
    println!("HORIZON_SEED={seed}");
    let options = ServerOptions::default()
        .with("HORIZON_TRUSTED_PROXIES", "127.0.0.1/32")
        .with("RUST_LOG", "warn");
    let mut server = WebServer::start(options).await?;
    let address = server.address();
    let acknowledged = Rc::new(Acknowledged::default());
    let mut readers = Vec::new();
    for reader in 0..READERS {
        readers.push(write(address, reader, rng.fork(), Rc::clone(&acknowledged)));
    }
    let (written, killed) = join(try_join_all(readers), kill(&mut server, &acknowledged, &mut rng)).await;
    killed?;
    written?;
    compare(address, &acknowledged).await?;

    server.kill().await?;
    server.start_again().await?;
    compare(address, &acknowledged).await.context("after one more kill")?;
    println!(
        "{} likes, {} comments, {KILLS} kills",
        acknowledged.likes.get(),
        acknowledged.comments.borrow().len()
    );
    ensure!(
        !server.log().contains("panicked"),
        "the server panicked:\n{}",
        server.log()
    );
    Ok(())
}

/// Kills and restarts the server at random moments between acknowledgements.
async fn kill(server: &mut WebServer, acknowledged: &Acknowledged, rng: &mut Rng) -> anyhow::Result<()> {
    let killed = async {
        for kill in 0..KILLS {
            let enough = acknowledged.count() + rng.u64(5..80);
            wait_until(
                &format!("{enough} writes are acknowledged before kill {kill}"),
                async || {
                    let count = acknowledged.count();
                    ensure!(count >= enough, "{count} are");
                    Ok(())
                },
            )
            .await?;
            sleep(Duration::from_micros(rng.u64(0..5_000))).await;
            server.kill().await?;
            server.start_again().await?;
        }
        Ok(())
    };
    let killed = killed.await;
    acknowledged.stop.set(true);
    killed
}

/// Likes and comments with new ids, and repeats each request until it is acknowledged.
async fn write(address: SocketAddr, reader: u64, mut rng: Rng, acknowledged: Rc<Acknowledged>) -> anyhow::Result<()> {
    for number in 0_u64.. {
        if acknowledged.stop.get() {
            break;
        }
        let id = format!("{:016x}{:016x}", rng.u64(..), rng.u64(..));
        // A new network per write avoids the rate limits.
        let network = format!("10.{reader}.{}.{}", number / 256 % 256, number % 256);
        let repeats = 1 + u32::from(rng.u64(0..4) == 0);
        if rng.u64(0..2) == 0 {
            for _ in 0..repeats {
                like(address, &id, &network).await?;
            }
            acknowledged.likes.set(acknowledged.likes.get() + 1);
        } else {
            let words = format!("comment {number} of reader {reader}");
            for _ in 0..repeats {
                comment(address, &id, &network, &words).await?;
            }
            acknowledged.comments.borrow_mut().insert(words);
        }
    }
    Ok(())
}

async fn like(address: SocketAddr, id: &str, network: &str) -> anyhow::Result<()> {
    let headers = [("idempotency-key", id), ("x-forwarded-for", network)];
    let answer = send_until_accepted(address, "PUT", "/horizon/likes/hello", &headers, String::new()).await?;
    ensure!(
        answer.status == 200 && answer.json()?["liked"] == true,
        "a like got {} {}",
        answer.status,
        answer.text()
    );
    Ok(())
}

async fn comment(address: SocketAddr, id: &str, network: &str, words: &str) -> anyhow::Result<()> {
    let headers = [
        ("idempotency-key", id),
        ("x-forwarded-for", network),
        ("content-type", "application/json"),
    ];
    let body = json!({ "author": "Reader", "body": words }).to_string();
    let answer = send_until_accepted(address, "POST", "/horizon/comments/hello", &headers, body).await?;
    ensure!(
        answer.status == 201,
        "a comment got {} {}",
        answer.status,
        answer.text()
    );
    Ok(())
}

/// Repeats a request until there is a response with another status than 503.
async fn send_until_accepted(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: String,
) -> anyhow::Result<http::Response> {
    let give_up = Instant::now() + DEADLINE;
    while Instant::now() < give_up {
        match http::send(address, method.parse()?, path, headers, body.clone()).await {
            Ok(answer) if answer.status != 503 => return Ok(answer),
            _ => sleep(RETRY_INTERVAL).await,
        }
    }
    bail!("{method} {path} got no response other than 503 within {DEADLINE:?}")
}

/// Compares the stored data with the acknowledged writes.
async fn compare(address: SocketAddr, acknowledged: &Acknowledged) -> anyhow::Result<()> {
    let stats = http::get(address, "/horizon/stats/hello").await?.json()?;
    ensure!(
        stats["likes"] == acknowledged.likes.get(),
        "{} likes were acknowledged, {stats} are stored",
        acknowledged.likes.get()
    );
    let mut stored = stored_comments(address).await?;
    stored.sort();
    let expected: Vec<String> = acknowledged.comments.borrow().iter().cloned().collect();
    ensure!(stored == expected, "acknowledged {expected:?}\nstored {stored:?}");
    ensure!(
        stats["comments"] == stored.len(),
        "{} comments are stored, the page shows {stats}",
        stored.len()
    );
    Ok(())
}

async fn stored_comments(address: SocketAddr) -> anyhow::Result<Vec<String>> {
    let mut stored = Vec::new();
    let mut path = "/horizon/comments/hello?limit=100".to_owned();
    loop {
        let page = http::get(address, &path).await?.json()?;
        let threads = page["threads"].as_array().context("no threads")?;
        stored.extend(threads.iter().map(|thread| text_of_html(&thread["comment"]["html"])));
        let Some(first) = threads.first().filter(|_| page["has_earlier"] == true) else {
            return Ok(stored);
        };
        let first = first["comment"]["id"].as_str().context("a comment without an id")?;
        path = format!("/horizon/comments/hello?limit=100&before={first}");
    }
}

/// Returns the text of a comment's HTML, which is one paragraph.
fn text_of_html(html: &Value) -> String {
    let html = html.as_str().unwrap_or_default().trim();
    html.trim_start_matches("<p>").trim_end_matches("</p>").to_owned()
}
